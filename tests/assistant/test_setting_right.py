"""A correction while a question of ours is open sets right what the question is about; what waits,
or was shown before it, stays as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.assistant.conftest import Talk, text
from tests.assistant.phrasings import DEEPA, PLAIN
from tests.assistant.test_corrections import BILLED, FLOWN, PAYING, SLEPT, WAITING
from tests.billing.papers import issued
from tests.people import Person
from voyagent.assistant.moves import Ask, Call, Context, EnquiryInView, Move, Say
from voyagent.assistant.planner.builtin import understand
from voyagent.kernel.text.people import find_party, find_travellers

NEAR = {
    "harbindar gil": {"is_known": False, "near": ["Harbinder Singh Gill"]},
    "emirats": {"is_known": False, "near": ["Emirates"]},
}
ASKING = {
    "whose invoice": "draft an invoice for Harbindar Gil, hotel in Dubai 45,000",
    "whose receipt": "record a payment of 45,000 from Harbindar Gil",
    "whose bill": "enter a bill from Emirats, EK-77, 45,000 for Dubai visa",
    "what for": "invoice Deepa Krishnan 45,000",
    "who paid": "record a payment of 45,000",
    "which number": "enter a bill from Emirates, 45,000 for Dubai visa",
    "which account": "journal entry: debit bank 45,000",
}
OLDER = {"receipt": PAYING, "bill": BILLED, "draft": WAITING, "fares": FLOWN, "rates": SLEPT}


def asked(first: str, older: Context = PLAIN) -> tuple[Ask, Context]:
    context = replace(older, names=NEAR)
    move = understand(ASKING[first], context)
    assert isinstance(move, Ask), move
    return move, replace(context, question=move)


def amount_of(known: dict[str, Any]) -> str:
    lines = known.get("line_items")
    return str(lines[0]["unit_price"] if lines else known["amount"])


@pytest.mark.parametrize(
    "said",
    [
        "no, make it 54,000",
        "make it 54,000",
        "no, 54,000",
        "change the amount to 54,000",
        "sorry, 54,000",
    ],
)
@pytest.mark.parametrize("first", ASKING)
@pytest.mark.parametrize("older", OLDER)
def test_the_amount_of_what_is_asked_about_is_set_right_whatever_waits(
    first: str, older: str, said: str
) -> None:
    question, context = asked(first, OLDER[older])
    move = understand(said, context)
    assert isinstance(move, Ask), move
    assert (move.tool, move.missing, amount_of(move.known)) == (
        question.tool,
        question.missing,
        "54000",
    )
    assert move.text.startswith("Noted: ")
    assert "54,000" in move.text
    rest = {
        name: value
        for name, value in question.known.items()
        if name not in ("amount", "line_items")
    }
    assert {name: move.known[name] for name in rest} == rest


@pytest.mark.parametrize(
    ("first", "said", "known", "noted"),
    [
        ("whose invoice", "no, due 10 Dec", {"due_date": "2026-12-10"}, "10 Dec 2026"),
        ("whose receipt", "no, yesterday", {"paid_on": "2026-11-23"}, "23 Nov 2026"),
        ("whose receipt", "no, in cash", {"account": "cash"}, "in cash"),
        ("whose bill", "no, due 10 Dec", {"due_date": "2026-12-10"}, "10 Dec 2026"),
        ("which number", "no, for two tickets", {"description": "Two tickets"}, "Two tickets"),
        (
            "who paid",
            "no, AED 500 yesterday",
            {"amount": "500", "currency": "AED", "paid_on": "2026-11-23"},
            "23 Nov 2026, AED 500.00",
        ),
        ("which account", "no, yesterday", {"entry_date": "2026-11-23"}, "23 Nov 2026"),
    ],
)
def test_days_accounts_and_purposes_are_set_right_too(
    first: str, said: str, known: dict[str, Any], noted: str
) -> None:
    question, context = asked(first, PAYING)
    move = understand(said, context)
    assert isinstance(move, Ask), move
    assert {name: move.known[name] for name in known} == known
    assert (move.missing, move.text.split(". ")[0]) == (question.missing, f"Noted: {noted}")


def test_what_is_sold_is_set_right_and_the_name_asked_for_again() -> None:
    _question, context = asked("whose invoice", PAYING)
    move = understand("no, Bali visa", context)
    assert isinstance(move, Ask), move
    assert move.known["line_items"][0]["description"] == "Bali visa"
    named = understand("no, for Meera Nair", replace(context, question=move))
    assert isinstance(named, Call), named
    assert (named.tool, named.arguments["customer_name"], named.replaces) == (
        "draft_invoice",
        "Meera Nair",
        "",
    )
    assert named.arguments["line_items"][0]["description"] == "Bali visa"


def test_what_is_missing_is_answered_by_a_correction() -> None:
    question = understand("record a payment from Deepa Krishnan", PAYING)
    assert isinstance(question, Ask), question
    move = understand("no, make it 54,000", replace(PAYING, question=question))
    assert isinstance(move, Call), move
    assert (move.tool, move.replaces) == ("find_invoices", "")


@pytest.mark.parametrize(
    "said", ["no, yesterday", "make it 3 adults", "no, from Mumbai", "make it cash"]
)
@pytest.mark.parametrize("older", OLDER)
def test_a_correction_that_fits_not_is_asked_about_and_reaches_nothing_older(
    older: str, said: str
) -> None:
    question, context = asked("whose invoice", OLDER[older])
    move = understand(said, context)
    assert isinstance(move, Ask), move
    assert (move.missing, move.known, move.again) == (question.missing, question.known, 1)


def test_a_search_that_is_asked_about_leaves_what_waits_alone() -> None:
    question = understand("flights to Dubai 12 Dec", PAYING)
    assert isinstance(question, Ask), question
    move: Move = understand("no, make it 54,000", replace(PAYING, question=question))
    assert isinstance(move, Ask), move
    assert move.known == question.known


def test_the_receipt_that_waits_stays_and_the_invoice_gets_its_amount(
    alice: Person, talk: Talk
) -> None:
    issued(alice, customer_name="Harbinder Singh Gill")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Harbinder Singh Gill paid 1,000 today")
    (receipt,) = talk.pending(alice, session_id)
    assert "Did you mean Harbinder Singh Gill" in text(
        talk.say(
            alice, session_id, "draft an invoice for Harbindar Sing Gil, hotel in Dubai 45,000"
        )
    )
    told = text(talk.say(alice, session_id, "no, make it 54,000"))
    assert "Noted: INR 54,000.00. Did you mean Harbinder Singh Gill" in told
    assert [row["approval_id"] for row in talk.pending(alice, session_id)] == [
        receipt["approval_id"]
    ]
    talk.say(alice, session_id, "yes")
    waiting = {row["approval_id"]: row["summary"] for row in talk.pending(alice, session_id)}
    assert len(waiting) == 2
    assert receipt["approval_id"] in waiting
    (draft,) = (summary for key, summary in waiting.items() if key != receipt["approval_id"])
    assert "54,000" in draft
    assert "Harbinder Singh Gill" in draft


WRITING_OFF = "write off 2000 for Zachariah Kurian"
POSTING = "journal entry: debit rent 40k credit bank"


@pytest.mark.parametrize(
    ("first", "said", "known"),
    [
        (WRITING_OFF, "no, for Mohammed Ashraf", {"customer_name": "Mohammed Ashraf"}),
        (WRITING_OFF, "actually no, 3,000", {"amount": "3000"}),
        (POSTING, "no, from cash", {"credit": "cash"}),
        (POSTING, "no, debit travel expenses", {"debit": "travel expenses"}),
        (POSTING, "sorry, actually 42,000", {"amount": "42000"}),
    ],
)
def test_a_correction_is_no_reason_and_no_narration(
    first: str, said: str, known: dict[str, Any]
) -> None:
    question = understand(first, PLAIN)
    assert isinstance(question, Ask), question
    move = understand(said, replace(PLAIN, question=question))
    assert isinstance(move, Ask), move
    assert (move.missing, {name: move.known[name] for name in known}) == (question.missing, known)
    assert move.text.startswith("Noted: ")


@pytest.mark.parametrize(
    ("first", "said"), [(WRITING_OFF, "no, whatever you like"), (POSTING, "no, that is wrong")]
)
def test_a_correction_of_nothing_is_no_reason_either(first: str, said: str) -> None:
    question = understand(first, PLAIN)
    assert isinstance(question, Ask), question
    move = understand(said, replace(PLAIN, question=question))
    assert isinstance(move, Ask), move
    assert (move.known, move.again) == (question.known, 1)


@pytest.mark.parametrize(
    ("first", "said", "tool"),
    [
        (WRITING_OFF, "no, because he left", "find_invoices"),
        (POSTING, "it is for November", "list_ledger_accounts"),
    ],
)
def test_a_reason_and_a_narration_are_taken(first: str, said: str, tool: str) -> None:
    question = understand(first, PLAIN)
    assert isinstance(question, Ask), question
    move = understand(said, replace(PLAIN, question=question))
    assert isinstance(move, Call), move
    assert move.tool == tool


ENTRY = {
    "narration": "Rent",
    "entry_date": "2026-11-24",
    "lines": [
        {"account_id": "a", "currency": "INR", "debit_amount": "40000"},
        {"account_id": "b", "currency": "INR", "credit_amount": "40000"},
    ],
}
GIVEN_UP = {
    "invoice_id": "i-1",
    "reason": "Dead",
    "written_off_on": "2026-11-24",
    "amount": "2000",
    "currency": "INR",
}
POSTED = replace(
    PLAIN,
    waiting=[
        {
            "id": "a-1",
            "tool": "post_journal_entry",
            "arguments": {"entry": ENTRY},
            "summary": "Post an entry",
        }
    ],
)
WRITTEN_OFF = replace(
    PLAIN,
    waiting=[
        {"id": "a-1", "tool": "write_off_invoice", "arguments": GIVEN_UP, "summary": "Write off"}
    ],
)


def test_an_entry_and_a_write_off_that_wait_are_set_right() -> None:
    move = understand("actually no, 42,000 and yesterday", POSTED)
    assert isinstance(move, Call), move
    entry = move.arguments["entry"]
    assert (move.tool, move.replaces, entry["entry_date"], entry["narration"]) == (
        "post_journal_entry",
        "a-1",
        "2026-11-23",
        "Rent",
    )
    assert [line.get("debit_amount") or line["credit_amount"] for line in entry["lines"]] == [
        "42000",
        "42000",
    ]
    assert ENTRY["lines"][0]["debit_amount"] == "40000"  # type: ignore[index]
    move = understand("no, 1,500", WRITTEN_OFF)
    assert isinstance(move, Call), move
    assert (move.arguments, move.replaces) == (GIVEN_UP | {"amount": "1500"}, "a-1")
    whole = {name: value for name, value in GIVEN_UP.items() if name not in ("amount", "currency")}
    waits = replace(PLAIN, waiting=[{**WRITTEN_OFF.waiting[0], "arguments": whole}])
    move = understand("no, yesterday", waits)
    assert isinstance(move, Call), move
    assert move.arguments == whole | {"written_off_on": "2026-11-23"}
    assert "all that is open" in move.words


@pytest.mark.parametrize("context", [POSTED, WRITTEN_OFF, PAYING, BILLED, WAITING])
def test_a_request_that_waits_is_taken_back_by_its_button_and_not_by_words(
    context: Context,
) -> None:
    for said in (
        "leave it",
        "actually leave it",
        "cancel it",
        "never mind",
        "drop it",
        "don't do it",
        "no",
    ):
        move = understand(said, context)
        assert isinstance(move, Say), (said, move)
        assert "Nothing is done without approval" in move.text
        assert context.waiting[0]["summary"] in move.text
    move = understand("no, that is all wrong with it", context)
    assert isinstance(move, Say), move
    assert "sets right of" in move.text


@pytest.mark.parametrize(
    "said",
    [
        "we got AED 500 from Harbinder, also 3000 from Zachariah cash",
        "received 500 from Deepa Krishnan and 3000 from Zachariah Kurian",
        "Deepa paid 500 and Meera paid 700",
        "paid Emirates 500 and Indigo 700",
    ],
)
def test_two_payments_are_asked_for_one_at_a_time(said: str) -> None:
    move = understand(said, PLAIN)
    assert isinstance(move, Say), move
    assert "One payment at a time" in move.text


@pytest.mark.parametrize(
    "said",
    ["what is the fare rule", "what are the fare rules", "baggage allowance", "is it refundable?"],
)
@pytest.mark.parametrize("context", [PLAIN, FLOWN])
def test_the_rules_of_a_fare_are_no_search(said: str, context: Context) -> None:
    move = understand(said, context)
    assert isinstance(move, Say), move
    assert "I cannot read out the rules" in move.text


@pytest.mark.parametrize("said", ["ticket it", "please ticket them", "ticket both"])
def test_ticket_it_issues_and_searches_nothing(said: str) -> None:
    move = understand(said, FLOWN)
    assert isinstance(move, Call), move
    assert move.tool == "show_trip"


TOLD = replace(
    PLAIN, last={"tool": "find_invoices", "arguments": {"customer_name": "Anil Das"}, "ids": []}
)


@pytest.mark.parametrize(
    ("said", "context", "tool", "name"),
    [
        ("what does she owe", WAITING, "list_receivables", "Deepa Krishnan"),
        ("how much does he still owe us", TOLD, "list_receivables", "Anil Das"),
        ("show his invoices", TOLD, "find_invoices", "Anil Das"),
        ("and their outstanding invoices", TOLD, "find_invoices", "Anil Das"),
        (
            "show her invoices",
            replace(PLAIN, enquiry=EnquiryInView(DEEPA, "Anil Kumar", "Muscat", "Trivandrum")),
            "find_invoices",
            "Anil Kumar",
        ),
    ],
)
def test_a_pronoun_is_whom_the_talk_was_about_last(
    said: str, context: Context, tool: str, name: str
) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["customer_name"]) == (tool, name)


def test_her_balance_is_that_of_the_customer_and_no_account(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Meera Nair")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "show the invoices of Meera Nair")
    told = text(talk.say(alice, session_id, "what is her balance"))
    assert "Meera Nair" in told
    assert "No account" not in told


@pytest.mark.parametrize("said", ["make it USD", "no, in dollars", "change it to USD"])
@pytest.mark.parametrize("context", [WAITING, BILLED, POSTED])
def test_a_currency_alone_is_the_currency_and_nobodys_name(context: Context, said: str) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    before = context.waiting[0]["arguments"]
    assert (move.tool, move.replaces) == (context.waiting[0]["tool"], "a-1")
    assert move.arguments == _in_dollars(before)


def _in_dollars(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: "USD" if name == "currency" else _in_dollars(one) for name, one in value.items()
        }
    return [_in_dollars(one) for one in value] if isinstance(value, list) else value


def test_a_write_off_stays_in_the_currency_of_its_invoice() -> None:
    for said in ("make it USD", "no, AED 500"):
        assert isinstance(understand(said, WRITTEN_OFF), Say), said


def test_a_currency_alone_sets_the_asked_for_right_too() -> None:
    _question, context = asked("whose invoice")
    move = understand("make it AED", context)
    assert isinstance(move, Ask), move
    assert move.text.startswith("Noted: AED 45,000.00.")
    assert move.known["line_items"][0]["currency"] == "AED"


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("no, I mean 3 nights", ("2026-12-12", "2026-12-15")),
        ("no, 2 nights", ("2026-12-12", "2026-12-14")),
        ("no, 6 Dec, 2 nights", ("2026-12-06", "2026-12-08")),
    ],
)
def test_nights_set_a_search_of_hotels_right(said: str, days: tuple[str, str]) -> None:
    longer = {**SLEPT.offers["rates_search"], "check_out": "2026-12-20"}
    move = understand(said, replace(SLEPT, offers={**SLEPT.offers, "rates_search": longer}))
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["check_in"], move.arguments["check_out"]) == (
        "search_hotels",
        *days,
    )


def test_also_goes_on_with_another_wish() -> None:
    move = understand("also hotels in Dubai 4 to 8 Dec for 2 adults", PLAIN)
    assert isinstance(move, Call), move
    assert move.tool == "search_hotels"


def test_what_is_left_says_what_waits_all_the_same() -> None:
    question = understand("invoice Deepa", PAYING)
    assert isinstance(question, Ask), question
    left = understand("leave it", replace(PAYING, question=question))
    assert isinstance(left, Say), left
    assert left.text.startswith("All right, I left it.\nNothing is done without approval")


def test_a_grant_between_a_question_and_its_answer_leaves_the_question_open(
    alice: Person, leila: Person, talk: Talk
) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Zachariah Kurian paid 1,000 today")
    (receipt,) = talk.pending(alice, session_id)
    assert "supplier’s number" in text(
        talk.say(alice, session_id, "enter a bill from Emirates, 45,000 for Dubai visa")
    )
    talk.decide(leila, receipt["approval_id"])
    assert talk.pending(alice, session_id) == []
    talk.say(alice, session_id, "EK-77")
    (bill_of,) = talk.pending(alice, session_id)
    assert "EK-77" in bill_of["summary"]


def test_a_payment_that_waits_shows_its_reference(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Zachariah Kurian paid 1,000 yesterday by bank, utr 8837")
    (receipt,) = talk.pending(alice, session_id)
    assert "8837" in alice.browser.get(f"/approvals/{receipt['approval_id']}").text


def test_an_entry_is_corrected_to_its_end_and_an_unknown_account_is_asked_for_again(
    alice: Person, talk: Talk
) -> None:
    session_id = talk.begin(alice)
    for said in (
        "journal entry: 12,500 office rent paid from bank",
        "no, 13,500",
        "no, yesterday",
        "actually debit bank charges instead",
        "credit bank",
    ):
        talk.say(alice, session_id, said)
    told = text(talk.say(alice, session_id, "charges of November"))
    assert "INR 13,500.00" in told
    (entry,) = talk.pending(alice, session_id)
    assert "harges of November" in entry["summary"]


def test_an_account_that_nobody_knows_is_asked_for_again_and_nothing_is_lost(
    alice: Person, talk: Talk
) -> None:
    session_id = talk.begin(alice)
    told = text(
        talk.say(
            alice, session_id, "journal entry: debit moon dust, credit bank 12,500 for November"
        )
    )
    assert "No account is called “moon dust”" in told
    assert talk.pending(alice, session_id) == []
    talk.say(alice, session_id, "no, 13,500")
    told = text(talk.say(alice, session_id, "rent"))
    assert "INR 13,500.00" in told
    assert len(talk.pending(alice, session_id)) == 1


@pytest.mark.parametrize("said", ["due 12 Dec", "it is due on 12 Dec", "and due by 12 Dec"])
@pytest.mark.parametrize("context", [WAITING, BILLED])
def test_a_due_day_alone_is_that_of_what_waits(context: Context, said: str) -> None:
    move = understand(said, context)
    assert isinstance(move, Call), move
    assert (move.arguments["due_date"], move.replaces) == ("2026-12-12", "a-1")
    assert move.arguments == context.waiting[0]["arguments"] | {"due_date": "2026-12-12"}


@pytest.mark.parametrize("said", ["due invoices", "due end of month, maybe", "due in a while"])
def test_what_is_no_due_day_changes_nothing_that_waits(said: str) -> None:
    for context in (WAITING, BILLED):
        move = understand(said, context)
        assert not (isinstance(move, Call) and move.replaces), move
    assert "waits" not in getattr(understand("due 12 Dec", PLAIN), "text", "")


def test_a_bills_number_has_a_digit() -> None:
    _question, context = asked("which number")
    for said in ("pay it", "in cash"):
        move = understand(said, context)
        assert isinstance(move, Ask), move
        assert move.missing == "vendor_reference"
    move = understand("it is INV/22", context)
    assert isinstance(move, Call), move
    assert move.arguments["vendor_reference"] == "INV/22"


def test_search_again_is_for_those_who_travel() -> None:
    people = [
        {"id": f"p-{n}", "full_name": name, "kind": kind}
        for n, (name, kind) in enumerate([("Anil Das", "adult"), ("Mia Das", "child")])
    ]
    for said in (
        "search again for those who go",
        "search again",
        "please search once more for everybody",
    ):
        move = understand(
            said, replace(FLOWN, trip={"id": "t-1", "passengers": people, "held": []})
        )
        assert isinstance(move, Call), move
        assert (move.tool, move.arguments) == (
            "search_flights",
            FLOWN.offers["fares_search"] | {"passengers": {"adult": 1, "child": 1}},
        )
        move = understand(
            said, replace(SLEPT, trip={"id": "t-1", "passengers": people, "held": []})
        )
        assert isinstance(move, Call), move
        assert move.arguments["guests"] == 2
        assert isinstance(understand(said, FLOWN), Call)


def test_an_enquirys_flights_are_searched_for_those_who_travel_once_all_are_known() -> None:
    about = EnquiryInView(
        DEEPA,
        "Anil Kumar",
        "Dubai",
        "Kochi",
        depart_date="2026-12-12",
        pax_count=2,
        party={"adult": 2},
    )
    people = [{"id": "p-1", "full_name": "Anil Kumar", "kind": "adult"}]
    few = understand(
        "search flights for them",
        replace(PLAIN, enquiry=about, trip={"id": "t-1", "passengers": people, "held": []}),
    )
    assert isinstance(few, Call), few
    assert few.arguments["passengers"] == {"adult": 2}
    people += [{"id": f"p-{n}", "full_name": f"Mia {n}", "kind": "child"} for n in (2, 3)]
    all_three = understand(
        "serch flights for them",
        replace(PLAIN, enquiry=about, trip={"id": "t-1", "passengers": people, "held": []}),
    )
    assert isinstance(all_three, Call), all_three
    assert all_three.arguments["passengers"] == {"adult": 1, "child": 2}


@pytest.mark.parametrize(
    ("said", "party"),
    [
        (
            "We are 3 - me, my wife Annie Kurian and our daughter Mia (6 years)",
            {"adult": 2, "child": 1},
        ),
        ("me, my wife and our daughter Mia", {"adult": 2, "child": 1}),
        (
            "me and my wife with our son aged 14 years and our daughter 1 yr",
            {"adult": 3, "infant": 1},
        ),
        ("my wife and me", {"adult": 2}),
        ("we are 2 adults and 1 child", {"adult": 2, "child": 1}),
    ],
)
def test_a_family_is_counted_as_it_says_itself(said: str, party: dict[str, int]) -> None:
    travellers = find_travellers(said)
    assert find_party(said) == party
    assert travellers is not None
    assert travellers.count == sum(party.values())


@pytest.mark.parametrize(
    ("said", "changed"),
    [
        ("no, yesterday", {"issue_date": "2026-11-23"}),
        ("no, due 20 Dec", {"due_date": "2026-12-20"}),
        ("no, 20 Dec", {"due_date": "2026-12-20"}),
        ("no, for Creek Side Hotel", {"vendor_name": "Creek Side Hotel"}),
        ("no, Creek Side Hotel", {"vendor_name": "Creek Side Hotel"}),
        (
            "no, airport transfers",
            {
                "line_items": [
                    {
                        **BILLED.waiting[0]["arguments"]["line_items"][0],
                        "description": "Airport transfers",
                    }
                ]
            },
        ),
        (
            "no, for Dubai visa",
            {
                "line_items": [
                    {**BILLED.waiting[0]["arguments"]["line_items"][0], "description": "Dubai visa"}
                ]
            },
        ),
    ],
)
def test_a_bill_gets_its_own_day_and_its_own_supplier(said: str, changed: dict[str, Any]) -> None:
    move = understand(said, BILLED)
    assert isinstance(move, Call), move
    assert move.arguments == BILLED.waiting[0]["arguments"] | changed


def test_an_invoice_is_for_whoever_is_named_like_a_hotel() -> None:
    move = understand("no, for Creek Side Hotel", WAITING)
    assert isinstance(move, Call), move
    assert (move.arguments["customer_name"], move.arguments["line_items"]) == (
        "Creek Side Hotel",
        WAITING.waiting[0]["arguments"]["line_items"],
    )


def test_the_number_of_a_bill_is_no_part_of_what_it_is_for() -> None:
    move = understand(
        "bill from Spice Coast Cars 12,000 for airport transfers number SCC-77", PLAIN
    )
    assert isinstance(move, Call), move
    assert (move.arguments["vendor_reference"], move.arguments["line_items"][0]["description"]) == (
        "SCC-77",
        "Airport transfers",
    )


def test_a_hotel_is_searched_for_those_who_are_named() -> None:
    people = [
        {"id": f"p-{n}", "full_name": name, "kind": "adult"}
        for n, name in enumerate(["Thomas Kurian", "Annie Kurian", "Mia Kurian"])
    ]
    move = understand(
        "find a hotel in Dubai for Thomas and Annie Kurian, 18 to 22 December",
        replace(PLAIN, trip={"id": "t-1", "passengers": people, "held": []}),
    )
    assert isinstance(move, Call), move
    assert (move.tool, move.arguments["guests"], move.arguments["check_in"]) == (
        "search_hotels",
        2,
        "2026-12-18",
    )


@pytest.mark.parametrize(
    "said",
    ["what waits?", "what is pending", "which requests are still waiting", "anything pending?"],
)
def test_what_waits_is_told(said: str) -> None:
    told = understand(said, POSTED)
    assert isinstance(told, Say), told
    assert "• Post an entry" in told.text
    nothing = understand(said, PLAIN)
    assert isinstance(nothing, Say), nothing
    assert nothing.text.startswith("Nothing of this conversation waits")


def test_a_payment_and_an_entry_that_wait_are_turned_to_another(alice: Person, talk: Talk) -> None:
    issued(alice, customer_name="Zachariah Kurian")
    issued(alice, customer_name="Meera Nair")
    session_id = talk.begin(alice)
    talk.say(alice, session_id, "Zachariah Kurian paid 500 yesterday in cash, utr 8837")
    (first,) = talk.pending(alice, session_id)
    for said, name in (
        ("no, for Meera Nair", "Meera Nair"),
        ("no, Zachariah Kurian", "Zachariah Kurian"),
    ):
        told = text(talk.say(alice, session_id, said))
        (now,) = talk.pending(alice, session_id)
        assert now["approval_id"] != first["approval_id"]
        assert name in now["summary"]
        assert "INR 500.00 in cash" in told
        assert "8837" in alice.browser.get(f"/approvals/{now['approval_id']}").text
        first = now
    other = talk.begin(alice)
    talk.say(alice, other, "journal entry 13,500 debit 5400 credit bank for office rent November")
    (entry,) = talk.pending(alice, other)
    told = text(talk.say(alice, other, "no, credit cash in hand"))
    (now,) = talk.pending(alice, other)
    assert now["approval_id"] != entry["approval_id"]
    for words in ("Debit 5400", "Cash in hand", "INR 13,500.00", "ffice rent November"):
        assert words in told
    assert "sets right of" in text(talk.say(alice, other, "no, something else entirely"))
    assert len(talk.pending(alice, other)) == 1
