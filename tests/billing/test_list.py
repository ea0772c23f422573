"""The invoice list: filters, counts, and search within the agency."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import DUE, ISSUED, draft, issued, line, pay
from tests.ledger.books import bind
from tests.people import Person
from voyagent.billing.invoices.queries import board as invoice_board, documents as invoice_queries
from voyagent.billing.invoices.queries.board import InvoiceListPage, InvoiceSearch

TODAY = DUE + timedelta(days=5)
FIND = sa.text(
    "select id, total from app.find_invoices('%', null, null, null, null, null, 50, 0, null, null)"
)


def board(
    person: Person, *, today: date = TODAY, limit: int = 50, offset: int = 0, **asked: Any
) -> InvoiceListPage:
    with person.reading() as reader:
        return invoice_board.read_list_page(
            reader, InvoiceSearch(today, **asked), limit=limit, offset=offset
        )


def found(person: Person, **asked: Any) -> list[UUID]:
    result = board(person, **asked)
    assert result.page.total == len(result.page.items)
    return [row["id"] for row in result.page.items]


def test_the_list_is_newest_first_and_has_a_total(alice: Person) -> None:
    old = issued(alice, issue_date=ISSUED - timedelta(days=40), due_date=ISSUED)
    new, unfinished = issued(alice), draft(alice, issue_date=ISSUED + timedelta(days=1))
    pay(alice, issued(alice, issue_date=date(2023, 1, 1)), 100)
    result = board(alice)
    assert [row["id"] for row in result.page.items[:3]] == [unfinished, new, old]
    assert result.numbers(TODAY) == {
        "draft": 1,
        "issued": 2,
        "partially_paid": 1,
        "all": 4,
        "open": 3,
        "overdue": 3,
    }
    beside = board(
        alice, today=DUE + timedelta(days=1)
    )  # the agency's day may be one off from that of the reader
    assert beside.numbers(DUE) == {
        "draft": 1,
        "issued": 2,
        "partially_paid": 1,
        "all": 4,
        "open": 3,
        "overdue": 1,
    }, "due today is not overdue"
    assert not result.is_capped


def test_every_filter_finds_its_invoices(alice: Person) -> None:
    wanted = issued(
        alice,
        line(currency="AED"),
        customer_name="Al Noor Trading LLC",
        party_reference="PO-77_x",
        due_date=DUE + timedelta(days=30),
    )
    issued(alice)
    draft(alice, customer_name="Al Noor")
    for asked in (
        {"currency": "AED"},
        {"party": "AL NOOR trading llc"},
        {"due_from": DUE + timedelta(days=1), "due_to": DUE + timedelta(days=30)},
        {"text": "noor trad"},
        {"text": "po-77"},
        {"text": "77_X"},
        {"text": "000001"},
        {"text": "noor", "status": "open"},
        {
            "text": "noor",
            "status": "issued",
            "currency": "AED",
            "party": "Al Noor Trading LLC",
            "due_from": DUE,
            "due_to": DUE + timedelta(days=40),
        },
    ):
        assert found(alice, **asked) == [wanted], asked
    for asked in (
        {"text": "noor", "status": "paid"},
        {"text": "77%x"},
        {"text": "zzz"},
        {"text": "noor", "status": "overdue"},
        {"party": "noor"},
    ):
        assert found(alice, **asked) == [], asked


@pytest.mark.parametrize(
    "status", ["draft", "issued", "partially_paid", "paid", "void", "open", "overdue"]
)
def test_the_count_of_a_status_equals_its_list(alice: Person, status: str) -> None:
    draft(alice)
    issued(alice, due_date=TODAY)
    pay(alice, issued(alice), 100)
    pay(alice, issued(alice), 4_500_000)
    result = board(alice, status=status)
    expected = {
        "draft": 1,
        "issued": 1,
        "partially_paid": 1,
        "paid": 1,
        "void": 0,
        "open": 2,
        "overdue": 1,
    }[status]
    assert (result.page.total, len(result.page.items)) == (expected, expected)
    assert found(alice, status=status, text="deepa") == [row["id"] for row in result.page.items]


def test_pages_do_not_overlap_and_a_page_after_the_end_is_empty(alice: Person) -> None:
    ids = {draft(alice) for _ in range(7)}
    for text in (None, "krishnan"):
        pages = [board(alice, text=text, limit=3, offset=offset) for offset in (0, 3, 6, 9)]
        assert [len(page.page.items) for page in pages] == [3, 3, 1, 0]
        assert {row["id"] for page in pages for row in page.page.items} == ids
        assert {page.page.total for page in pages} == {7}
        assert pages[3].numbers(TODAY)["draft"] == 7


def test_a_short_search_text_is_searched_only_in_the_newest_and_says_so(
    alice: Person,
) -> None:
    invoice_id = draft(alice, customer_name="Al Li")
    assert found(alice, text="li") == [invoice_id]
    assert board(alice, text="al li").is_partial
    assert not board(alice, text="deepa").is_partial


def test_drafts_of_a_customer_are_listed(alice: Person) -> None:
    first, second = draft(alice), draft(alice, customer_name="Ravi")
    issued(alice)
    with alice.reading() as reader:
        assert [row["id"] for row in invoice_queries.list_drafts(reader)] == [second, first]
        assert [row["id"] for row in invoice_queries.list_drafts(reader, "deepa  KRISHNAN")] == [
            first
        ]
        assert invoice_queries.list_drafts(reader, "deepa") == []


def test_the_list_and_its_search_see_only_the_bound_agency(
    alice: Person, charlie: Person, app_engine: sa.Engine
) -> None:
    mine, theirs = issued(alice), issued(charlie)
    for person, wanted in ((alice, mine), (charlie, theirs)):
        assert found(person) == [wanted]
        assert found(person, text="deepa") == [wanted]
        with app_engine.begin() as connection:
            bind(connection, person)
            assert connection.execute(FIND).all() == [(wanted, 1)]
    with pytest.raises(sa.exc.DBAPIError), app_engine.begin() as connection:
        connection.execute(FIND).all()
