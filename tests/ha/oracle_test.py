#!/usr/bin/env python3
"""The judge sees each kind of wrong: a failover that can only be found good proves nothing."""

import sys
import unittest

sys.dont_write_bytecode = True
import oracle  # noqa: E402  # behind the line that keeps the tree clean

PHONE, TEXTS = oracle.FIRST_PHONE, 4
CARDS = [{"serial": str(100 + number), "value": "50.00"} for number in range(TEXTS)]


def journal():
    for number in range(TEXTS):
        yield {"what": "deliver_sm_resp", "text": number + 1, "status": "ESME_ROK"}
        yield {"what": "submit_sm", "to": str(PHONE + number), "text": "8F3K2Q Confirmed. 50.00 USD added."}


def books():
    return ({100 + number: [(PHONE + number, 5000)] for number in range(TEXTS)},
            {PHONE + number: 5000 for number in range(TEXTS)})


def verdict(entries, found):
    return oracle.compare(entries, CARDS, TEXTS, *found)


class Judge(unittest.TestCase):
    def test_finds_nothing_where_nothing_is_wrong(self):
        self.assertTrue(verdict(journal(), books()).is_clean())

    def test_sees_a_credit_that_was_lost(self):
        by_serial, balances = books()
        del by_serial[101], balances[PHONE + 1]
        self.assertEqual(verdict(journal(), (by_serial, balances)).lost, [101])

    def test_sees_one_that_a_phone_was_told_of_and_that_was_lost_before_it_was_acknowledged(self):
        by_serial, balances = books()
        del by_serial[101], balances[PHONE + 1]
        told = [entry for entry in journal() if entry.get("text") != 2]
        self.assertEqual(verdict(told, (by_serial, balances)).lost, [101])

    def test_sees_a_card_credited_twice(self):
        by_serial, balances = books()
        by_serial[102] *= 2
        balances[PHONE + 2] *= 2
        self.assertEqual(verdict(journal(), (by_serial, balances)).twice, [102])

    def test_sees_a_card_credited_to_somebody_else(self):
        by_serial, balances = books()
        by_serial[102] = [(PHONE + 3, 5000)]
        self.assertIn(102, verdict(journal(), (by_serial, balances)).twice)

    def test_sees_a_credit_that_nobody_had_asked_for(self):
        by_serial, balances = books()
        by_serial[999] = [(PHONE + 3, 5000)]
        self.assertEqual(verdict(journal(), (by_serial, balances)).twice, [999])

    def test_sees_a_balance_that_no_credit_explains(self):
        by_serial, balances = books()
        balances[PHONE + 3] += 1
        self.assertEqual(verdict(journal(), (by_serial, balances)).twice, [103])

    def test_sees_a_balance_of_somebody_who_had_sent_nothing(self):
        by_serial, balances = books()
        balances[7] = 5000
        self.assertEqual(verdict(journal(), (by_serial, balances)).twice, [7])

    def test_sees_a_text_that_was_never_acknowledged(self):
        silent = [entry for entry in journal() if entry.get("text") != 1]
        self.assertEqual(verdict(silent, books()).unanswered, [100])

    def test_sees_a_phone_without_a_reply(self):
        silent = [entry for entry in journal() if entry.get("to") != str(PHONE)]
        self.assertEqual(verdict(silent, books()).unanswered, [100])

    def test_counts_a_confirmation_that_came_again_and_holds_it_against_nobody(self):
        again = list(journal()) + list(journal())[1:2]
        self.assertEqual(verdict(again, books()).again, 1)
        self.assertTrue(verdict(again, books()).is_clean())

    def test_sees_two_different_answers_to_one_text(self):
        other = list(journal()) + [{"what": "submit_sm", "to": str(PHONE), "text": "That PIN is not valid."}]
        self.assertEqual(verdict(other, books()).contradicted, [PHONE])


if __name__ == "__main__":
    unittest.main()
