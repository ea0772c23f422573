"""Rules of allocations: parts of a payment settle documents, and can be taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.billing import queries
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN, RATE_COLUMNS
from voyagent.billing.core.models.payments import Allocation, Payment
from voyagent.billing.queries.open_documents import Kind
from voyagent.billing.service.errors import DocumentNotOpen, InvalidDate
from voyagent.billing.service.exchange import columns_of, quote_of
from voyagent.billing.service.payment_errors import (
    AllocationTakenBack,
    AnotherParty,
    DocumentTwice,
    NothingLeft,
    NothingOpen,
    NothingToAllocate,
    PaymentExceedsOpen,
    PaymentOverAllocated,
    PaymentReversed,
)
from voyagent.billing.service.settling import (
    CONTROL,
    Part,
    Settlement,
    exchange_sides,
    settlement_of,
)
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.kernel.tenancy import current_tenant
from voyagent.ledger import service as ledger

Direction = Literal["in", "out"]
PARTS_MAX = 200

# One statement for all documents, so that the roll-ups behind it are taken in one order by
# everybody.
_MOVE = {
    "in": text(
        "update invoices d set paid_minor = d.paid_minor + m.minor, updated_at = :now, status ="
        " case when d.paid_minor + d.credited_minor + m.minor = d.total_minor then 'paid' when"
        " d.paid_minor + m.minor > 0 then 'partially_paid' else 'issued' end from unnest(cast(:ids"
        " as uuid[]), cast(:minors as bigint[])) m(id, minor) where d.tenant_id = :tenant_id and"
        " d.id = m.id"
    ),
    "out": text(
        "update bills d set paid_minor = d.paid_minor + m.minor, updated_at = :now, status = case"
        " when d.paid_minor + d.credited_minor + m.minor = d.total_minor then 'paid' when d.status"
        " <> 'paid' then d.status when d.pay_on is null then 'received' else 'scheduled' end from"
        " unnest(cast(:ids as uuid[]), cast(:minors as bigint[])) m(id, minor) where d.tenant_id ="
        " :tenant_id and d.id = m.id"
    ),
}
_MOVES = {"allocation": "payment.record", "payment": "payment.reverse"}
"""Permission to move an amount, by the type of the entry's source."""


def allocate(
    actor: Actor, payment_id: UUID, *, parts: Sequence[Part] | None = None, on: date | None = None
) -> Payment:
    """Allocate an advance to documents of its party, from a day on (default today).

    The amount moves from the account of advances to that of the documents. Without parts, the
    documents due longest take what is left. The day is not before the payment, any document's
    issue, or the last deallocation of either, so that reports of earlier days stay correct.

    Raises Forbidden, PaymentNotFound, PaymentReversed, NothingLeft, NothingOpen, NothingToAllocate,
    DocumentTwice, InvoiceNotFound, BillNotFound, AnotherParty, DocumentNotOpen, InvalidDate, and
    the errors of `settling.settlement_of`; PaymentExceedsOpen, PaymentOverAllocated; PeriodLocked.
    """
    actor.require_authority("payment.record")
    payment = queries.get_payment(payment_id, lock=True)
    check_left(payment)
    day = day_of(actor, on, payment.paid_on)
    if parts is None:
        parts = oldest_first(
            payment.direction,
            payment.party_name,
            Money(payment.unapplied_minor, payment.currency),
            day,
        )
        if not parts:
            raise NothingOpen
    if not parts:
        raise NothingToAllocate
    documents = lock_documents(payment.direction, [part.document_id for part in parts])
    settlements = check_parts(
        actor, payment, parts, documents, day, left_minor=payment.unapplied_minor
    )
    alike = [part for part in settlements if not part.is_exchanged]
    if alike:
        allocations = [new_allocation(payment, part, day) for part in alike]
        total = Money(sum(part.amount.amount_minor for part in alike), payment.currency)
        entry_id = move(
            actor,
            payment,
            total,
            day,
            source=("allocation", allocations[0].id, "allocate"),
            take_back=False,
        )
        settle(payment, allocations, entry_id)
        audit.record(
            actor,
            "payment.allocated",
            entity_refs=refs_of(payment, alike) | {"journal_entry_id": entry_id},
            outputs=told(alike, day),
        )
    exchange(actor, payment, settlements, day)
    return payment


def exchange(actor: Actor, payment: Payment, settlements: Sequence[Settlement], day: date) -> None:
    """Allocate an advance to documents in another currency, each by an entry of its own."""
    actor.require_authority("payment.record")
    for part in settlements:
        if not part.is_exchanged:
            continue
        allocation = new_allocation(payment, part, day)
        posted = ledger.post(
            actor,
            source_type="allocation",
            source_id=allocation.id,
            purpose="exchange",
            narration=f"Exchanged for a document, {payment.number}, {payment.party_name}",
            lines=ledger.lines_of(
                exchange_sides(payment.direction, part),
                memo=payment.number,
                party_name=payment.party_name,
            ),
            entry_date=day,
        )
        settle(payment, [allocation], posted.entry_id)
        audit.record(
            actor,
            "payment.allocated",
            entity_refs=refs_of(payment, [part]) | {"journal_entry_id": posted.entry_id},
            outputs=told([part], day),
        )


def settlements_now(
    actor: Actor, payment: Payment, parts: Sequence[Part], day: date, *, left_minor: int
) -> list[Settlement]:
    """Return what parts of a payment would settle now, without locks.

    Raises the errors of `allocate`.
    """
    if ledger.is_closed(day):
        raise ledger.PeriodLocked
    _check_named([part.document_id for part in parts])
    get = queries.get_invoice if payment.direction == "in" else queries.get_bill
    return check_parts(
        actor,
        payment,
        parts,
        {part.document_id: get(part.document_id) for part in parts},
        day,
        left_minor=left_minor,
    )


def allocation_sides(
    actor: Actor, payment: Payment, parts: Sequence[Part], on: date | None = None
) -> list[tuple[str, int, Money]]:
    """Return the journal lines of an allocation: purpose, 1 debit or -1 credit, amount.

    Raises the errors of `allocate`.
    """
    check_left(payment)
    settlements = settlements_now(
        actor,
        payment,
        parts,
        day_of(actor, on, payment.paid_on),
        left_minor=payment.unapplied_minor,
    )
    alike = sum(part.amount.amount_minor for part in settlements if not part.is_exchanged)
    left, right = _accounts(payment, take_back=False)
    sides = (
        [(left, 1, Money(alike, payment.currency)), (right, -1, Money(alike, payment.currency))]
        if alike
        else []
    )
    return sides + [
        side
        for part in settlements
        if part.is_exchanged
        for side in exchange_sides(payment.direction, part)
    ]


def check_left(payment: Payment) -> None:
    """Check that a payment has an unused amount. Raises PaymentReversed, NothingLeft."""
    if payment.reversed_on is not None:
        raise PaymentReversed
    if payment.unapplied_minor == 0:
        raise NothingLeft


def deallocate(
    actor: Actor, payment_id: UUID, allocation_id: UUID, *, on: date | None = None
) -> Payment:
    """Take back a whole allocation from a day on (default today), once.

    The document is open again and the payment has the amount. The allocation is kept beside a
    counter-allocation.

    Raises Forbidden, PaymentNotFound, AllocationNotFound, AllocationTakenBack, InvalidDate;
    PeriodLocked.
    """
    actor.require_authority("payment.record")
    payment = queries.get_payment(payment_id, lock=True)
    allocation = queries.get_allocation(payment_id, allocation_id)
    if allocation.reverses_id is not None or queries.is_taken_back(allocation_id):
        raise AllocationTakenBack
    day = day_of(actor, on, allocation.effective_on)
    lock_documents(payment.direction, [allocation.document_id or allocation_id])
    part = settlement_kept(payment, allocation)
    counter = counter_of(payment, allocation, day)
    if allocation.is_exchanged:
        reason = f"Exchange taken back, {payment.number}, {payment.party_name}"
        entry_id = ledger.reverse(
            actor, allocation.entry_id, reason=reason, entry_date=day
        ).entry_id
    else:
        entry_id = move(
            actor,
            payment,
            part.amount,
            day,
            source=("allocation", counter.id, "unallocate"),
            take_back=True,
        )
    settle(payment, [counter], entry_id)
    audit.record(
        actor,
        "payment.unallocated",
        entity_refs=refs_of(payment, [part]) | {"journal_entry_id": entry_id},
        outputs=told([part], day),
    )
    return payment


def unallocation_sides(payment: Payment, allocation: Allocation) -> list[tuple[str, int, Money]]:
    """Return the journal lines of a deallocation in the payment's currency."""
    left, right = _accounts(payment, take_back=True)
    amount = Money(allocation.amount_minor, payment.currency)
    return [(left, 1, amount), (right, -1, amount)]


def oldest_first(direction: str, party_name: str, amount: Money, day: date) -> list[Part]:
    """Spread an amount over the party's open documents issued by a day, due longest first.

    Each row is locked.
    """
    kind: Kind = "receivable" if direction == "in" else "payable"
    ids = queries.open_document_ids(kind, party_name, amount.currency, day, limit=PARTS_MAX)
    held = sorted(queries.lock_documents(kind, ids), key=lambda document: ids.index(document.id))
    spread_over = [
        (document.id, document.open_minor) for document in held if document.status in OPEN
    ]
    return [
        Part(document_id, Money(minor, amount.currency))
        for document_id, minor in spread(amount.amount_minor, spread_over)
    ]


def spread(minor: int, documents: Sequence[tuple[UUID, int]]) -> list[tuple[UUID, int]]:
    """Spread an amount over open amounts in the given order; zeros are left out."""
    parts = []
    for document_id, open_minor in documents:
        taken = min(minor, open_minor)
        if taken > 0:
            parts.append((document_id, taken))
            minor -= taken
    return parts


def day_of(actor: Actor, given: date | None, earliest: date) -> date:
    """Return the day of an act on a payment: not before its predecessor, not in the future.

    Raises InvalidDate.
    """
    today = clock.today(actor.timezone)
    day = given or today
    if not earliest <= day <= today:
        raise InvalidDate
    return day


def lock_documents(direction: str, named: Sequence[UUID]) -> dict[UUID, Invoice | Bill]:
    """Lock documents in the order of their ids, so that two callers never deadlock.

    Raises NothingToAllocate, DocumentTwice, InvoiceNotFound, BillNotFound.
    """
    ids = _check_named(named)
    return {
        document.id: document
        for document in queries.lock_documents(
            "receivable" if direction == "in" else "payable", ids
        )
    }


def _check_named(named: Sequence[UUID]) -> set[UUID]:
    if len(named) > PARTS_MAX:
        raise NothingToAllocate
    ids = set(named)
    if len(ids) < len(named):
        raise DocumentTwice
    return ids


def check_parts(
    actor: Actor,
    payment: Payment,
    parts: Sequence[Part],
    documents: dict[UUID, Invoice | Bill],
    day: date,
    *,
    left_minor: int,
) -> list[Settlement]:
    """Return how documents take parts of a payment; `left_minor` is the unused amount.

    Raises the errors of `allocate`.
    """
    settlements = []
    for part in parts:
        document = documents[part.document_id]
        if document.status not in OPEN:
            raise DocumentNotOpen
        if document.party_name.lower() != payment.party_name.lower():
            raise AnotherParty
        if part.amount.currency != payment.currency:
            raise MixedCurrencies
        settlement = settlement_of(actor, part, document)
        if settlement.settled.amount_minor > document.open_minor:
            raise PaymentExceedsOpen
        if day < document.issue_date:
            raise InvalidDate
        settlements.append(settlement)
    if sum(part.amount.amount_minor for part in parts) > left_minor:
        raise PaymentOverAllocated
    last = queries.last_taken_back(payment.id, documents)
    if last is not None and day < last:
        raise InvalidDate
    return settlements


def new_allocation(payment: Payment, part: Settlement, day: date) -> Allocation:
    """Return a new allocation row; `settle` completes it."""
    columns: dict[str, Any] = {
        "invoice_id" if payment.direction == "in" else "bill_id": part.document_id
    }
    if part.is_exchanged:
        booked_minor = None if part.booked is None else part.booked.amount_minor
        columns |= columns_of(part.quote) | {
            "settled_minor": part.settled.amount_minor,
            "booked_minor": booked_minor,
        }
    return Allocation(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=part.amount.amount_minor,
        effective_on=day,
        **columns,
    )


def settlement_kept(payment: Payment, allocation: Allocation) -> Settlement:
    """Return a stored allocation as it was booked."""
    document = (
        queries.get_invoice(allocation.invoice_id)
        if allocation.invoice_id
        else queries.get_bill(allocation.bill_id or allocation.id)
    )
    booked = (
        None
        if allocation.booked_minor is None
        else Money(allocation.booked_minor, payment.currency)
    )
    settled = Money(allocation.settles_minor, document.currency)
    return Settlement(
        document.id,
        Money(allocation.amount_minor, payment.currency),
        settled,
        quote_of(allocation),
        booked,
    )


def counter_of(payment: Payment, allocation: Allocation, day: date) -> Allocation:
    """Return the row that takes an allocation back: negative amounts at the same rate."""
    columns: dict[str, Any] = {
        name: getattr(allocation, name) for name in ("invoice_id", "bill_id", *RATE_COLUMNS)
    }
    columns |= {
        name: None if (minor := getattr(allocation, name)) is None else -minor
        for name in ("amount_minor", "settled_minor", "booked_minor")
    }
    return Allocation(
        id=new_id(), payment_id=payment.id, reverses_id=allocation.id, effective_on=day, **columns
    )


def settle(payment: Payment, allocations: Sequence[Allocation], entry_id: UUID) -> None:
    """Store allocations with their entry, and update the locked payment and documents."""
    payment.allocated_minor += sum(allocation.amount_minor for allocation in allocations)
    for allocation in allocations:
        allocation.entry_id = entry_id
    db.session.add_all(allocations)
    db.session.flush()
    by_document: dict[UUID | None, int] = defaultdict(
        int
    )  # one may be settled twice by the same payment, and the statement takes each once
    for allocation in allocations:
        by_document[allocation.document_id] += allocation.settles_minor
    moved = {"ids": list(by_document), "minors": list(by_document.values())}
    db.session.execute(
        _MOVE[payment.direction],
        moved | {"now": clock.now(), "tenant_id": current_tenant(db.session)},
    )
    for held in db.session:  # what the statement changed is read anew
        if isinstance(held, Invoice | Bill):
            db.session.expire(held)


def refs_of(payment: Payment, parts: Sequence[Part | Settlement]) -> dict[str, UUID]:
    """Return the references of an event: the payment, and the document if it is one."""
    name = "invoice_id" if payment.direction == "in" else "bill_id"
    return {"payment_id": payment.id} | ({name: parts[0].document_id} if len(parts) == 1 else {})


def told(parts: Sequence[Settlement], day: date) -> dict[str, object]:
    """Return the parts for the audit, without names."""
    return {"parts": [_told(part) for part in parts], "effective_on": day.isoformat()}


def _told(part: Settlement) -> dict[str, str]:
    said = {
        "document_id": str(part.document_id),
        "amount": part.amount.wire,
        "currency": part.amount.currency,
    }
    return said | (
        {"settled_amount": part.settled.wire, "settled_currency": part.settled.currency}
        if part.is_exchanged
        else {}
    )


def _accounts(payment: Payment, *, take_back: bool) -> tuple[str, str]:
    """Return the debited and the credited account of a move between advances and documents.

    For incoming money an allocation debits advances; for outgoing money the other way round.
    """
    documents, advances = CONTROL[payment.direction]
    return (
        (advances, documents) if (payment.direction == "in") != take_back else (documents, advances)
    )


def move(
    actor: Actor,
    payment: Payment,
    amount: Money,
    day: date,
    *,
    source: tuple[str, UUID, str],
    take_back: bool,
) -> UUID:
    """Post a move between advances and documents.

    `source` is the type and id of its origin, and the purpose of the entry.
    """
    actor.require_authority(_MOVES[source[0]])
    source_type, source_id, purpose = source
    left, right = _accounts(payment, take_back=take_back)
    posted = ledger.post(
        actor,
        source_type=source_type,
        source_id=source_id,
        purpose=purpose,
        narration=(
            f"{'Taken back from' if take_back else 'Allocated to'} documents, {payment.number},"
            f" {payment.party_name}"
        ),
        lines=[
            ledger.debit(left, amount, party_name=payment.party_name, memo=payment.number),
            ledger.credit(right, amount, party_name=payment.party_name, memo=payment.number),
        ],
        entry_date=day,
    )
    return posted.entry_id
