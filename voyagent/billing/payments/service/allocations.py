"""Services that allocate payments to documents and take allocations back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.core.errors import CustomerCreditUnused
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.models.payments import Allocation, Payment
from voyagent.billing.core.queries.claims import has_claim
from voyagent.billing.core.queries.credits import is_of_open_invoice
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.service import advance_taxes
from voyagent.billing.core.service.carrying import carried_by_payment
from voyagent.billing.core.service.days import day_of
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.errors import (
    AllocationTakenBack,
    InvalidAllocations,
    NothingLeft,
    NothingOpen,
    PaymentClaimed,
    PaymentReversed,
)
from voyagent.billing.payments.queries import (
    allocations as allocation_queries,
    documents as payment_queries,
)
from voyagent.billing.payments.service.carried_lines import (
    exchange_lines,
    exchanged_back,
    moving_lines,
)
from voyagent.billing.payments.service.cash import (
    check_cash_limit,
    over_limit_output,
    over_limit_private,
)
from voyagent.billing.payments.service.settling import (
    PARTS_MAX,
    Part,
    Settlement,
    accounts_of,
    audit_outputs,
    check_named,
    check_parts,
    counter_of,
    exchange_sides,
    lock_documents,
    move,
    new_allocations,
    refs_of,
    settle,
    settlement_kept,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.ledger.rules import DIFFERENCES
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.errors import PeriodLocked


def allocate(
    actor: Actor,
    payment_id: UUID,
    *,
    parts: Sequence[Part] | None = None,
    on: date | None = None,
    over_cash_limit_reason: str | None = None,
) -> Payment:
    """Allocate an advance to documents of its party from a day on (default today).

    If `parts` is None, the unused amount is allocated to the open documents, earliest due date
    first.

    The day may not be before the payment date, the issue date of a document, or the last reversal
    that concerns the payment or a document. `over_cash_limit_reason` confirms cash for an invoice
    or a trip that the law forbids, for an actor with the permission `payment.over_cash_limit`.

    Raises Forbidden, PaymentNotFound, PaymentReversed, NothingLeft, NothingOpen,
    InvalidAllocations, DocumentTwice, InvoiceNotFound, BillNotFound, AnotherParty, DocumentNotOpen,
    InvalidDate, PaymentExceedsOpen, PaymentOverAllocated, AmountAboveLimit, CashLimit,
    SettledFarFromRate, PeriodLocked, and the errors of `settling.settlement_of`.
    """
    actor.require_authority("payment.record")
    payment = payment_queries.get_payment(payment_id, lock=True)
    check_left(payment)
    day = day_of(actor, on, payment.paid_on)
    if parts is None:
        parts = oldest_first(
            payment.direction,
            payment.party_key,
            Money(payment.unapplied_minor, payment.currency),
            day,
        )
        if not parts:
            raise NothingOpen
    if not parts:
        raise InvalidAllocations
    documents = lock_documents(payment.direction, [part.document_id for part in parts])
    settlements = check_parts(
        actor, payment, parts, documents, day, left_minor=payment.unapplied_minor
    )
    why = check_cash_limit(
        actor,
        payment,
        settlements,
        list(documents.values()),
        over_cash_limit_reason,
        is_new=False,
    )
    alike = [part for part in settlements if not part.is_exchanged]
    if alike:
        allocate_alike(actor, payment, alike, day, over_cash_limit_reason=why)
    exchange(actor, payment, settlements, day, over_cash_limit_reason=why)
    return payment


def allocate_alike(
    actor: Actor,
    payment: Payment,
    settlements: Sequence[Settlement],
    day: date,
    *,
    over_cash_limit_reason: str | None = None,
) -> None:
    """Post and store the allocations of an advance to documents in its own currency.

    `over_cash_limit_reason` is recorded with the allocations.
    """
    actor.require_authority("payment.record")
    minors = [part.amount.amount_minor for part in settlements]
    allocations = new_allocations(
        payment, settlements, day, carried_by_payment(payment, sum(minors))
    )
    entry_id = move(
        actor,
        payment,
        moving_lines(actor, payment, allocations),
        day,
        source=("allocation", allocations[0].id, "allocate"),
        take_back=False,
    )
    settle(payment, allocations, entry_id)
    advance_taxes.follow(actor, payment, day)
    audit.record(
        actor,
        "payment.allocated",
        entity_refs=refs_of(payment, settlements) | {"journal_entry_id": entry_id},
        outputs=audit_outputs(settlements, day) | over_limit_output(over_cash_limit_reason),
        private=over_limit_private(over_cash_limit_reason),
    )


def exchange(
    actor: Actor,
    payment: Payment,
    settlements: Sequence[Settlement],
    day: date,
    *,
    over_cash_limit_reason: str | None = None,
) -> None:
    """Post and store the allocations to documents in another currency.

    Settlements in the payment's currency are ignored. `over_cash_limit_reason` is recorded in the
    audit event of each allocation. It is None for a new payment, whose own event has it.
    """
    actor.require_authority("payment.record")
    for part in settlements:
        if not part.is_exchanged:
            continue
        base_minor = carried_by_payment(payment, part.amount.amount_minor)
        (allocation,) = new_allocations(payment, [part], day, base_minor)
        posted = entries.post(
            actor,
            source_type="allocation",
            source_id=allocation.id,
            purpose="exchange",
            narration=f"Exchanged for a document, {payment.number}, {payment.party_name}",
            lines=exchange_lines(actor, payment, allocation, part),
            entry_date=day,
            differences=DIFFERENCES,
        )
        settle(payment, [allocation], posted.entry_id)
        advance_taxes.follow(actor, payment, day)
        audit.record(
            actor,
            "payment.allocated",
            entity_refs=refs_of(payment, [part]) | {"journal_entry_id": posted.entry_id},
            outputs=audit_outputs([part], day) | over_limit_output(over_cash_limit_reason),
            private=over_limit_private(over_cash_limit_reason),
        )


def settlements_now(
    actor: Actor, payment: Payment, parts: Sequence[Part], day: date, *, left_minor: int
) -> list[Settlement]:
    """Check parts of a payment and return one Settlement for each part.

    A part is an amount to allocate to one document. Nothing is locked or stored. `left_minor` is
    the unused amount of the payment. Raises the errors of `allocate`.
    """
    if months.is_closed(day):
        raise PeriodLocked
    check_named([part.document_id for part in parts])
    get = invoice_queries.get_invoice if payment.direction == "in" else bill_queries.get_bill
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
    """Return the journal lines that an allocation would post.

    A journal line is a tuple: key of the account, 1 for debit or -1 for credit, and amount. Raises
    the errors of `allocate`.
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
    left, right = accounts_of(payment, take_back=False)
    sides = (
        [(left, 1, Money(alike, payment.currency)), (right, -1, Money(alike, payment.currency))]
        if alike
        else []
    )
    return sides + [
        side for part in settlements if part.is_exchanged for side in exchange_sides(payment, part)
    ]


def check_refundable(payments: Iterable[Payment]) -> None:
    """Check that no credit of a customer is refunded while its invoice is open.

    Raises CustomerCreditUnused.
    """
    notes = [one.credit_note_id for one in payments if one.credit_note_id is not None]
    if notes and is_of_open_invoice(notes):
        raise CustomerCreditUnused


def check_unclaimed(payment: Payment, document_ids: Iterable[UUID]) -> None:
    """Check that no refund of the bills it pays is claimed. Raises PaymentClaimed."""
    if payment.direction == "out" and has_claim(*document_ids):
        raise PaymentClaimed


def check_left(payment: Payment) -> None:
    """Check that a payment has an unused amount. Raises PaymentReversed, NothingLeft."""
    if payment.reversed_on is not None:
        raise PaymentReversed
    if payment.unapplied_minor == 0:
        raise NothingLeft


def deallocate(
    actor: Actor, payment_id: UUID, allocation_id: UUID, *, on: date | None = None
) -> Payment:
    """Take back a whole allocation on a day (default today).

    Raises Forbidden, PaymentNotFound, AllocationNotFound, AllocationTakenBack, PaymentClaimed,
    InvalidDate, PeriodLocked.
    """
    actor.require_authority("payment.record")
    payment = payment_queries.get_payment(payment_id, lock=True)
    allocation = allocation_queries.get_allocation(payment_id, allocation_id)
    if allocation.reverses_id is not None or allocation_queries.is_taken_back(allocation_id):
        raise AllocationTakenBack
    day = day_of(actor, on, allocation.effective_on)
    document_id = allocation.document_id or allocation_id
    lock_documents(payment.direction, [document_id])
    check_unclaimed(payment, [document_id])
    part = settlement_kept(payment, allocation)
    counter = counter_of(payment, allocation, day)
    if allocation.is_exchanged:
        reason = f"Exchange taken back, {payment.number}, {payment.party_name}"
        entry_id = entries.reverse(
            actor,
            allocation.entry_id,
            reason=reason,
            entry_date=day,
            carried=exchanged_back(payment, allocation),
        ).entry_id
    else:
        entry_id = move(
            actor,
            payment,
            moving_lines(actor, payment, [counter]),
            day,
            source=("allocation", counter.id, "unallocate"),
            take_back=True,
        )
    settle(payment, [counter], entry_id)
    advance_taxes.follow(actor, payment, day)
    audit.record(
        actor,
        "payment.unallocated",
        entity_refs=refs_of(payment, [part]) | {"journal_entry_id": entry_id},
        outputs=audit_outputs([part], day),
    )
    return payment


def deallocation_sides(payment: Payment, allocation: Allocation) -> list[tuple[str, int, Money]]:
    """Return the journal lines for taking back an allocation.

    The payment and the document must have the same currency. A journal line is a tuple: key of the
    account, 1 for debit or -1 for credit, and amount.
    """
    left, right = accounts_of(payment, take_back=True)
    amount = Money(allocation.amount_minor, payment.currency)
    return [(left, 1, amount), (right, -1, amount)]


def oldest_first(direction: str, party_key: str, amount: Money, day: date) -> list[Part]:
    """Distribute an amount over the party's open documents, earliest due date first.

    Only documents in the currency of `amount` that were issued up to `day` are used. These
    documents are locked until the transaction ends.
    """
    kind: Kind = "receivable" if direction == "in" else "payable"
    ids = allocation_queries.open_document_ids(
        kind, party_key, amount.currency, day, limit=PARTS_MAX
    )
    held = sorted(
        allocation_queries.lock_documents(kind, ids), key=lambda document: ids.index(document.id)
    )
    spread_over = [
        (document.id, document.open_minor) for document in held if document.status in OPEN
    ]
    return [
        Part(document_id, Money(minor, amount.currency))
        for document_id, minor in spread(amount.amount_minor, spread_over)
    ]


def spread(minor: int, documents: Sequence[tuple[UUID, int]]) -> list[tuple[UUID, int]]:
    """Distribute an amount over documents in order, each up to its open amount.

    `documents` are pairs of id and open amount; all amounts are in minor units. Documents that get
    nothing are left out.
    """
    parts = []
    for document_id, open_minor in documents:
        taken = min(minor, open_minor)
        if taken > 0:
            parts.append((document_id, taken))
            minor -= taken
    return parts
