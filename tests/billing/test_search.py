"""Searching bills, payments and credits by a part of a number, name or reference."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.billing.papers import ISSUED, issued, line, receive
from tests.enquiries.reading import Page
from tests.people import People, Person
from voyagent.billing.core.queries import documents
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.payments.service import payments as payment_service
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.money import Money


def paid(person: Person, party: str, reference: str | None, direction: str = "in") -> None:
    given: dict[str, Any] = {
        "direction": direction,
        "party_name": party,
        "amount": Money(500, "INR"),
        "on": ISSUED,
        "reference": reference,
    }
    person.does(lambda actor: payment_service.record_payment(actor, **given).id)


@pytest.fixture(scope="module")
def trader(app: Flask) -> Person:
    """Create two documents of each kind, and the same in another agency.

    The tests only read them.
    """
    charlie, alice = (
        People(app).sign_up(name, agency="Malabar Travels") for name in ("Charlie", "Alice")
    )
    for person in (charlie, alice):
        bill_id = receive(
            person,
            line("10.00"),
            vendor_name="Emirates 100%",
            vendor_reference="BSP-7701",
            party_reference="Trip_9",
        )
        receive(person, line("10.00"), vendor_name="Air India", vendor_reference="AI-55")
        person.does(
            supplier_credit_service.credit_bill,
            bill_id,
            vendor_reference="EK-CN-3",
            reason="Not travelled",
            on=ISSUED,
            amounts={1: Money(100, "INR")},
        )
        for customer in ("Deepa Krishnan", "Meera Nair"):
            invoice_id = issued(person, customer_name=customer)
            person.does(
                credit_note_service.issue_credit_note,
                invoice_id,
                reason="Not travelled",
                on=ISSUED,
                amounts={1: Money(100, "INR")},
            )
        paid(person, "Deepa Krishnan", "UTR 4411")
        paid(person, "Emirates 100%", None, "out")
    return alice


def found(person: Person, path: str, key: str) -> list[str]:
    answer = person.api.get(path)
    assert answer.status_code == 200, answer.text
    return [item[key] for item in answer.json["items"]]


@pytest.mark.parametrize(
    ("path", "key", "names"),
    [
        ("/bills?q=bsp-77", "vendor_reference", ["BSP-7701"]),
        ("/bills?q=EMIRATES", "vendor_reference", ["BSP-7701"]),
        ("/bills?q=trip_9", "vendor_reference", ["BSP-7701"]),
        ("/bills?q=tripX9", "vendor_reference", []),
        ("/bills?q=100%25", "vendor_reference", ["BSP-7701"]),
        ("/bills?q=5", "vendor_reference", ["AI-55"]),
        ("/bills?q=bsp&status=paid", "vendor_reference", []),
        ("/bills?q=emirates&party=air+india", "vendor_reference", []),
        ("/bills?q=", "vendor_reference", ["AI-55", "BSP-7701"]),
        ("/credit-notes?q=deepa", "customer_name", ["Deepa Krishnan"]),
        ("/credit-notes?q=C/2024-25/000002", "customer_name", ["Meera Nair"]),
        ("/credit-notes?q=2024-25/00000", "customer_name", ["Meera Nair", "Deepa Krishnan"]),
        ("/supplier-credits?q=ek-cn", "vendor_reference", ["EK-CN-3"]),
        ("/supplier-credits?q=7701", "vendor_reference", ["EK-CN-3"]),
        ("/supplier-credits?q=air+india", "vendor_reference", []),
        ("/payments?q=4411", "party_name", ["Deepa Krishnan"]),
        ("/payments?q=emirates", "party_name", ["Emirates 100%"]),
        ("/payments?q=R/2024-25", "party_name", ["Deepa Krishnan"]),
        ("/payments?q=e&direction=out", "party_name", ["Emirates 100%"]),
    ],
)
def test_a_part_of_number_name_or_reference_is_found(
    trader: Person, path: str, key: str, names: list[str]
) -> None:
    assert found(trader, path, key) == names


def test_a_search_continues_after_its_page(trader: Person) -> None:
    first = trader.api.get("/credit-notes?q=2024&limit=1").json
    then = trader.api.get(f"/credit-notes?q=2024&limit=1&cursor={first['next_cursor']}").json
    assert [page["items"][0]["customer_name"] for page in (first, then)] == [
        "Meera Nair",
        "Deepa Krishnan",
    ]
    assert then["next_cursor"] is None


def test_only_the_newest_documents_are_searched(
    trader: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "LOOKED_MAX", 1)
    assert found(trader, "/bills?q=bsp", "vendor_reference") == []
    assert found(trader, "/bills?q=bsp&party=emirates+100%25", "vendor_reference") == [
        "BSP-7701"
    ], "what the other filters leave is looked through"
    assert found(trader, "/bills", "vendor_reference") == ["AI-55", "BSP-7701"]


@pytest.mark.parametrize(
    ("path", "table", "name", "other"),
    [
        ("/bills?q=bsp-77", "bills", "Emirates 100%", "Air India"),
        ("/payments?q=4411", "payments", "Deepa Krishnan", "Emirates 100%"),
        ("/credit-notes?q=meera", "credit-notes", "Meera Nair", "Deepa Krishnan"),
        ("/credit-notes?kind=supplier&q=7701", "credit-notes", "Emirates 100%", "Air India"),
    ],
)
def test_the_pages_search_in_the_same_way(
    trader: Person, path: str, table: str, name: str, other: str
) -> None:
    page = Page(trader.tab.get(path))
    assert name in page.words(f".//table[@id='{table}']")
    assert other not in page.words(f".//table[@id='{table}']")
    assert page.field("q") == path.rpartition("q=")[2]
    assert "Clear all" in page.words(".//main/..")
    nothing = Page(trader.tab.get(path + "zzz"))
    assert (nothing.status, "No results" in nothing.words()) == (200, True)
