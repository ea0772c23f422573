"""Earnings of trips by day: stored sums equal the lines of the documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft, issued, line, pay, receive, write_off
from tests.ledger.books import bind, post, stored
from tests.people import Person
from tests.trips.things import a_trip
from voyagent.billing.bills import service as bill_service
from voyagent.billing.credit_notes import service as credit_note_service
from voyagent.billing.invoices.service import issuing
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries
from voyagent.reports.queries import checks

MAY, JUNE, JULY = date(2026, 5, 4), date(2026, 6, 10), date(2026, 7, 3)
EARNED = (
    "select day, trip_id, currency, revenue_minor, cost_minor from trip_earnings where tenant_id ="
    " :t order by day, trip_id, currency"
)
Earned = dict[tuple[date, str], tuple[int, int]]


def sold(
    person: Person,
    trip_id: UUID | None,
    price: str = "1000.00",
    currency: str = "INR",
    **values: Any,
) -> UUID:
    item: Any = line(price, quantity=1, currency=currency) | values
    return issued(person, item, issue_date=MAY, due_date=MAY, trip_id=trip_id)


def bought(
    person: Person,
    trip_id: UUID | None,
    price: str = "600.00",
    reference: str = "A-1",
    **values: Any,
) -> UUID:
    item: Any = line(price, quantity=1) | values
    return receive(
        person,
        item,
        vendor_reference=reference,
        issue_date=MAY,
        due_date=MAY,
        trip_id=trip_id,
    )


def credit_note_on(person: Person, invoice_id: UUID, on: date = JUNE) -> UUID:
    amounts = {1: Money(30_000, "INR")}
    return person.does(
        lambda actor: (
            credit_note_service.issue_credit_note(
                actor, invoice_id, reason="Not travelled", on=on, amounts=amounts
            ).id
        )
    )


def credited(person: Person, bill_id: UUID) -> UUID:
    amounts = {1: Money(20_000, "INR")}
    return person.does(
        lambda actor: (
            supplier_credit_service.credit_bill(
                actor,
                bill_id,
                vendor_reference="A-C1",
                reason="Not travelled",
                on=JUNE,
                amounts=amounts,
            ).id
        )
    )


def invoice_of_later(person: Person, trip_id: UUID) -> UUID:
    return sold(person, trip_id, service_date=JULY)


def two_entries_of_one_day(person: Person, trip_id: UUID) -> None:
    sold(person, trip_id)
    sold(person, trip_id, "5.00")
    bought(person, trip_id)


def two_currencies(person: Person, trip_id: UUID) -> None:
    sold(person, trip_id)
    sold(person, trip_id, "7.00", "USD")


def bill_credit_taken_back(person: Person, trip_id: UUID) -> None:
    credit_id = credited(person, bought(person, trip_id))
    person.does(
        supplier_credit_service.reverse_supplier_credit, credit_id, reason="Wrong bill", on=JULY
    )


ACTS: dict[str, tuple[Callable[[Person, UUID], Any], Earned]] = {
    "an invoice": (sold, {(MAY, "INR"): (100_000, 0)}),
    "a bill": (bought, {(MAY, "INR"): (0, 60_000)}),
    "two of one day": (two_entries_of_one_day, {(MAY, "INR"): (100_500, 60_000)}),
    "two currencies": (two_currencies, {(MAY, "INR"): (100_000, 0), (MAY, "USD"): (700, 0)}),
    "an invoice as agent": (
        lambda who, trip: sold(who, trip, sold_as="agent", commission="80.00"),
        {(MAY, "INR"): (8_000, 0)},
    ),
    "deferred income": (invoice_of_later, {(JULY, "INR"): (100_000, 0)}),
    "a prepaid cost": (
        lambda who, trip: bought(who, trip, service_date=JULY),
        {(JULY, "INR"): (0, 60_000)},
    ),
    "a credit note": (
        lambda who, trip: credit_note_on(who, sold(who, trip)),
        {(MAY, "INR"): (100_000, 0), (JUNE, "INR"): (-30_000, 0)},
    ),
    "a credit note on deferred income": (
        lambda who, trip: credit_note_on(who, invoice_of_later(who, trip)),
        {(JULY, "INR"): (70_000, 0)},
    ),
    "a credit note taken back": (
        lambda who, trip: who.does(
            credit_note_service.reverse_credit_note,
            credit_note_on(who, sold(who, trip)),
            reason="Wrong invoice",
            on=JULY,
        ),
        {(MAY, "INR"): (100_000, 0), (JUNE, "INR"): (-30_000, 0), (JULY, "INR"): (30_000, 0)},
    ),
    "a supplier's credit": (
        lambda who, trip: credited(who, bought(who, trip)),
        {(MAY, "INR"): (0, 60_000), (JUNE, "INR"): (0, -20_000)},
    ),
    "a supplier's credit taken back": (
        bill_credit_taken_back,
        {(MAY, "INR"): (0, 60_000), (JUNE, "INR"): (0, -20_000), (JULY, "INR"): (0, 20_000)},
    ),
    "a void invoice": (
        lambda who, trip: who.does(issuing.void_invoice, sold(who, trip), reason="Twice", on=JUNE),
        {(MAY, "INR"): (100_000, 0), (JUNE, "INR"): (-100_000, 0)},
    ),
    "a void invoice with deferred income": (
        lambda who, trip: who.does(
            issuing.void_invoice, invoice_of_later(who, trip), reason="Twice", on=JUNE
        ),
        {(JULY, "INR"): (0, 0)},
    ),
    "a void bill of the same day": (
        lambda who, trip: who.does(
            bill_service.void_bill, bought(who, trip), reason="Twice", on=MAY
        ),
        {(MAY, "INR"): (0, 0)},
    ),
    "a payment and a write-off": (
        lambda who, trip: [
            pay(who, (id_ := sold(who, trip)), 40_000, JUNE),
            write_off(who, id_, reason="Lost", on=JUNE),
        ],
        {(MAY, "INR"): (100_000, 0)},
    ),
    "a draft": (lambda who, trip: draft(who, trip_id=trip), {}),
}


def earned(engine: sa.Engine, person: Person, trip_id: UUID) -> Earned:
    rows = stored(engine, EARNED, t=person.actor.tenant_id)
    assert {row["trip_id"] for row in rows} <= {trip_id}
    return {
        (row["day"], row["currency"]): (row["revenue_minor"], row["cost_minor"]) for row in rows
    }


def untied(person: Person) -> list[str]:
    with person.reading() as reader:
        return [str(one) for one in checks.findings(reader) if one.check == "trips"]


@pytest.mark.parametrize("what", ACTS)
def test_after_each_act_the_roll_up_equals_the_lines_of_the_trip(
    alice: Person, owner_engine: sa.Engine, what: str
) -> None:
    act, expected = ACTS[what]
    trip_id = a_trip(alice, title="Dubai")
    sold(alice, None, "70.00")
    bought(alice, None, "20.00", "B-1")
    act(alice, trip_id)
    assert earned(owner_engine, alice, trip_id) == expected
    assert untied(alice) == []


def test_a_reversed_reversal_belongs_to_the_trip(alice: Person, owner_engine: sa.Engine) -> None:
    trip_id = a_trip(alice)
    invoice_id = sold(alice, trip_id)
    (entry,) = stored(owner_engine, "select entry_id from invoices where id = :i", i=invoice_id)
    first = alice.does(entries.reverse, entry["entry_id"], reason="Wrong", entry_date=JUNE)
    alice.does(entries.reverse, first.entry_id, reason="Right", entry_date=JULY)
    assert earned(owner_engine, alice, trip_id) == {
        (MAY, "INR"): (100_000, 0),
        (JUNE, "INR"): (-100_000, 0),
        (JULY, "INR"): (100_000, 0),
    }
    assert untied(alice) == []


def test_an_entry_without_a_trip_adds_no_earnings(alice: Person, owner_engine: sa.Engine) -> None:
    entry = post(alice)
    alice.does(entries.reverse, entry.entry_id, reason="Wrong")
    assert stored(owner_engine, EARNED, t=alice.actor.tenant_id) == []


def test_an_entry_for_another_agency_s_trip_is_refused(alice: Person, charlie: Person) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="fk_journal_entries_trip"):
        post(alice, trip_id=a_trip(charlie))


def test_a_posted_entry_keeps_its_trip(
    alice: Person, owner_engine: sa.Engine, app_engine: sa.Engine
) -> None:
    sold(alice, a_trip(alice))
    for engine in (owner_engine, app_engine):
        with (
            pytest.raises(sa.exc.DBAPIError, match=r"append-only|permission denied"),
            engine.begin() as connection,
        ):
            bind(connection, alice)
            connection.execute(
                sa.text("update journal_entries set trip_id = null where tenant_id = :t"),
                {"t": alice.actor.tenant_id},
            )
