"""Imports of advances: open payments of the former program."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.test_api import code
from tests.imports.test_documents import invoices, sent
from tests.imports.test_opening import DAY, opened
from tests.imports.test_parties import findings
from tests.people import People, Person
from voyagent.ledger.service import months
from voyagent.reports.queries.checks import findings as unsound

HEAD = "party,reference,paid_on,currency,amount\n"
CUSTOMERS = HEAD + 'Deepa Krishnan,R-17,2026-02-10,INR,"3,000.00"\nAl Noor,R-18,2026-03-31,,150\n'
SUPPLIERS = HEAD + "BSP India,P-4,2026-03-20,INR,500\n"
INVOICE = (
    "party,reference,issue_date,due_date,currency,amount\nDeepa"
    " Krishnan,OLD-17,2026-02-20,2026-03-12,INR,4000\n"
)
BALANCES = """account,currency,debit,credit
1100,INR,100,
2200,INR,,3150
1320,INR,500,
3000,INR,2550,
"""


def payments(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = person.api.get("/payments").json["items"]
    return found


def test_advances_keep_number_and_date_and_post_nothing_to_the_bank(alice: Person) -> None:
    assert findings(sent(alice, "customer_advances", CUSTOMERS, dry_run=True)) == []
    assert payments(alice) == []
    assert findings(sent(alice, "customer_advances", CUSTOMERS)) == []
    assert findings(sent(alice, "supplier_advances", SUPPLIERS)) == []
    imported = [
        (
            one["number"],
            one["direction"],
            one["party_name"],
            one["reference"],
            one["paid_on"],
            one["unapplied_amount"],
        )
        for one in payments(alice)
    ]
    assert imported == [
        ("A/2025-26/000002", "in", "Al Noor", "R-18", "2026-03-31", "150.00"),
        ("A/2025-26/000003", "out", "BSP India", "P-4", "2026-03-20", "500.00"),
        ("A/2025-26/000001", "in", "Deepa Krishnan", "R-17", "2026-02-10", "3000.00"),
    ]
    assert {one["account"] for one in payments(alice)} == {"opening_balances"}
    assert opened(alice) == {
        ("customer_advances", "INR"): -315_000,
        ("supplier_advances", "INR"): 50_000,
        ("opening_balances", "INR"): 265_000,
    }
    entries = alice.api.get("/journal-entries").json["items"]
    assert "Balance of receipt R-17, Deepa Krishnan" in {entry["narration"] for entry in entries}
    page = alice.browser.get(f"/payments/{payments(alice)[0]['id']}")
    assert "Opening balances" in page.text
    with alice.reading() as reader:
        assert list(unsound(reader)) == []


def test_advances_and_balances_together_clear_the_suspense_account(
    alice: Person,
) -> None:
    for kind, content in (
        ("opening_balances", BALANCES),
        ("customer_advances", CUSTOMERS),
        ("supplier_advances", SUPPLIERS),
    ):
        assert findings(sent(alice, kind, content)) == []
    assert ("opening_balances", "INR") not in opened(alice)
    report = alice.api.get(
        "/reports/receivables?from=2020-01-01&to=2200-12-31&as_of=2026-04-01"
    ).json
    assert [
        (one["count"], one["amount"]["amount"]) for one in report["advances"]["aging_buckets"][:2]
    ] == [(1, "-150.00"), (1, "-3000.00")]
    with alice.reading() as reader:
        assert list(unsound(reader)) == []


def test_an_imported_advance_is_allocated_and_refunded_as_usual(alice: Person) -> None:
    sent(alice, "customer_advances", CUSTOMERS)
    sent(alice, "open_invoices", INVOICE)
    other, deepa = payments(alice)
    invoice = invoices(alice)[0]["id"]
    allocated = alice.api.post(
        f"/payments/{deepa['id']}/allocate", json={"effective_on": "2026-04-02"}
    )
    assert allocated.status_code in (200, 201), allocated.text
    assert alice.api.get(f"/invoices/{invoice}").json["open_amount"] == "1000.00"
    refunded = alice.api.post(f"/payments/{other['id']}/refund", json={"refunded_on": "2026-04-03"})
    assert refunded.status_code in (200, 201), refunded.text
    assert opened(alice)["bank", "INR"] == -15_000
    assert ("customer_advances", "INR") not in opened(alice)
    with alice.reading() as reader:
        assert list(unsound(reader)) == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (",X,2026-03-01,INR,1", ("party", "missing")),
        ("A,,2026-03-01,INR,1", ("reference", "missing")),
        ("A,R-17,2026-03-01,INR,1", ("reference", "twice_in_file")),
        ("A,X,1 March,INR,1", ("paid_on", "date_parsing")),
        ("A,X,2026-04-01,INR,1", ("paid_on", "paid_after_day")),
        ("A,X,2024-05-10,INR,1", ("paid_on", "period_locked")),
        ("A,X,2026-03-01,XXX,1", ("currency", "invalid_currency")),
        ("A,X,2026-03-01,INR,0", ("amount", "invalid_amount")),
        ("A,X,2026-03-01,INR,1.001", ("amount", "invalid_amount")),
        ("A,X,2026-03-01,INR,-5", ("amount", "string_pattern_mismatch")),
        ("A,X,2026-03-01,INR", (None, "cells_do_not_fit")),
    ],
)
def test_every_invalid_row_is_reported_and_nothing_imported(
    alice: Person, row: str, expected: tuple[str | None, str]
) -> None:
    alice.does(months.close_month, date(2024, 5, 1))
    content = CUSTOMERS + row + "\n"
    assert findings(sent(alice, "customer_advances", content, dry_run=True)) == [(4, *expected)]
    assert code(sent(alice, "customer_advances", content)) == (422, "import_has_findings")
    assert (payments(alice), opened(alice)) == ([], {})


def test_all_invalid_cells_of_a_row_are_reported_together(alice: Person) -> None:
    found = findings(
        sent(alice, "customer_advances", CUSTOMERS + ",X,2026-04-01,XXX,a lot\n", dry_run=True)
    )
    expected = (
        ("party", "missing"),
        ("paid_on", "paid_after_day"),
        ("currency", "invalid_currency"),
        ("amount", "string_pattern_mismatch"),
    )
    assert found == [(4, *one) for one in expected]


def test_an_imported_number_is_unique_per_direction_and_agency(
    alice: Person, charlie: Person
) -> None:
    sent(alice, "customer_advances", CUSTOMERS)
    again = CUSTOMERS + "Somebody,R-19,2026-03-01,INR,1\n"
    assert findings(sent(alice, "customer_advances", again, dry_run=True)) == [
        (2, "reference", "former_payment_taken"),
        (3, "reference", "former_payment_taken"),
    ]
    assert sent(alice, "customer_advances", CUSTOMERS).json["is_repeat"] is True
    assert findings(sent(alice, "supplier_advances", CUSTOMERS)) == []
    assert findings(sent(charlie, "customer_advances", CUSTOMERS)) == []
    assert len(payments(alice)) == 4


def test_the_date_is_required_and_the_role_must_allow_the_import(
    people: People, alice: Person
) -> None:
    for kind in ("customer_advances", "supplier_advances"):
        assert code(sent(alice, kind, CUSTOMERS, on=None)) == (422, "day_needed")
        assert (
            sent(people.colleague(alice, "Vera Agent", role="agent"), kind, CUSTOMERS).status_code
            == 403
        )
        assert (
            sent(
                people.colleague(alice, "Vera Lead", role="accounting_lead"),
                kind,
                CUSTOMERS,
                dry_run=True,
            ).status_code
            == 200
        )


def test_only_imports_record_payments_against_opening_balances(
    alice: Person, owner_engine: sa.Engine
) -> None:
    body = {
        "direction": "in",
        "party_name": "Deepa",
        "amount": "1",
        "currency": "INR",
        "paid_on": DAY,
        "account": "opening_balances",
    }
    assert alice.api.post("/payments", json=body).status_code == 422
    sent(alice, "customer_advances", CUSTOMERS)
    with owner_engine.begin() as connection, pytest.raises(sa.exc.IntegrityError):
        connection.execute(
            sa.text("update payments set reference = null where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
