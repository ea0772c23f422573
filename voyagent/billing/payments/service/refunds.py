"""Services that refund several payments of a customer at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.payments import Payment, Refund, RefundPart
from voyagent.billing.core.queries import reversals as reversal_queries
from voyagent.billing.core.service import advance_taxes, numbering, pricing
from voyagent.billing.core.service.carrying import carried_by_payment
from voyagent.billing.core.service.days import day_of
from voyagent.billing.payments.errors import (
    InvalidAllocations,
    RefundExceedsCredit,
    RefundOfAnotherParty,
    RefundPartsDiffer,
)
from voyagent.billing.payments.queries import refunds as refund_queries
from voyagent.billing.payments.service.allocations import check_refundable, spread
from voyagent.billing.payments.service.means import BY_BANK, Means, find_means, ledger_account
from voyagent.billing.payments.service.payments import REFUND_LETTER, REFUND_SERIES
from voyagent.billing.payments.service.settling import PARTS_MAX
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.ledger.rules import DIFFERENCES
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.entries import Line
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.parties import queries as parties
from voyagent.settings.queries import check_limit


@dataclass(frozen=True, slots=True)
class Returned:
    """The amount of a payment that a refund returns."""

    payment_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class _Planned:
    """A checked refund: its day, and the amount that it returns of each payment."""

    day: date
    parts: list[tuple[Payment, int]]

    def groups(self) -> list[list[tuple[Payment, int]]]:
        """Return the parts in groups of the same account and party record.

        Each group becomes one journal line.
        """
        found: dict[tuple[str, UUID | None], list[tuple[Payment, int]]] = {}
        for payment, minor in sorted(self.parts, key=lambda part: part[0].advances_account):
            key = payment.advances_account, payment.party_id
            found.setdefault(key, []).append((payment, minor))
        return list(found.values())

    def sides(self, account: UUID | str) -> list[tuple[UUID | str, int, Money]]:
        """Return the journal lines: account, 1 for debit or -1 for credit, and amount.

        The last line is that of `account`, from which the money is paid.
        """
        currency = self.parts[0][0].currency
        sums = [
            (group[0][0].advances_account, sum(minor for _payment, minor in group))
            for group in self.groups()
        ]
        return [
            *((key, 1, Money(minor, currency)) for key, minor in sums),
            (account, -1, Money(sum(minor for _key, minor in sums), currency)),
        ]

    def bases(self) -> dict[UUID, int]:
        """Return the base amounts of the parts in minor units, by payment id.

        The result is empty if a payment has no base amount.
        """
        found = {payment.id: carried_by_payment(payment, minor) for payment, minor in self.parts}
        known = {key: minor for key, minor in found.items() if minor is not None}
        return known if len(known) == len(found) else {}

    def lines(
        self, actor: Actor, account: UUID | str, bases: Mapping[UUID, int], **of_all: Any
    ) -> list[Line]:
        """Return the journal lines to post.

        Each debit has the party record whose payments it returns.

        `bases` are the base amounts by payment, and `of_all` the memo and party of all lines.
        """
        groups = self.groups()
        *debits, paid = entries.lines_of(
            self.sides(account),
            bases=[
                Money(sum(bases[payment.id] for payment, _minor in group), actor.currency)
                for group in groups
                if bases
            ],
            **of_all,
        )
        firsts = [group[0][0] for group in groups]
        return [
            *(
                replace(line, party_id=first.party_id, party_name=first.party_name)
                for line, first in zip(debits, firsts, strict=True)
            ),
            paid,
        ]


def refund_party(
    actor: Actor,
    party_id: UUID,
    amount: Money,
    *,
    on: date | None = None,
    means: Means = BY_BANK,
    parts: Sequence[Returned] | None = None,
    reference: str | None = None,
) -> Refund:
    """Refund the unused advances and credits of a customer.

    Those of records merged with the customer's are among them. The refund has one number and one
    line on the bank account. `parts` are the amounts by payment; they add up to `amount`. By
    default the oldest payments are returned first. `on`, the date of the refund, defaults to today.
    It is not before the date of a payment, nor before the last reversal of one of its allocations
    or refunds.

    Raises Forbidden, PartyNotFound, PaymentNotFound, InvalidAmount, MixedCurrencies,
    InvalidAllocations, RefundOfAnotherParty, RefundPartsDiffer, RefundExceedsCredit,
    CustomerCreditUnused, AmountAboveLimit, InvalidDate, TextTooLong, PeriodLocked, and the errors
    of `find_means`.
    """
    actor.require_authority("payment.record")
    party = parties.get_party(party_id)
    planned = _plan(actor, party_id, amount, parts, on)
    paid = find_means(actor, means, amount.currency)
    bases = planned.bases()
    refund = Refund(
        id=new_id(),
        payment_id=planned.parts[0][0].id,
        has_parts=True,
        number=numbering.take_number(REFUND_SERIES, planned.day, letter=REFUND_LETTER),
        amount_minor=amount.amount_minor,
        refunded_on=planned.day,
        reference=pricing.words(reference, 128),
        base_minor=sum(bases.values()) if bases else None,
        created_by_user_id=actor.user_id,
        **asdict(paid),
    )
    refund.entry_id = entries.post(
        actor,
        source_type="refund",
        source_id=refund.id,
        purpose="refund",
        narration=f"Refund {refund.number}, {party.name}",
        lines=planned.lines(
            actor,
            ledger_account(paid),
            bases,
            memo=refund.reference,
            party_id=party_id,
            party_name=party.name,
        ),
        entry_date=planned.day,
        differences=DIFFERENCES,
    ).entry_id
    db.session.add(refund)
    db.session.flush()
    for payment, minor in planned.parts:
        base_minor = bases.get(payment.id)
        db.session.add(
            RefundPart(
                refund_id=refund.id,
                payment_id=payment.id,
                amount_minor=minor,
                base_minor=base_minor,
            )
        )
        payment.refunded_minor += minor
        payment.base_used_minor += base_minor or 0
    db.session.flush()
    for payment, _minor in planned.parts:
        advance_taxes.follow(actor, payment, planned.day, refund)
    audit.record(
        actor,
        "payment.refunded",
        entity_refs={
            "payment_id": refund.payment_id,
            "refund_id": refund.id,
            "journal_entry_id": refund.entry_id,
        },
        outputs={
            "number": refund.number,
            "amount": amount.wire,
            "currency": amount.currency,
            "refunded_on": planned.day,
            "parts": [
                {"payment_id": str(payment.id), "amount": Money(minor, amount.currency).wire}
                for payment, minor in planned.parts
            ],
        },
    )
    return refund


def party_refund_sides(
    actor: Actor,
    party_id: UUID,
    amount: Money,
    *,
    on: date | None = None,
    means: Means = BY_BANK,
) -> list[tuple[UUID | str, int, Money]]:
    """Return the journal lines that `refund_party` would post, and raise its errors."""
    planned = _plan(actor, party_id, amount, None, on)
    if months.is_closed(planned.day):
        raise PeriodLocked
    return planned.sides(ledger_account(find_means(actor, means, amount.currency)))


def _plan(
    actor: Actor,
    party_id: UUID,
    amount: Money,
    parts: Sequence[Returned] | None,
    on: date | None,
) -> _Planned:
    """Lock the payments that a refund returns, and check it."""
    amount.within(1)
    check_limit(actor, amount)
    members = parties.members_of(parties.root_of(party_id))
    if parts is None:
        held = refund_queries.lock_unused(members, amount.currency, limit=PARTS_MAX)
        by_id = {payment.id: payment for payment in held}
        minors = spread(
            amount.amount_minor,
            [
                (payment.id, payment.unapplied_minor)
                for payment in sorted(held, key=lambda one: (one.paid_on, one.id))
            ],
        )
    else:
        minors, by_id = _named(members, amount, parts)
    if sum(minor for _id, minor in minors) < amount.amount_minor:
        raise RefundExceedsCredit
    chosen = [(by_id[payment_id], minor) for payment_id, minor in minors]
    check_refundable(payment for payment, _minor in chosen)
    days = [
        max(payment.paid_on, reversal_queries.last_taken_back(payment.id) or payment.paid_on)
        for payment, _minor in chosen
    ]
    return _Planned(day_of(actor, on, max(days)), chosen)


def _named(
    members: Collection[UUID], amount: Money, parts: Sequence[Returned]
) -> tuple[list[tuple[UUID, int]], dict[UUID, Payment]]:
    """Lock the payments of given parts and check them."""
    ids = {part.payment_id for part in parts}
    if not 0 < len(parts) <= PARTS_MAX or len(ids) < len(parts):
        raise InvalidAllocations
    by_id = {payment.id: payment for payment in refund_queries.lock_payments(ids)}
    for part in parts:
        payment = by_id[part.payment_id]
        if payment.party_id not in members or payment.direction != "in":
            raise RefundOfAnotherParty
        if {part.amount.currency, payment.currency} != {amount.currency}:
            raise MixedCurrencies
        if part.amount.within(1).amount_minor > payment.unapplied_minor:
            raise RefundExceedsCredit
    if sum(part.amount.amount_minor for part in parts) != amount.amount_minor:
        raise RefundPartsDiffer
    return [(part.payment_id, part.amount.amount_minor) for part in parts], by_id
