"""Rules that credit notes and supplier credits share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NotRequired, Protocol, TypedDict

from voyagent.audit.service import recording as audit
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import AnyCreditKind, Credit, CreditKind, kind_of, number_of
from voyagent.billing.core.queries import credits as credit_queries, documents as document_queries
from voyagent.billing.core.rules import CLAIMS, CREDITS, NAMED_ACCOUNTS
from voyagent.billing.core.service import crediting, earning
from voyagent.billing.core.service.carrying import (
    booked_in_base,
    carried_by_document,
    carry,
    money_or_none,
)
from voyagent.billing.core.service.crediting import CreditedTax
from voyagent.billing.core.service.days import check_between
from voyagent.billing.core.service.exchange import booked_at
from voyagent.billing.core.service.reversals import mark, why_of
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger import words
from voyagent.ledger.rules import DIFFERENCES
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.entries import Line, Posted
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.rates.queries import find_rate
from voyagent.settings.queries import check_limit

_ENTERED = {"credit_note": "credit_note.issued", "supplier_credit": "supplier_credit.entered"}
_REVERSED = {"credit_note": "credit_note.reversed", "supplier_credit": "supplier_credit.reversed"}


class CreditLineColumns(TypedDict):
    """Column values of a line of a credit; a supplier credit has no commission."""

    line_no: int
    description: str
    amount_minor: int
    commission_minor: NotRequired[int]
    parts_minor: list[int] | None


class Contents(Protocol):
    """The computed amounts of a credit.

    `credit_notes` and `supplier_credits` each have a class with these properties.
    """

    @property
    def total(self) -> Money:
        """The total of lines and taxes."""

    @property
    def excess(self) -> Money:
        """The part of the total above the open amount.

        It is a credit of the customer, or a claim on the supplier.
        """

    @property
    def sides(self) -> Sequence[tuple[str, int, Money]]:
        """Journal lines: account, 1 for debit or -1 for credit, and amount."""

    @property
    def rows(self) -> Sequence[CreditLineColumns]:
        """Column values of the lines."""

    @property
    def taxes(self) -> Sequence[CreditedTax]:
        """Taxes of the lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditEntry:
    """A credit to post: its number, reason, issue date and computed amounts.

    `out_of_order_reason` is the reason for a date before that of an earlier number, and
    `further_credit_reason` that for a credit on a line which a cancellation has credited.
    """

    number: str
    reason: str
    out_of_order_reason: str | None = None
    further_credit_reason: str | None = None
    day: date
    contents: Contents


def creditable(document: Invoice | Bill) -> dict[int, Money]:
    """Return the amounts of the lines that are not credited yet, by line number."""
    left = crediting.left_of(
        document_queries.get_lines(document), credit_queries.credited_by_line(document)
    )
    return _amounts({number: minor for number, minor in left.items() if minor}, document.currency)


def proposed_amounts(
    document: Invoice | Bill, credit_of: Callable[[Mapping[int, int]], Contents]
) -> dict[int, Money]:
    """Return the amounts that a credit form proposes for a document, by line number.

    With their taxes the amounts add up to at most the open amount. If nothing is open, they are all
    that is not credited yet. `credit_of` computes the contents of a credit from amounts in minor
    units by line number.
    """
    whole = creditable(document)
    left = {number: amount.amount_minor for number, amount in whole.items()}

    def total_of(minors: Mapping[int, int]) -> int:
        return credit_of(minors).total.amount_minor

    if not left or not document.open_minor or total_of(left) <= document.open_minor:
        return whole
    taxes = crediting.by_line(credit_of(left).taxes)
    return _amounts(crediting.within(left, taxes, document.open_minor, total_of), document.currency)


def check_credit(actor: Actor, total: Money, day: date) -> None:
    """Check that a credit may be posted with this total on this day.

    `total` includes taxes. Raises AmountAboveLimit if it is above the amount limit of the actor's
    role, and PeriodLocked if the month of `day` is closed.
    """
    check_limit(actor, total)
    if months.is_closed(day):
        raise PeriodLocked


def enter_credit(
    actor: Actor,
    kind: CreditKind[Credit],
    document: Invoice | Bill,
    entry: CreditEntry,
    **columns: int,
) -> tuple[Credit, Posted]:
    """Post a credit on a document, store it with its lines and taxes, and return both.

    The document becomes paid if nothing is open any more. Its base amount is divided over the lines
    of the entry. The amount credited above the open amount is posted to the credits of customers,
    at the amount at which the invoice was posted, or to the claims on suppliers, at the rate of the
    day; the difference is an exchange difference. The caller stores this amount as a customer
    credit or as a claim. `columns` has values of columns that only one kind of credit has.

    Raises ApprovalRequired if the actor has no authority to credit, RateMissing, and the errors of
    `entries.post`.
    """
    actor.require_authority(kind.permission)
    credit_id, contents = new_id(), entry.contents
    total, settled = contents.total, contents.total - contents.excess
    base_minor = carried_by_document(document, settled.amount_minor)
    known = {kind_of(document).account: base_minor} if settled else {}
    excess_account = CREDITS if isinstance(document, Invoice) else CLAIMS
    if contents.excess:
        known[excess_account] = booked_in_base(document, contents.excess.amount_minor)
    title = _title(kind, entry.number, document)
    lines = carry(
        entries.lines_of(
            contents.sides,
            memo=entry.number,
            party_id=document.party_id,
            party_name=document.party_name,
            named=NAMED_ACCOUNTS,
        ),
        {account: money_or_none(minor, actor.currency) for account, minor in known.items()},
    )
    posted = entries.post(
        actor,
        source_type=kind.name,
        source_id=credit_id,
        purpose=kind.purpose,
        narration=words.with_reason(
            title[0].upper() + title[1:], document.party_name, entry.reason
        ),
        lines=[_at_day(line, entry.day) for line in lines],
        entry_date=entry.day,
        trip_id=document.trip_id,
        differences=DIFFERENCES if contents.excess and excess_account == CLAIMS else None,
        **booked_at(document),
    )
    credit = kind.model(
        id=credit_id,
        issue_date=entry.day,
        currency=total.currency,
        total_minor=total.amount_minor,
        tax_minor=crediting.tax_minor_of(contents.taxes),
        base_minor=base_minor,
        party_id=document.party_id,
        party_name=document.party_name,
        reason=entry.reason,
        entry_id=posted.entry_id,
        created_by_user_id=actor.user_id,
        created_at=clock.now(),
        **{kind_of(document).key: document.id, kind.number: entry.number},
        **columns,
    )
    db.session.add(credit)
    db.session.flush()
    db.session.add_all(kind.line(**{kind.key: credit_id}, **row) for row in contents.rows)
    db.session.flush()
    db.session.add_all(
        kind.tax(
            **{kind.key: credit_id},
            line_no=tax.line_no,
            component=tax.component,
            amount_minor=tax.amount_minor,
        )
        for tax in contents.taxes
    )
    document.credited_minor += settled.amount_minor
    if isinstance(document, Invoice):
        document.excess_minor += contents.excess.amount_minor
    document.base_settled_minor += base_minor or 0
    if document.open_minor == 0:
        document.status = "paid"
    _store(document)
    outputs: dict[str, audit.Fact] = {
        "total": total.wire,
        "currency": total.currency,
        "issue_date": entry.day,
    }
    if isinstance(credit, CreditNote):
        outputs["number"] = credit.number
    audit.record(
        actor,
        _ENTERED[kind.name],
        entity_refs={
            kind.key: credit_id,
            kind_of(document).key: document.id,
            "journal_entry_id": posted.entry_id,
        },
        private={
            name: why
            for name in ("reason", "out_of_order_reason", "further_credit_reason")
            if (why := getattr(entry, name))
        },
        outputs=outputs,
    )
    return credit, posted


def reverse_credit(
    actor: Actor,
    kind: CreditKind[Credit],
    credit: Credit,
    document: Invoice | Bill,
    reason: str,
    on: date | None,
    *,
    since: date | None = None,
) -> None:
    """Reverse a credit, so that what it settled is open again on the document.

    The journal entries of the credit are reversed on the date `on`, which is not before the issue
    date of the credit nor before `since`. The default of `on` is today, or the later of those
    dates. The caller must have locked the document.

    Raises Forbidden, ApprovalRequired, CreditNoteReversed or SupplierCreditReversed,
    ReasonRequired, TextTooLong, AmountAboveLimit, InvalidDate, PeriodLocked.
    """
    actor.require_authority(kind.permission)
    db.session.refresh(credit)  # another request may have reversed it before the document's lock
    if credit.reversed_on is not None:
        raise kind.already_reversed
    why = why_of(reason)
    total = Money(credit.total_minor, credit.currency)
    check_limit(actor, total)
    earliest = max(credit.issue_date, since or credit.issue_date)
    latest = max(clock.today(actor.timezone), earliest)
    day = on or latest
    check_between(day, earliest, latest)
    number = getattr(credit, kind.number)
    title = f"Reversal of {_title(kind, number, document)}"
    narration = words.with_reason(title, credit.party_name, why)
    sign = 1 if isinstance(document, Invoice) else -1
    base_minor = None if credit.base_minor is None else sign * credit.base_minor
    reversal = entries.reverse(
        actor,
        credit.entry_id,
        reason=narration,
        entry_date=day,
        carried={kind_of(document).account: base_minor},
    )
    earning.take_back(actor, (kind.name, credit.id), reason=narration, day=day)
    if isinstance(document, Invoice):
        document.excess_minor -= credit.excess_minor
    document.credited_minor -= credit.total_minor - credit.excess_minor
    document.base_settled_minor -= credit.base_minor or 0
    document.status = _open_status(document) if document.open_minor else "paid"
    mark(actor, credit, day, why, reversal.entry_id)
    _store(document)
    audit.record(
        actor,
        _REVERSED[kind.name],
        entity_refs={
            kind.key: credit.id,
            kind_of(document).key: document.id,
            "journal_entry_id": reversal.entry_id,
        },
        private={"reason": why},
        outputs={
            kind.number: number,
            "total": total.wire,
            "currency": total.currency,
            "reversed_on": day,
        },
    )


def _at_day(line: Line, day: date) -> Line:
    """Return a claim on a supplier at the rate of a day, and any other line as it is.

    A claim without a base amount stays without one. Raises RateMissing.
    """
    if line.account != CLAIMS or line.base is None:
        return line
    rate = find_rate(SessionReader(db.session), line.amount.currency, day)
    return replace(line, base=rate.convert(line.amount))


def _title(kind: AnyCreditKind, number: str, document: Invoice | Bill) -> str:
    return f"{kind.title} {number} on {kind_of(document).name} {number_of(document)}"


def _store(document: Invoice | Bill) -> None:
    document.updated_at = clock.now()
    db.session.flush()
    # With instalments, the database trigger may have changed the due date.
    db.session.expire(document, ["due_date"])


def _open_status(document: Invoice | Bill) -> str:
    """Return the status of a posted document that has an open amount."""
    if isinstance(document, Invoice):
        return "partially_paid" if document.paid_minor else "issued"
    return "scheduled" if document.pay_on else "received"


def _amounts(minors: Mapping[int, int], currency: str) -> dict[int, Money]:
    return {number: Money(minor, currency) for number, minor in minors.items()}
