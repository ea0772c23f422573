"""The confirmation before posting: closed months and missing exchange rates."""

from __future__ import annotations

from datetime import date

import pytest

from tests.billing.papers import draft, draft_bill, line
from tests.enquiries.reading import Page
from tests.ledger.books import post
from tests.ledger.test_months import close
from tests.people import Person, csrf_token
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.invoices.queries import documents as invoice_queries

DAY = date(2024, 6, 5)
CLOSED = "This month is closed."
NO_RATE = "No exchange rate is set."
STEPS = ("invoice", "bill")


def drafted(person: Person, kind: str, currency: str = "INR") -> str:
    """Create a draft invoice or bill and return the URL of its page."""
    given = {"issue_date": DAY, "due_date": DAY}
    if kind == "invoice":
        return f"/invoices/{draft(person, line(currency=currency), **given)}"
    return (
        f"/bills/{draft_bill(person, line(currency=currency), vendor_reference=currency, **given)}"
    )


def last_step(kind: str) -> str:
    return "issue" if kind == "invoice" else "receive"


@pytest.mark.parametrize("kind", STEPS)
def test_a_date_in_a_closed_month_redirects_to_the_form_of_the_draft(
    alice: Person, kind: str
) -> None:
    post(alice, entry_date=DAY)
    address = drafted(alice, kind)
    browser = alice.tab
    step = f"{address}/{last_step(kind)}"
    assert browser.get(step).status_code == 200
    close(alice, date(2024, 6, 1))
    for answer in (
        browser.get(step),
        browser.post(step, data={"csrf_token": csrf_token(browser)}),
    ):
        assert (answer.status_code, answer.location) == (303, f"{address}/edit")
    assert CLOSED in browser.get(f"{address}/edit").text
    with alice.acting():
        document = (
            invoice_queries.get_invoice(address.split("/")[-1])
            if kind == "invoice"
            else bill_queries.get_bill(address.split("/")[-1])
        )  # type: ignore[arg-type]
        assert (document.status, document.entry_id) == ("draft", None)


@pytest.mark.parametrize("kind", STEPS)
def test_a_missing_rate_is_reported_in_advance(alice: Person, kind: str) -> None:
    browser = alice.tab
    foreign, own = (
        Page(browser.get(f"{drafted(alice, kind, currency)}/{last_step(kind)}")).words()
        for currency in ("USD", "INR")
    )
    assert NO_RATE in foreign
    assert NO_RATE not in own
