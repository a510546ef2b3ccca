#!/usr/bin/env python3
"""The judge sees each kind of wrong: a run that can only be found good proves nothing."""

import sys
import unittest

sys.dont_write_bytecode = True
import oracle  # noqa: E402  # behind the line that keeps the tree clean

PHONE, TEXTS = 999200000000, 4
VALUES = {100 + number: 5000 for number in range(TEXTS)}
CONFIRMED = "8F3K2Q Confirmed. 50.00 USD added. Balance 50.00 USD, valid to 31 Dec 2026."
REFUSED = "8F3K2R That PIN is not valid."


def journal():
    """Four phones, a card each; each is acknowledged and told of its credit."""
    for number in range(TEXTS):
        at, phone = 1000 * number, str(PHONE + number)
        yield {"at_ms": at, "what": "card", "from": phone, "serial": str(100 + number)}
        yield {"at_ms": at, "what": "deliver_sm", "text": number + 1, "from": phone, "attempt": 1}
        yield {"at_ms": at + 1, "what": "deliver_sm_resp", "text": number + 1, "status": "ESME_ROK", "again": False}
        yield reply(phone, at + 2)


def reply(phone, at, text=CONFIRMED):
    return {"at_ms": at, "what": "submit_sm", "to": str(phone), "text": text}


def fault(at, lasts=0, on_their_way=1):
    return {"at_ms": at, "what": "fault", "is": "kill", "lasts_ms": lasts, "on_their_way": on_their_way}


def books():
    return ({100 + number: [(PHONE + number, 5000)] for number in range(TEXTS)},
            {PHONE + number: 5000 for number in range(TEXTS)})


def verdict(entries):
    return oracle.judge(oracle.Journal(entries), VALUES)


def without(phone, what):
    """The journal, but nothing of this kind to or from that phone."""
    return [each for each in journal() if not (each["what"] == what and str(phone) in (each.get("to"), each.get("from")))]


class Judge(unittest.TestCase):
    def test_finds_nothing_where_nothing_is_wrong(self):
        self.assertTrue(verdict(journal()).is_clean())
        self.assertEqual(verdict(journal()).confirmed, TEXTS)

    def test_sees_a_card_whose_text_was_acknowledged_and_of_which_nobody_was_told(self):
        self.assertEqual(verdict(without(PHONE + 1, "submit_sm")).lost, [101])

    def test_sees_one_whose_sender_was_told_that_it_is_not_valid(self):
        refused = without(PHONE + 1, "submit_sm") + [reply(PHONE + 1, 1002, REFUSED)]
        self.assertEqual(verdict(refused).lost, [101])

    def test_takes_it_that_of_two_phones_with_one_card_one_is_refused(self):
        two = list(journal())[:-4] + [{**each, "serial": "102"} if each["what"] == "card" else each for each in list(journal())[-4:-1]]
        self.assertTrue(verdict(two + [reply(PHONE + 3, 3002, REFUSED)]).is_clean())

    def test_sees_two_phones_that_were_told_of_credit_for_one_card(self):
        two = [{**each, "serial": "102"} if each.get("serial") == "103" else each for each in journal()]
        self.assertEqual(verdict(two).twice, [102])

    def test_sees_a_balance_of_two_credits(self):
        rich = without(PHONE + 2, "submit_sm") + [reply(PHONE + 2, 2002, CONFIRMED.replace("Balance 50", "Balance 100"))]
        self.assertEqual(verdict(rich).twice, [102])

    def test_sees_another_sum_than_the_card_s(self):
        rich = without(PHONE + 2, "submit_sm") + [reply(PHONE + 2, 2002, CONFIRMED.replace("50.00", "60.00"))]
        self.assertEqual(verdict(rich).twice, [102])

    def test_sees_a_text_that_was_never_acknowledged(self):
        silent = [each for each in journal() if each["what"] != "deliver_sm_resp" or each["text"] != 1]
        self.assertEqual(verdict(silent).unanswered, [PHONE])

    def test_sees_a_text_of_which_a_part_was_never_acknowledged(self):
        part = {"at_ms": 0, "what": "deliver_sm", "text": 9, "from": str(PHONE), "attempt": 1}
        self.assertEqual(verdict([*journal(), part]).unanswered, [PHONE])

    def test_sees_a_text_that_never_left(self):
        self.assertEqual(verdict([{"at_ms": 0, "what": "card", "from": "7", "serial": "100"}, *journal()]).unanswered, [7])

    def test_sees_a_phone_without_a_reply(self):
        self.assertEqual(verdict(without(PHONE, "submit_sm")).unanswered, [PHONE])

    def test_sees_two_different_answers_to_one_text(self):
        self.assertEqual(verdict([*journal(), reply(PHONE, 5, REFUSED)]).contradicted, [PHONE])


class Again(unittest.TestCase):
    def test_nothing_comes_again_without_a_fault(self):
        self.assertEqual(verdict([*journal(), reply(PHONE, 5000)]).unexplained, [5000])

    def test_nor_before_one(self):
        self.assertEqual(verdict([*journal(), reply(PHONE, 5000), fault(5001)]).unexplained, [5000])

    def test_behind_a_fault_as_much_as_was_on_its_way(self):
        again = [reply(PHONE, 5001), reply(PHONE + 1, 5002), reply(PHONE + 2, 5003)]
        two = verdict([*journal(), fault(5000, on_their_way=2), *again])
        self.assertEqual(two.unexplained, [5003])
        self.assertEqual(two.again, 3)

    def test_until_the_fault_has_ended_and_its_leases_have_lapsed(self):
        last = 5000 + 2000 + oracle.REACH_MS
        self.assertEqual(verdict([*journal(), fault(5000, lasts=2000), reply(PHONE, last)]).unexplained, [])
        self.assertEqual(verdict([*journal(), fault(5000, lasts=2000), reply(PHONE, last + 1)]).unexplained, [last + 1])

    def test_what_lapses_first_is_used_first(self):
        entries = [*journal(), fault(5000, lasts=9000), fault(6000), reply(PHONE, 7000), reply(PHONE, 20_000)]
        self.assertEqual(verdict(entries).unexplained, [])


class Books(unittest.TestCase):
    def second_opinion(self, by_serial, balances, entries=None):
        read = oracle.Journal(entries or journal())
        return oracle.compare_books(oracle.judge(read, VALUES), read, VALUES, by_serial, balances)

    def test_agree_where_nothing_is_wrong(self):
        self.assertTrue(self.second_opinion(*books()).is_clean())

    def test_show_a_credit_that_was_lost(self):
        by_serial, balances = books()
        del by_serial[101], balances[PHONE + 1]
        self.assertEqual(self.second_opinion(by_serial, balances).lost, [101])

    def test_show_one_that_a_phone_was_told_of_and_that_was_lost_before_it_was_acknowledged(self):
        by_serial, balances = books()
        del by_serial[101], balances[PHONE + 1]
        told = [each for each in journal() if each["what"] != "deliver_sm_resp" or each["text"] != 2]
        self.assertEqual(self.second_opinion(by_serial, balances, told).lost, [101])

    def test_show_a_card_credited_twice(self):
        by_serial, balances = books()
        by_serial[102] *= 2
        balances[PHONE + 2] *= 2
        self.assertEqual(self.second_opinion(by_serial, balances).twice, [102])

    def test_show_a_card_credited_to_somebody_else(self):
        by_serial, balances = books()
        by_serial[102] = [(PHONE + 3, 5000)]
        self.assertIn(102, self.second_opinion(by_serial, balances).twice)

    def test_show_a_credit_that_nobody_had_asked_for(self):
        by_serial, balances = books()
        by_serial[999] = [(PHONE + 3, 5000)]
        self.assertEqual(self.second_opinion(by_serial, balances).twice, [999])

    def test_show_a_balance_that_no_credit_explains(self):
        by_serial, balances = books()
        balances[PHONE + 3] += 1
        self.assertEqual(self.second_opinion(by_serial, balances).twice, [103])

    def test_show_a_balance_of_somebody_who_had_sent_nothing(self):
        by_serial, balances = books()
        balances[7] = 5000
        self.assertEqual(self.second_opinion(by_serial, balances).twice, [7])


if __name__ == "__main__":
    unittest.main()
