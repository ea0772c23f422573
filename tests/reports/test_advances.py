"""What was paid ahead on the pages of ageing: its own column, below zero, aged from its day, as it stood on any day, and never netted silently."""

from __future__ import annotations

from datetime import date

import pytest

from tests.enquiries.reading import Page
from tests.ledger.books import balances, post
from tests.people import Person
from tests.reports.books import bill, days_ago, invoice, today
from voyagent.billing import queries as billing_queries, service as billing
from voyagent.kernel.money import Money
from voyagent.ledger import service as ledger
from voyagent.reports.queries import receivables
from voyagent.reports.queries.receivables import Asked, CurrencyBlock


def advance(person: Person, amount: str, on: date, *, party: str = "Deepa Krishnan", direction: billing.Direction = "in") -> Money:
    with person.acting() as actor:
        money = Money.parse(amount, "INR")
        billing.record_payment(actor, direction=direction, party_name=party, amount=money, on=on)
    return money


def block_on(person: Person, day: date, kind: billing_queries.Kind = "receivable", *, party: str | None = None) -> CurrencyBlock | None:
    with person.reading() as reader:
        blocks = receivables.read_open(reader, kind, Asked(day, party=party), "INR").blocks
    return blocks[0] if blocks else None


def newest_payment(person: Person) -> object:
    with person.reading() as reader:
        return billing_queries.list_payments(reader, billing_queries.PaymentSearch()).items[0]["id"]


@pytest.fixture
def trader(alice: Person) -> Person:
    """An invoice over 1,000 of forty days ago, and 300 paid ahead twenty days ago."""
    invoice(alice, "Deepa Krishnan", "1000", due=days_ago(40))
    advance(alice, "300", days_ago(20))
    return alice


def test_an_advance_stands_beside_what_is_open_below_zero(trader: Person) -> None:
    found = block_on(trader, today(), party="*")
    assert found is not None
    (party,) = found.parties
    assert (party.open.amount_minor, party.advance.amount_minor, party.outstanding.amount_minor) == (100_000, -30_000, 70_000)
    assert [(one.number[:2], one.days, one.left.amount_minor) for one in party.advances] == [("R/", 20, -30_000)]
    books = balances(trader)
    assert found.outstanding.amount_minor == books["receivable", "INR"] + books["customer_advances", "INR"] == 70_000
    assert found.is_proved
    assert found.is_ahead_proved


def test_as_of_a_day_it_stands_as_it_stood_then(trader: Person) -> None:
    payment_id = newest_payment(trader)
    trader.does(billing.allocate, payment_id, on=days_ago(10))
    for ago, expected in ((21, (100_000, 0)), (20, (100_000, -30_000)), (11, (100_000, -30_000)), (10, (70_000, 0)), (0, (70_000, 0))):
        found = block_on(trader, days_ago(ago))
        assert found is not None
        assert (found.open.amount_minor, found.advance.amount_minor) == expected, ago
        assert found.is_proved
    with trader.reading() as reader:
        (allocation,) = billing_queries.read_payment(reader, payment_id).allocations  # type: ignore[arg-type]
    trader.does(billing.unallocate, payment_id, allocation["id"], on=days_ago(5))
    trader.does(billing.refund_payment, payment_id, amount=Money(10_000, "INR"), on=days_ago(2))
    for ago, expected in (
        (10, (70_000, 0)),
        (6, (70_000, 0)),
        (5, (100_000, -30_000)),
        (3, (100_000, -30_000)),
        (2, (100_000, -20_000)),
        (0, (100_000, -20_000)),
    ):
        found = block_on(trader, days_ago(ago))
        assert found is not None
        assert (found.open.amount_minor, found.advance.amount_minor) == expected, ago
        assert found.is_proved


def test_whoever_only_paid_ahead_is_shown_too(alice: Person, charlie: Person) -> None:
    advance(charlie, "5", days_ago(3))
    assert block_on(alice, today()) is None
    advance(alice, "300", days_ago(20))
    found = block_on(alice, today())
    assert found is not None
    assert [(party.name, party.open.amount_minor, party.outstanding.amount_minor) for party in found.parties] == [("Deepa Krishnan", 0, -30_000)]
    page = Page(alice.browser.get("/reports/receivables"))
    assert "-300.00" in page.words(".//section").replace("−", "-")
    assert page.status == 200


def test_what_a_supplier_was_paid_ahead_is_the_mirror_of_it(alice: Person) -> None:
    bill(alice, "Galaxy Consolidators", "80", due=days_ago(9), reference="G-1")
    advance(alice, "100", days_ago(4), party="Galaxy Consolidators", direction="out")
    found = block_on(alice, today(), "payable")
    assert found is not None
    assert (found.open.amount_minor, found.advance.amount_minor, found.outstanding.amount_minor) == (8_000, -10_000, -2_000)
    assert found.is_proved
    assert block_on(alice, today(), "receivable") is None


def test_the_page_has_its_column_only_where_something_was_paid_ahead(alice: Person) -> None:
    invoice(alice, "Deepa Krishnan", "1000", due=days_ago(40))
    assert "Advances" not in Page(alice.browser.get("/reports/receivables")).words(".//thead")
    advance(alice, "300", days_ago(20))
    page = Page(alice.browser.get("/reports/receivables?party=*"))
    assert "Open Advances Outstanding" in page.words(".//thead//th")
    assert "20 days old" in page.words(".//tbody")
    assert "equals account 2200" in page.words(".//*[@id='proof']")


def test_what_the_books_say_otherwise_is_said(trader: Person) -> None:
    post(trader, lines=[ledger.debit("customer_advances", Money(500, "INR")), ledger.credit("revenue_fees", Money(500, "INR"))], entry_date=days_ago(1))
    found = block_on(trader, today())
    assert found is not None
    assert not found.is_proved
    assert "INR: advances add up to" in Page(trader.browser.get("/reports/receivables")).words(".//*[@role='alert']")
