#!/usr/bin/env python3
"""Judges a run by the SMSC's journal and the cards' file alone; of failovers and of chaos.

  oracle.py JOURNAL CARDS    exit status 0: nothing lost, nothing twice, nobody unanswered, nothing said again without cause

Each phone sends one text, with one card's PIN; a card may be sent by several phones. The books, when they are opened, come
afterwards, as a second opinion (compare_books).

A reply may come again only where it was on its way when something broke. So each fault permits as many to come again as
could be on their way through what it broke; a permit lapses REACH_MS after the fault has ended (a lease, and somebody who
claims the reply); each reply that comes again takes the permit that lapses first; and one that finds none is unexplained.
Without a fault, then, none may, and in any time no more than the faults in reach of it permit.
"""

import csv
import heapq
import json
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field

REACH_MS = 10_000
CREDIT = re.compile(r"Confirmed\. (\d+\.\d\d) [A-Z]{3} added\. Balance (\d+\.\d\d) ")


@dataclass
class Verdict:
    texts: int = 0        # phones that sent one, in parts or whole
    cards: int = 0
    acknowledged: int = 0
    confirmed: int = 0    # phones that were told of credit
    faults: int = 0
    lost: list = field(default_factory=list)         # serials: acknowledged, and nobody told; or told, and not credited
    twice: list = field(default_factory=list)        # serials: credited more than once, or to somebody else
    unanswered: list = field(default_factory=list)   # phones: no acknowledgement, or no reply
    contradicted: list = field(default_factory=list)  # phones that got two different answers to one text
    unexplained: list = field(default_factory=list)  # moments (ms) at which a reply came again for no reason
    again: int = 0        # replies that came more than once

    def is_clean(self):
        return not any(getattr(self, what) for what in WRONGS)


WRONGS = ("lost", "twice", "unanswered", "contradicted", "unexplained")


class Journal:
    def __init__(self, entries):
        self.serial_of = {}               # of a phone: the card in its text
        self.parts = defaultdict(set)     # of a phone: what it sent, by the SMSC's numbers
        self.acknowledged = set()         # by the SMSC's numbers
        self.replies = defaultdict(list)  # of a phone: (when, what)
        self.faults = []                  # (when, when it is out of reach, replies on their way)
        for entry in entries:
            what = entry["what"]
            if what == "deliver_sm":
                self.parts[int(entry["from"])].add(entry["text"])
            elif is_acknowledged(entry):
                self.acknowledged.add(entry["text"])
            elif what == "submit_sm":
                self.replies[int(entry["to"])].append((entry["at_ms"], entry["text"]))
            elif what == "card":
                self.serial_of[int(entry["from"])] = int(entry["serial"])
            elif what == "fault":
                end = entry["at_ms"] + entry["lasts_ms"] + REACH_MS
                self.faults.append((entry["at_ms"], end, entry["on_their_way"]))

    def is_taken(self, phone):
        return bool(self.parts[phone]) and self.parts[phone] <= self.acknowledged

    def answers(self, phone):
        return {text for _, text in self.replies[phone]}

    def is_told(self, phone):
        return any("Confirmed" in text for text in self.answers(phone))

    def again(self):
        """When a phone heard what it had heard before."""
        return sorted(at for told in self.replies.values() for at, _ in told[1:])


def is_acknowledged(entry):
    return entry["what"] == "deliver_sm_resp" and entry["status"] == "ESME_ROK"


def unexplained(again, faults):
    """Of these moments, those at which no fault permitted it any more."""
    coming, open_permits, wrong = sorted(faults), [], []
    for at in again:
        while coming and coming[0][0] <= at:
            _, until, permits = coming.pop(0)
            heapq.heappush(open_permits, [until, permits])
        while open_permits and (open_permits[0][0] < at or open_permits[0][1] == 0):
            heapq.heappop(open_permits)
        if open_permits:
            open_permits[0][1] -= 1
        else:
            wrong.append(at)
    return wrong


def judge(journal, value_of):
    """value_of: of a serial, in minor units."""
    verdict = Verdict(texts=len(journal.serial_of), faults=len(journal.faults))
    senders = defaultdict(list)
    for phone, serial in journal.serial_of.items():
        senders[serial].append(phone)
        verdict.acknowledged += journal.is_taken(phone)
        if not journal.is_taken(phone) or not journal.replies[phone]:
            verdict.unanswered.append(phone)
        if len(journal.answers(phone)) > 1:
            verdict.contradicted.append(phone)
    verdict.cards = len(senders)
    for serial, phones in senders.items():
        told = [phone for phone in phones if journal.is_told(phone)]
        verdict.confirmed += len(told)
        if not told and any(map(journal.is_taken, phones)):
            verdict.lost.append(serial)
        # Each account has this one credit, so the balance in the confirmation shows a second one.
        if len(told) > 1 or any(sums(text) != {value_of[serial]} for phone in told for text in journal.answers(phone)):
            verdict.twice.append(serial)
    again = journal.again()
    verdict.again = len(again)
    verdict.unexplained = unexplained(again, journal.faults)
    return verdict


def sums(confirmation):
    """What was added and what stands on the account then, in minor units: one number when they agree."""
    found = CREDIT.search(confirmation)
    return {minor(each) for each in found.groups()} if found else set()


def minor(amount):
    return round(float(amount) * 100)


def values(cards):
    return {int(card["serial"]): minor(card["value"]) for card in cards}


def compare_books(verdict, journal, value_of, by_serial, balances):
    """The second opinion: what the surviving database holds."""
    for phone, serial in journal.serial_of.items():
        found, balance = by_serial.get(serial, []), balances.pop(phone, 0)
        mine = [one for one in found if one == (phone, value_of[serial])]
        if journal.is_told(phone) and not mine or journal.is_taken(phone) and not found:
            verdict.lost.append(serial)
        if len(found) > 1 or balance != value_of[serial] * len(mine):
            verdict.twice.append(serial)
    known = defaultdict(set)
    for phone, serial in journal.serial_of.items():
        known[serial].add(phone)
    # Credited to somebody who had not sent it; and a balance of somebody who had sent nothing.
    verdict.twice += [serial for serial, found in by_serial.items() if any(phone not in known[serial] for phone, _ in found)]
    verdict.twice += list(balances)
    for what in ("lost", "twice"):
        setattr(verdict, what, sorted(set(getattr(verdict, what))))
    return verdict


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


def main(words):
    if len(words) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(words[0], encoding="utf-8") as file:
        journal = Journal(map(json.loads, file))
    with open(words[1], newline="", encoding="utf-8") as file:
        verdict = judge(journal, values(csv.DictReader(file)))
    print(f"{verdict.faults} faults, {verdict.texts} texts, {verdict.cards} cards, {verdict.again} replies came again: "
          + ", ".join(f"{len(getattr(verdict, what))} {what}" for what in WRONGS)
          + "".join(f"; {what}: {' '.join(map(str, getattr(verdict, what)[:5]))}" for what in WRONGS if getattr(verdict, what)))
    return 0 if verdict.is_clean() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
