"""What was promised, by the SMSC's journal and the cards' file alone, against what the surviving database holds."""

import subprocess
from collections import defaultdict
from dataclasses import dataclass, field

from gateway import FIRST_PHONE, is_acknowledged


@dataclass
class Verdict:
    texts: int = 0
    acknowledged: int = 0
    confirmed: int = 0    # phones that were told of credit
    lost: list = field(default_factory=list)         # serials: acknowledged or told, and not credited
    twice: list = field(default_factory=list)        # serials: credited more than once, or to somebody else
    unanswered: list = field(default_factory=list)   # serials: no acknowledgement, or no reply on the phone
    contradicted: list = field(default_factory=list)  # phones that got two different answers to one text
    again: int = 0        # confirmations that came more than once

    def is_clean(self):
        return not (self.lost or self.twice or self.unanswered or self.contradicted)


def credits(environment):
    """serial -> phones credited with its value; and what stands on the accounts."""
    def rows(query):
        done = subprocess.run(["psql", "-XqtA", "-F", " ", "-v", "ON_ERROR_STOP=1", "topup", "-c", query],
                              env=environment, capture_output=True, text=True, check=True)
        return [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    by_serial = defaultdict(list)
    for serial, phone, amount in rows("select serial, credit, amount_minor from topup.transfer where kind = 'topup'"):
        by_serial[serial].append((phone, amount))
    return by_serial, dict(rows("select msisdn, balance_minor from topup.account"))


def judge(entries, cards, sent, environment):
    return compare(entries, cards, sent, *credits(environment))


def compare(entries, cards, sent, by_serial, balances):
    """The first `sent` cards were sent, in order, each from a phone of its own."""
    acknowledged, replies = set(), defaultdict(list)
    for entry in entries:
        if is_acknowledged(entry):
            acknowledged.add(entry["text"] - 1)  # texts are numbered from 1, as they were sent
        elif entry["what"] == "submit_sm":
            replies[int(entry["to"])].append(entry["text"])
    verdict = Verdict(texts=sent, acknowledged=len(acknowledged))
    for number in range(sent):
        serial, phone = int(cards[number]["serial"]), FIRST_PHONE + number
        value = round(float(cards[number]["value"]) * 100)
        told = any("Confirmed" in text for text in replies[phone])
        verdict.confirmed += told
        found, balance = by_serial.pop(serial, []), balances.pop(phone, 0)
        if (number in acknowledged or told) and (phone, value) not in found:
            verdict.lost.append(serial)
        if len(found) > 1 or any(one != (phone, value) for one in found) or balance != value * len(found):
            verdict.twice.append(serial)
        if number not in acknowledged or not replies[phone]:
            verdict.unanswered.append(serial)
        if len(set(replies[phone])) > 1:
            verdict.contradicted.append(phone)
        verdict.again += max(0, len(replies[phone]) - 1)
    verdict.twice += list(by_serial)        # credited, and nobody had sent it
    verdict.twice += list(balances)         # a balance of somebody who had sent nothing
    return verdict
