"""Allocation of a payment to documents, which may be in another currency."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select, text

from voyagent.audit.service import recording as audit
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.core.errors import DateTooEarly, DocumentNotOpen
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN, RATE_COLUMNS
from voyagent.billing.core.models.payments import Allocation, Payment
from voyagent.billing.core.queries import reversals as reversal_queries
from voyagent.billing.core.queries.known_rates import KnownRates
from voyagent.billing.core.rules import CONTROL
from voyagent.billing.core.service.carrying import carried_by_document, money_or_none
from voyagent.billing.core.service.exchange import columns_of, quote_of
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.errors import (
    AnotherParty,
    BookedRateMissing,
    DocumentTwice,
    InvalidAllocations,
    PaymentExceedsOpen,
    PaymentOverAllocated,
    SettledAmountMissing,
    SettledAmountWrong,
    TwoForeignCurrencies,
)
from voyagent.billing.payments.queries import allocations as allocation_queries
from voyagent.billing.payments.service.settled_rates import check_near
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.kernel.rates import Quote, RateOfOtherMoney
from voyagent.kernel.tenancy import current_tenant
from voyagent.ledger.rules import DIFFERENCES, EXCHANGE
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Line
from voyagent.settings.queries import check_limit

Direction = Literal["in", "out"]
PARTS_MAX = 200
# One statement for all documents, so that all transactions lock the roll-up rows in the same
# order.
_MOVE = {
    "in": text("""
        update invoices d
           set paid_minor = d.paid_minor + m.minor,
               base_settled_minor = d.base_settled_minor + m.base_minor,
               updated_at = :now,
               status = case
                 when d.paid_minor + d.credited_minor + m.minor = d.total_minor then 'paid'
                 when d.paid_minor + m.minor > 0 then 'partially_paid'
                 else 'issued' end
          from unnest(cast(:ids as uuid[]), cast(:minors as bigint[]), cast(:bases as bigint[]))
               m(id, minor, base_minor)
         where d.tenant_id = :tenant_id and d.id = m.id
        """),
    "out": text("""
        update bills d
           set paid_minor = d.paid_minor + m.minor,
               base_settled_minor = d.base_settled_minor + m.base_minor,
               updated_at = :now,
               status = case
                 when d.paid_minor + d.credited_minor + m.minor = d.total_minor then 'paid'
                 when d.status <> 'paid' then d.status
                 when d.pay_on is null then 'received'
                 else 'scheduled' end
          from unnest(cast(:ids as uuid[]), cast(:minors as bigint[]), cast(:bases as bigint[]))
               m(id, minor, base_minor)
         where d.tenant_id = :tenant_id and d.id = m.id
        """),
}
_MOVES = {"allocation": "payment.record", "payment": "payment.reverse"}
"""Permission to move an amount between advances and documents, by source of the entry."""
_SIGNED_COLUMNS = (
    *("amount_minor", "settled_minor", "booked_minor"),
    *("document_base_minor", "payment_base_minor"),
)


def lock_documents(direction: str, named: Sequence[UUID]) -> dict[UUID, Invoice | Bill]:
    """Lock documents and return them by id.

    Raises InvalidAllocations, DocumentTwice, InvoiceNotFound, BillNotFound.
    """
    ids = check_named(named)
    return {
        document.id: document
        for document in allocation_queries.lock_documents(
            "receivable" if direction == "in" else "payable", ids
        )
    }


def check_named(named: Sequence[UUID]) -> set[UUID]:
    """Check that no document id occurs twice, and return the ids as a set.

    Raises DocumentTwice if an id occurs twice, and InvalidAllocations if there are more than
    PARTS_MAX ids.
    """
    if len(named) > PARTS_MAX:
        raise InvalidAllocations
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
    """Check the parts of a payment and return one Settlement for each part.

    A part is an amount to allocate to one document. `left_minor` is the unused amount of the
    payment. A settlement in another currency moves amounts in two currencies, and each must be
    within the limit of the actor's role. Otherwise a payment of a small amount could settle a large
    document. Raises the errors of `allocate`.
    """
    settlements, known = [], KnownRates(besides=documents.keys())
    for part in parts:
        document = documents[part.document_id]
        if document.status not in OPEN:
            raise DocumentNotOpen
        if not _is_same_party(document, payment):
            raise AnotherParty
        if part.amount.currency != payment.currency:
            raise MixedCurrencies
        settlement = settlement_of(actor, payment, part, document)
        if settlement.settled.amount_minor > document.open_minor:
            raise PaymentExceedsOpen
        if day < document.issue_date:
            raise DateTooEarly
        if settlement.is_exchanged:
            check_limit(actor, settlement.amount, settlement.settled)
            check_near(actor, settlement.amount, settlement.settled, document, known)
        settlements.append(settlement)
    if sum(part.amount.amount_minor for part in parts) > left_minor:
        raise PaymentOverAllocated
    last = reversal_queries.last_taken_back(payment.id, documents)
    if last is not None and day < last:
        raise DateTooEarly
    return settlements


def _is_same_party(document: Invoice | Bill, payment: Payment) -> bool:
    """Return True if both have the same party.

    If one of them has no party id, their names are compared without regard to case.
    """
    if document.party_id is not None and payment.party_id is not None:
        return document.party_id == payment.party_id
    one, other = document.party_name, payment.party_name
    if one == other or (one.isascii() and other.isascii()):
        return one.lower() == other.lower()
    # Python and PostgreSQL differ in a few letters, such as the Greek final sigma.
    return bool(db.session.scalar(select(func.lower(one) == func.lower(other))))


def new_allocations(
    payment: Payment, parts: Sequence[Settlement], day: date, base_minor: int | None
) -> list[Allocation]:
    """Return new allocations that are not stored and have no journal entry yet.

    `base_minor` is the part of the payment's base amount that they use together, or None if the
    payment has no base amount. `settle` stores the allocations with their journal entry.
    """
    bases: list[int] | list[None] = (
        [None] * len(parts)
        if base_minor is None
        else [
            one.amount_minor
            for one in Money(base_minor, payment.currency).split(
                [part.amount.amount_minor for part in parts]
            )
        ]
    )
    return [
        _new_allocation(payment, part, day, base) for part, base in zip(parts, bases, strict=True)
    ]


def _new_allocation(
    payment: Payment, part: Settlement, day: date, base_minor: int | None
) -> Allocation:
    columns: dict[str, Any] = {
        "invoice_id" if payment.direction == "in" else "bill_id": part.document_id
    }
    if part.is_exchanged:
        booked_minor = None if part.booked is None else part.booked.amount_minor
        columns |= {
            **columns_of(part.quote),
            "settled_minor": part.settled.amount_minor,
            "booked_minor": booked_minor,
        }
    return Allocation(
        id=new_id(),
        payment_id=payment.id,
        amount_minor=part.amount.amount_minor,
        document_base_minor=part.document_base_minor,
        payment_base_minor=base_minor,
        effective_on=day,
        **columns,
    )


def settlement_kept(payment: Payment, allocation: Allocation) -> Settlement:
    """Return the settlement from which a stored allocation was made."""
    document = (
        invoice_queries.get_invoice(allocation.invoice_id)
        if allocation.invoice_id
        else bill_queries.get_bill(allocation.bill_id or allocation.id)
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
        allocation.document_base_minor,
    )


def counter_of(payment: Payment, allocation: Allocation, day: date) -> Allocation:
    """Return a new allocation that cancels `allocation`.

    The new allocation has the exchange rate of `allocation`, and the same amounts with the opposite
    sign. `settle` stores the new allocation.
    """
    columns: dict[str, Any] = {
        name: getattr(allocation, name) for name in ("invoice_id", "bill_id", *RATE_COLUMNS)
    }
    columns |= {
        name: None if (minor := getattr(allocation, name)) is None else -minor
        for name in _SIGNED_COLUMNS
    }
    return Allocation(
        id=new_id(), payment_id=payment.id, reverses_id=allocation.id, effective_on=day, **columns
    )


def settle(payment: Payment, allocations: Sequence[Allocation], entry_id: UUID) -> None:
    """Store allocations of a payment, and update the amounts of payment and documents.

    `entry_id` is the journal entry of the allocations. The caller must have locked the payment and
    the documents.
    """
    payment.allocated_minor += sum(allocation.amount_minor for allocation in allocations)
    payment.base_used_minor += sum(one.payment_base_minor or 0 for one in allocations)
    for allocation in allocations:
        allocation.entry_id = entry_id
    db.session.add_all(allocations)
    db.session.flush()
    # Summed, because the statement must name each document only once.
    by_document, bases = Counter[UUID | None](), Counter[UUID | None]()
    for allocation in allocations:
        by_document[allocation.document_id] += allocation.settles_minor
        bases[allocation.document_id] += allocation.document_base_minor or 0
    moved = {
        "ids": list(by_document),
        "minors": list(by_document.values()),
        "bases": [bases[document_id] for document_id in by_document],
    }
    db.session.execute(
        _MOVE[payment.direction],
        moved | {"now": clock.now(), "tenant_id": current_tenant(db.session)},
    )
    for held in db.session:  # the statement has changed their rows
        if isinstance(held, Invoice | Bill):
            db.session.expire(held)


def refs_of(payment: Payment, parts: Sequence[Part | Settlement]) -> dict[str, UUID]:
    """Return the ids of a payment and its document for an audit event.

    If the payment settles several documents, only the id of the payment is returned.
    """
    name = "invoice_id" if payment.direction == "in" else "bill_id"
    return {"payment_id": payment.id} | ({name: parts[0].document_id} if len(parts) == 1 else {})


def audit_outputs(parts: Sequence[Settlement], day: date) -> dict[str, audit.Fact]:
    """Return the settlements for the audit log, without names of parties."""
    return {"parts": [_audit_part(part) for part in parts], "effective_on": day.isoformat()}


def _audit_part(part: Settlement) -> dict[str, str]:
    values = {
        "document_id": str(part.document_id),
        "amount": part.amount.wire,
        "currency": part.amount.currency,
    }
    return values | (
        {"settled_amount": part.settled.wire, "settled_currency": part.settled.currency}
        if part.is_exchanged
        else {}
    )


def accounts_of(payment: Payment, *, take_back: bool) -> tuple[str, str]:
    """Return the account to debit and the account to credit for an allocation.

    With `take_back`, debit and credit are swapped.
    """
    documents, advances = CONTROL[payment.direction][0], payment.advances_account
    return (
        (advances, documents) if (payment.direction == "in") != take_back else (documents, advances)
    )


def move(
    actor: Actor,
    payment: Payment,
    lines: Sequence[Line],
    day: date,
    *,
    source: tuple[str, UUID, str],
    take_back: bool,
) -> UUID:
    """Post an entry that moves amounts from advances to documents; return its id.

    `lines` are those of `carried_lines.moving_lines`. `take_back` says in the narration that the
    amounts move from documents to advances. `source` has the type and id of the entry's source, and
    the purpose of the entry.
    """
    actor.require_authority(_MOVES[source[0]])
    source_type, source_id, purpose = source
    posted = entries.post(
        actor,
        source_type=source_type,
        source_id=source_id,
        purpose=purpose,
        narration=(
            f"{'Taken back from' if take_back else 'Allocated to'} documents, {payment.number},"
            f" {payment.party_name}"
        ),
        lines=lines,
        entry_date=day,
        differences=DIFFERENCES,
    )
    return posted.entry_id


@dataclass(frozen=True, slots=True)
class Part:
    """The amount of a payment to allocate to a document.

    For a document in another currency, `settled` is the settled amount in the document's currency,
    and `quote` is the exchange rate. For such a document, `settled` or `quote` is required.
    """

    document_id: UUID
    amount: Money
    settled: Money | None = None
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """A checked Part: the amount of a payment that settles one document.

    `amount` is in the payment's currency. `settled` is the amount of the document that is settled,
    in the document's currency. `booked` is `settled`, converted into the payment's currency at
    the rate at which the document was booked. It is None if both currencies are equal, or if the
    payment is not in the currency of the ledger. `document_base_minor` is the part of the
    document's base amount that is settled, or None if the document has no base amount.
    """

    document_id: UUID
    amount: Money
    settled: Money
    quote: Quote | None = None
    booked: Money | None = None
    document_base_minor: int | None = None

    @property
    def is_exchanged(self) -> bool:
        """True if the payment and the document have different currencies."""
        return self.amount.currency != self.settled.currency


def settlement_of(
    actor: Actor, payment: Payment, part: Part, document: Invoice | Bill
) -> Settlement:
    """Check one part of a payment and return it as a Settlement.

    `document` is the locked document that the part settles. If the document has a base amount, the
    book value of the settlement is the settled part of this amount. Two foreign currencies are
    exchanged only if both the payment and the document have base amounts; a payment that is not
    posted yet will have one.

    Raises SettledAmountMissing, SettledAmountWrong, BookedRateMissing, TwoForeignCurrencies,
    MixedCurrencies, RateOfOtherMoney, InvalidRate, InvalidAmount.
    """
    amount, currency = part.amount.within(1), document.currency
    if amount.currency == currency:
        if part.quote is not None or part.settled not in (None, amount):
            raise SettledAmountWrong
        base_minor = carried_by_document(document, amount.amount_minor)
        return Settlement(part.document_id, amount, amount, document_base_minor=base_minor)
    if document.base_minor is not None:
        return _carried_settlement(actor, payment, part, document)
    booked_at = quote_of(document)
    if booked_at is None and currency != actor.currency:
        raise BookedRateMissing if amount.currency == actor.currency else TwoForeignCurrencies
    if booked_at is not None and amount.currency not in (booked_at.base, booked_at.quote):
        raise TwoForeignCurrencies
    settled = _settled(part, currency)
    if booked_at is None:
        return Settlement(part.document_id, amount, settled, part.quote)
    # The booked values of all settlements add up to the value of the whole document.
    before = allocation_queries.exchanged_before(document)
    whole = booked_at.changing(currency).convert(
        Money(before.settled_minor + settled.amount_minor, currency)
    )
    return Settlement(
        part.document_id,
        amount,
        settled,
        part.quote,
        whole - Money(before.booked_minor, amount.currency),
    )


def _carried_settlement(
    actor: Actor, payment: Payment, part: Part, document: Invoice | Bill
) -> Settlement:
    """Return the settlement of a document that has a base amount, in another currency."""
    is_foreign = part.amount.currency != actor.currency
    if is_foreign and payment in db.session and payment.base_minor is None:
        raise TwoForeignCurrencies
    settled = _settled(part, document.currency)
    base_minor = carried_by_document(document, settled.amount_minor)
    return Settlement(
        part.document_id,
        part.amount,
        settled,
        part.quote,
        None if is_foreign else money_or_none(base_minor, actor.currency),
        base_minor,
    )


def exchange_sides(payment: Payment, part: Settlement) -> list[tuple[str, int, Money]]:
    """Return the journal lines of an allocation to a document in another currency.

    A journal line is a tuple: key of the account, 1 for debit or -1 for credit, and amount.
    """
    documents, advances = CONTROL[payment.direction][0], payment.advances_account
    sign = 1 if payment.direction == "in" else -1
    booked = part.amount if part.booked is None else part.booked
    sides = [
        (advances, sign, part.amount),
        (EXCHANGE, -sign, booked),
        (DIFFERENCES, -sign, part.amount - booked),
        (EXCHANGE, sign, part.settled),
        (documents, -sign, part.settled),
    ]
    turned = [
        (purpose, side, amount) if amount.amount_minor > 0 else (purpose, -side, -amount)
        for purpose, side, amount in sides
        if amount
    ]
    return sorted(turned, key=lambda side: (side[2].currency != part.amount.currency, -side[1]))


def _settled(part: Part, currency: str) -> Money:
    """Return the settled amount, which is given or computed by the rate."""
    by_rate = (
        None
        if part.quote is None
        else part.quote.changing(part.amount.currency).convert(part.amount)
    )
    settled = by_rate if part.settled is None else part.settled
    if settled is None:
        raise SettledAmountMissing
    if settled.currency != currency:
        raise MixedCurrencies if part.quote is None else RateOfOtherMoney
    if by_rate not in (None, settled):
        raise SettledAmountWrong
    return settled.within(1)
