"""Bills of supply, which have a number series of their own."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issue
from tests.billing.test_taxes import HERE, findings, taxed
from tests.chat.parallel import at_once
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.billing.core.errors import DocumentOutOfOrder
from voyagent.billing.core.rules import is_bill_of_supply
from voyagent.billing.invoices.service import issuing

EARLY, LATE, DUE = date(2026, 6, 10), date(2026, 6, 20), date(2026, 7, 1)


@pytest.fixture
def agency(alice: Person) -> Person:
    """Alice's agency, in Maharashtra."""
    assert alice.api.patch("/tenant-settings", json={"tax_number": HERE}).status_code == 200
    return alice


def a_draft(person: Person, *treatments: str | None, on: date = EARLY) -> UUID:
    lines = (taxed("100", one) for one in treatments)
    return draft(person, *lines, place_of_supply="27", issue_date=on, due_date=DUE)


@pytest.mark.parametrize(
    ("treatments", "is_bill"),
    [
        (["exempt"], True),
        (["exempt", None], True),
        (["exempt", "service_fee"], False),
        ([None], False),
        ([], False),
    ],
)
def test_a_bill_of_supply_has_exempt_and_no_taxable_lines(
    treatments: list[str | None], is_bill: bool
) -> None:
    assert is_bill_of_supply(treatments) is is_bill


def test_bills_of_supply_and_tax_invoices_are_numbered_apart(agency: Person) -> None:
    numbers = [
        issue(agency, a_draft(agency, *treatments))
        for treatments in (["exempt"], ["service_fee"], ["exempt", "service_fee"], ["exempt", None])
    ]
    assert numbers == [
        "B/2026-27/000001",
        "2026-27/000001",
        "2026-27/000002",
        "B/2026-27/000002",
    ]
    assert findings(agency) == []


def test_the_page_before_issuing_names_the_next_number(agency: Person) -> None:
    issue(agency, a_draft(agency, "service_fee"))
    invoice_id = a_draft(agency, "exempt")
    assert (
        "It gets number B/2026-27/000001"
        in Page(agency.tab.get(f"/invoices/{invoice_id}/issue")).words()
    )
    issue(agency, invoice_id)
    page = Page(agency.tab.get(f"/invoices/{invoice_id}"))
    assert page.words(".//*[@id='sheet']//h2") == "Bill of supply"
    assert "B/2026-27/000001" in page.words(".//*[@id='sheet']")


def test_each_series_has_its_own_order_of_days(agency: Person) -> None:
    def in_order(invoice_id: UUID) -> str | None:
        return agency.does(lambda actor: issuing.issue_invoice(actor, invoice_id).number)

    in_order(a_draft(agency, "service_fee", on=LATE))
    assert in_order(a_draft(agency, "exempt", on=EARLY)) == "B/2026-27/000001"
    in_order(a_draft(agency, "exempt", on=LATE))
    early = a_draft(agency, "exempt", on=EARLY)
    with pytest.raises(DocumentOutOfOrder) as refused:
        in_order(early)
    assert refused.value.further is not None
    assert refused.value.further[1]["number"] == "B/2026-27/000002"
    page = Page(agency.tab.get(f"/invoices/{early}/issue")).words()
    assert "Invoice B/2026-27/000002 of 20 Jun 2026 is already issued." in page


def test_two_bills_of_supply_at_once_get_two_numbers(agency: Person) -> None:
    one, two = a_draft(agency, "exempt"), a_draft(agency, "exempt")
    assert sorted(at_once([lambda: issue(agency, one), lambda: issue(agency, two)])) == [
        "B/2026-27/000001",
        "B/2026-27/000002",
    ]


def test_a_missing_number_is_found(agency: Person, owner_engine: sa.Engine) -> None:
    issue(agency, a_draft(agency, "exempt"))
    issue(agency, a_draft(agency, "service_fee"))
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update number_series set last_number = 2 where tenant_id = :tenant_id"
                " and series = 'bill_of_supply'"
            ),
            {"tenant_id": agency.actor.tenant_id},
        )
    (finding,) = findings(agency)
    assert str(finding) == (
        "numbers: the bills of supply of 2026-27 carry 1 numbers from 1 to 1, given out were 2"
    )
    page = agency.tab.get("/months/2026-06/close").text
    assert "Numbers of bills of supply are missing in 2026-27." in page
