"""Documents dated in another financial year: forms warn before a number is used."""

from __future__ import annotations

from datetime import date

import pytest

from tests.billing.papers import draft, draft_bill, issue, issued, receive
from tests.billing.test_effects import run_dry
from tests.billing.test_forms import send
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.kernel import clock
from voyagent.settings.service import tenant_settings as settings

LINE = {
    "currency": "INR",
    "description": "Visa",
    "quantity": "2",
    "unit_price": "1,000.25",
    "due_date": "",
}
DRAFTS = {
    "/invoices": {"customer_name": "Deepa Krishnan"},
    "/bills": {"vendor_name": "BSP India", "vendor_reference": "BSP-1"},
}
SENTENCE = "Dated 29 Nov {first}, in a different financial year: "
FIRST, NEXT, BOOKED = (
    SENTENCE + rest
    for rest in (
        "it gets the first number of {year}.",
        "it gets the next number of {year}.",
        "it is booked in {year}.",
    )
)


def other(years: int = -4) -> tuple[date, dict[str, str]]:
    """A day in another financial year, and how that is written."""
    today = clock.today()
    first = today.year + years - (1 if today.month < 4 else 0)
    return date(first, 11, 29), {"first": str(first), "year": f"{first}-{(first + 1) % 100:02d}"}


def note_on(answer: object) -> str:
    return Page(answer).words(".//*[@id='other-year']//div[@class='v-note v-note-amber']")  # type: ignore[arg-type]


def test_an_invoice_says_if_its_number_is_the_first_or_the_next_of_another_year(
    alice: Person,
) -> None:
    day, words = other()
    typed = DRAFTS["/invoices"] | LINE | {"issue_date": f"29 Nov {day.year}"}
    assert note_on(send(alice, "/invoices/new", **typed, then="look")) == FIRST.format(**words)
    page = send(alice, "/invoices/new", **typed).location
    last_step = alice.tab.get(f"{page}/issue")
    assert (last_step.status_code, note_on(last_step)) == (200, FIRST.format(**words))
    issue(alice, page.rsplit("/", 1)[1])  # type: ignore[arg-type]
    second = draft(alice, issue_date=day, due_date=day)
    for path in (f"/invoices/{second}/issue", f"/invoices/{second}/edit"):
        assert note_on(alice.tab.get(path)) == NEXT.format(**words), path
    assert f"{words['year']}/000002" in issue(alice, second), "and so it is"


def test_a_bill_says_in_which_year_it_is_booked(alice: Person) -> None:
    day, words = other()
    typed = DRAFTS["/bills"] | LINE | {"issue_date": f"29 Nov {day.year}"}
    assert note_on(send(alice, "/bills/new", **typed, then="look")) == BOOKED.format(**words)
    assert note_on(
        alice.tab.get(f"/bills/{draft_bill(alice, issue_date=day, due_date=day)}/receive")
    ) == BOOKED.format(**words)


def test_credit_notes_say_it_for_their_own_series(alice: Person) -> None:
    day, words = other()
    typed = {"reason": "Late", "issue_date": f"29 Nov {day.year}", "amount": "10"}
    invoices = [
        f"/invoices/{issued(alice, issue_date=when, due_date=when)}/credit"
        for when in (day, date(2024, 6, 10))
    ]
    assert note_on(send(alice, invoices[1], **typed, then="look")) == FIRST.format(**words), (
        "the invoice of that year counts elsewhere"
    )
    assert send(alice, invoices[0], **typed).status_code == 303
    assert note_on(send(alice, invoices[1], **typed, then="look")) == NEXT.format(**words)
    bill = f"/bills/{receive(alice)}/credit"
    assert note_on(
        send(alice, bill, **typed, vendor_reference="C-1", then="look")
    ) == BOOKED.format(**words)


@pytest.mark.parametrize("kind", DRAFTS)
def test_within_the_current_financial_year_there_is_no_warning(alice: Person, kind: str) -> None:
    today = clock.today(alice.actor.timezone)
    opened = Page(alice.tab.get(f"{kind}/new"))
    assert opened.words(".//*[@id='other-year']") == ""
    (live,) = [one for one in opened.all(".//*[@hx-post]") if one.get("hx-select") == "#postings"]
    assert "#other-year" in (live.get("hx-select-oob") or "").split(","), (
        "it follows the day that is typed"
    )
    given = {"issue_date": today, "due_date": today}
    path = (
        f"/invoices/{draft(alice, **given)}/issue"
        if kind == "/invoices"
        else f"/bills/{draft_bill(alice, **given)}/receive"
    )
    assert Page(alice.tab.get(path)).words(".//*[@id='other-year']") == ""
    assert (
        note_on(
            send(
                alice, f"{kind}/new", **DRAFTS[kind] | LINE | {"issue_date": "30 Feb"}, then="look"
            )
        )
        == ""
    ), "a day that is none"


def test_the_financial_years_are_those_of_the_agency(alice: Person) -> None:
    alice.does(settings.update, {"financial_year_start_month": 1})
    today = clock.today(alice.actor.timezone)
    for day, has_number_note in (
        (date(today.year, 1, 1), False),
        (date(today.year, 12, 31), False),
        (date(today.year + 1, 1, 1), True),
    ):
        note = note_on(
            alice.tab.get(f"/invoices/{draft(alice, issue_date=day, due_date=day)}/edit")
        )
        assert (f"it gets the first number of {day.year}." in note) is has_number_note, day


def test_the_assistants_card_names_the_other_year(alice: Person) -> None:
    day, words = other()
    shown = run_dry(
        alice, "issue_invoice", {"invoice_id": str(draft(alice, issue_date=day, due_date=day))}
    )
    failed_checks = [check["text"] for check in shown["checks"] if not check["ok"]]
    assert failed_checks == [
        f"Booked on 29 Nov {day.year}, in a different financial year: {words['year']}"
    ]
