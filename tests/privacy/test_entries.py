"""Every kind of journal entry that may name a person is found by an erasure."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft_bill, issued, line, pay
from tests.billing.test_accruals import STAY
from tests.billing.test_expected_bills import booked, expected
from tests.billing.test_payouts import paid_out
from tests.people import Person
from tests.privacy.people import NAME
from tests.privacy.test_erasure import dump, erase
from tests.privacy.test_mentions import link_all, offered
from tests.trips.things import a_trip
from voyagent.billing.accruals import service as accruals
from voyagent.billing.bills import service as bills
from voyagent.billing.core.service.matching import Match
from voyagent.billing.payments.service.payments import pay_bill
from voyagent.parties.service import parties
from voyagent.privacy.queries import person as held
from voyagent.privacy.rules.register import BY_TABLE, ENTRY_TEXTS

ROOT = Path(__file__).resolve().parents[2] / "voyagent"
VARIABLES = {
    ("billing/cancellations/service.py", "kind.name"): {"invoice", "bill"},
    ("billing/core/service/credits.py", "kind.name"): {"credit_note", "supplier_credit"},
    ("billing/core/service/earning.py", "source[0]"): {
        *("invoice", "bill"),
        *("credit_note", "supplier_credit"),
    },
    ("billing/core/service/posting.py", "kind.name"): {"invoice", "bill"},
    ("billing/payments/service/settling.py", "source_type"): {"payment", "allocation"},
    ("reports/queries/day_book.py", "first['source_type']"): set(),
    ("reports/queries/general_ledger.py", "row['source_type']"): set(),
}
"""Types of sources that are no constant, by file and expression; reports only read them."""
REVERSAL = "journal_entry"
"""Type of the source of a reversal, which `entries.reverse` sets."""


def kinds_posted() -> set[str]:
    """Return the types of sources of all journal entries that the program posts."""
    found = {REVERSAL}
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.keyword) or node.arg != "source_type":
                continue
            match node.value:
                case ast.Constant(value=str(kind)):
                    found.add(kind)
                case ast.Name(id=name) if isinstance(kind := constants.get(name), str):
                    found.add(kind)
                case other:
                    place = (path.relative_to(ROOT).as_posix(), ast.unparse(other))
                    found |= VARIABLES[place]
    return found


def test_every_kind_of_entry_has_a_decision_about_the_names_in_its_texts() -> None:
    """A new kind of entry needs a row in ENTRY_TEXTS, and what the row says."""
    assert kinds_posted() == ENTRY_TEXTS.keys()
    source = (ROOT / "privacy" / "sql" / "entries_of_party.sql").read_text()
    for kind, how in ENTRY_TEXTS.items():
        assert (f"'{kind}'" in source) is (how == "document"), kind
    assert REVERSAL not in source.replace("journal_entries", "")
    assert "reverses_id" in source


def of_party(person: Person, **given: Any) -> UUID:
    return person.does(lambda actor: parties.create(actor, name=NAME, **given).id)


def accrued(person: Person, trip_id: UUID, **given: Any) -> UUID:
    """Accrue the cost of a stay that names the person, and return its expected bill."""
    stay = STAY.model_copy(update={"name": f"Villa of {NAME}"})
    before = {one["id"] for one in expected(person)}
    booked(person, trip_id, stay, cost="1200.00", **given)
    person.does(lambda actor: len(accruals.accrue(actor, date(2024, 11, 1))))
    (found,) = (one for one in expected(person) if one["id"] not in before)
    return UUID(found["id"])


def narrations(engine: sa.Engine, person: Person) -> list[str]:
    """Return the narrations of an agency that name the person, in order."""
    named = "select narration from journal_entries where tenant_id = :t and narration like :name"
    with engine.connect() as connection:
        values = {"t": person.actor.tenant_id, "name": f"%{NAME}%"}
        return sorted(connection.scalars(sa.text(named), values))


def has_names_in_books(engine: sa.Engine, person: Person) -> bool:
    rows = dump(engine, person)
    return any(NAME in rows[table] for table in ("journal_entries", "postings"))


def test_the_supplier_of_accrued_cost_is_erased(alice: Person, owner_engine: sa.Engine) -> None:
    """One bill leaves a rest, which is released; no bill comes for the other service."""
    party_id, trip_id = of_party(alice, is_supplier=True), a_trip(alice)
    one, other = (accrued(alice, trip_id, supplier=NAME) for _ in range(2))
    on = date(2024, 12, 9)
    bill_id = draft_bill(
        alice, line("1000.00", quantity=1), vendor_name=NAME, issue_date=on, due_date=on
    )
    alice.does(bills.match_bill, bill_id, [Match(1, one)])
    alice.does(bills.receive_draft, bill_id, variance_reason="Discount")
    alice.does(lambda actor: pay_bill(actor, bill_id, on=on).id)
    alice.does(accruals.release_accrual, other, reason=f"{NAME} sends none", on=on)
    found = narrations(owner_engine, alice)
    for begin in ("Accrued cost of", "Accrued cost not billed", "Release of the accrued cost"):
        assert any(narration.startswith(begin) for narration in found), begin
    with alice.acting():
        rows = held.rows_of(held.links_of(party_id), BY_TABLE["journal_entries"])
    assert sorted(row["narration"] for row in rows) == found, "an export has all of them"
    erase(alice, party_id)
    assert not has_names_in_books(owner_engine, alice)


@pytest.mark.parametrize("is_own", [True, False])
def test_a_traveller_is_erased_in_the_accrued_cost_of_a_trip(
    alice: Person, charlie: Person, owner_engine: sa.Engine, *, is_own: bool
) -> None:
    """The trip is invoiced to the person, or to somebody else and confirmed."""
    for person in (alice, charlie):
        accrued(person, a_trip(person, title="Another trip"))
    party_id, trip_id = of_party(alice, is_customer=True), a_trip(alice, title=f"{NAME}, Goa")
    customer = NAME if is_own else "Rajiv Menon"
    invoice_id = issued(alice, line("10.00", quantity=1), trip_id=trip_id, customer_name=customer)
    pay(alice, invoice_id, 10_00)
    accrued(alice, trip_id)
    if not is_own:
        link_all(alice, party_id, {"trip": trip_id})
    erase(alice, party_id)
    (left,) = narrations(owner_engine, alice)
    assert left == f"Accrued cost of Villa of {NAME}", "that of a trip which is not confirmed"
    assert len(narrations(owner_engine, charlie)) == 1


def test_accrued_cost_of_another_trip_and_a_reversed_payout_are_offered(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """A reversal removes the payout from its payments, so no payment leads to it."""
    accrued(alice, a_trip(alice, title="Another trip"))
    payout_id = paid_out(alice)
    undone = {"reason": f"{NAME} disputes it", "reversed_on": "2024-06-28"}
    assert alice.api.post(f"/payouts/{payout_id}/reverse", json=undone).status_code == 200
    (customer,) = alice.api.get(f"/parties?q={NAME}").json["items"]
    party_id = UUID(customer["id"])
    records = {one for kind, one, _why in offered(alice, party_id) if kind == "journal_entry"}
    assert len(records) == 2
    for record_id in records:
        link_all(alice, party_id, {"journal_entry": record_id})
    erase(alice, party_id)
    assert not has_names_in_books(owner_engine, alice)
    assert NAME not in dump(owner_engine, alice)["audit_private"]
