"""What a request leaves out of somebody's words is named before anybody grants it; what it says in
other words is not.
"""

from __future__ import annotations

from datetime import date

import pytest

from tests.assistant.conftest import Talk, text
from tests.billing.papers import issued
from tests.people import Person
from voyagent.assistant.planner.unheard import left_out

TODAY = date(2026, 11, 24)
TICKETS = "The tickets are paid and issued once approved."
PAID = (
    "INR 10,000.00 in cash on 20 Nov 2026 for 2026-27/000058 of Zachariah Kurian, open INR"
    " 45,000.00. 10000 INR cash 2026-11-20"
)


@pytest.mark.parametrize(
    ("message", "heard", "left"),
    [
        ("issue the tickets if it is below 15,000", TICKETS, ["if it is below 15,000"]),
        ("issue the tickets tomorrow", TICKETS, ["tomorrow"]),
        ("issue the ticket of Anil Kumar only", TICKETS, ["of Anil Kumar only"]),
        ("issue the tickets", TICKETS, []),
        ("Zachariah Kurian paid 10,000 cash, 20 November, for invoice 58", PAID, []),
        (
            "Zachariah Kurian paid 10,000 cash on 20/11/2026 but 2,000 is for Meera",
            PAID,
            ["but 2,000 is for Meera"],
        ),
        ("please record 10,000 from Zachariah Kurian, UPI", PAID, []),
        (
            "book number 2 from 15 January, 2 rooms, with airport pickup",
            "Quay, 14 Jan 2027, 2",
            ["from 15 January", "rooms", "with airport pickup"],
        ),
        (
            "invoice Deepa Krishnan 6,000 for visa, but only after Ravi agrees",
            "Deepa Krishnan 6000 Visa, INR 6,000.00",
            ["but only after Ravi agrees"],
        ),
        ("hold the cheapest for Asha Nair", "fare", ["for Asha Nair"]),
        (
            "debit salaries 1.2 lakh, credit bank",
            "Debit 5100 Salaries, credit 1100 Bank, INR 1,20,000.00",
            [],
        ),
        (
            "transfer in Dubai on 10 January at 3 pm for 2 people from DXB to Deira",
            "DXB – Deira, 10 Jan 2027 15:00 2027-01-10 3 pm",
            ["in Dubai", "for 2 people"],
        ),
    ],
)
def test_what_is_left_out(message: str, heard: str, left: list[str]) -> None:
    assert left_out(message, heard, TODAY) == left


def test_who_was_looked_up_is_heard() -> None:
    assert left_out("hold the cheapest for Asha Nair", "fare", TODAY, named="Asha Nair") == []


def test_it_is_said_with_the_request(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    told = text(
        talk.say(alice, session_id, "Zachariah Kurian paid 500 in cash, but only if Meera agrees")
    )
    assert "I have made nothing of “but only if Meera agrees”." in told
    assert len(talk.pending(alice, session_id)) == 1
    plain = text(
        talk.say(alice, session_id, "Zachariah Kurian paid 700 yesterday by upi, ref 8123")
    )
    assert "I have made nothing of" not in plain


def test_a_number_with_letters_before_it_is_one() -> None:
    heard = "TM-8841 of Taj Resort, INR 42,000.00, 2026-27/000047 8841 42000"
    assert (
        left_out("bill from Taj Resort, TM-8841, 42,000, invoice 2026-27/000047", heard, TODAY)
        == []
    )
