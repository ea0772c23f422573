"""Posting, storing and reversing of credit notes and supplier credits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.core.errors import InvalidDate
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import Credit, CreditKind, kind_of
from voyagent.billing.core.rules import OPEN_ACCOUNTS
from voyagent.billing.core.service import earning
from voyagent.billing.core.service.crediting import CreditedTax
from voyagent.billing.core.service.reversals import mark, why_of
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger import words
from voyagent.ledger.service import entries
from voyagent.settings.queries import check_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditEntry:
    """The contents of a credit to post.

    `lines` are journal lines: account, 1 for debit or -1 for credit, and amount.
    """

    number: str
    title: str
    reason: str
    total: Money
    lines: Sequence[tuple[str, int, Money]]
    day: date


def post_credit(
    actor: Actor,
    kind: CreditKind[Credit],
    document: Invoice | Bill,
    entry: CreditEntry,
    **columns: int,
) -> Credit:
    """Post a credit on a document and return it; the caller adds it to the session.

    `columns` are further amounts to store with the credit.

    Raises ApprovalRequired if the actor has no authority to credit, and the errors of
    `entries.post`.
    """
    actor.require_authority(kind.permission)
    credit_id = new_id()
    posted = entries.post(
        actor,
        source_type=kind.name,
        source_id=credit_id,
        purpose=kind.purpose,
        narration=words.with_reason(entry.title, document.party_name, entry.reason),
        lines=entries.lines_of(
            entry.lines, memo=entry.number, party_name=document.party_name, named=OPEN_ACCOUNTS
        ),
        entry_date=entry.day,
        trip_id=document.trip_id,
    )
    return kind.model(
        id=credit_id,
        issue_date=entry.day,
        currency=entry.total.currency,
        total_minor=entry.total.amount_minor,
        party_name=document.party_name,
        reason=entry.reason,
        entry_id=posted.entry_id,
        created_by_user_id=actor.user_id,
        created_at=clock.now(),
        **{kind_of(document).key: document.id, kind.number: entry.number},
        **columns,
    )


def store_parts(
    kind: CreditKind[Credit],
    credit: Credit,
    lines: Iterable[dict[str, Any]],
    taxes: Iterable[CreditedTax],
) -> None:
    """Store the lines of a credit, given as column values, and then their taxes."""
    key = {kind.key: credit.id}
    db.session.add_all(kind.line(**key, **line) for line in lines)
    db.session.flush()
    db.session.add_all(
        kind.tax(**key, line_no=tax.line_no, component=tax.component, amount_minor=tax.amount_minor)
        for tax in taxes
    )


def add_credited(document: Invoice | Bill, total: Money) -> None:
    """Add a credit to the document's credited amount.

    If nothing is open any more, the document becomes paid.
    """
    document.credited_minor += total.amount_minor
    if document.open_minor == 0:
        document.status = "paid"
    document.updated_at = clock.now()
    db.session.flush()
    # With instalments, the database trigger may have changed the due date.
    db.session.expire(document, ["due_date"])


def reverse_credit(
    actor: Actor,
    kind: CreditKind[Credit],
    credit: Credit,
    document: Invoice | Bill,
    title: str,
    reason: str,
    on: date | None,
) -> None:
    """Reverse a credit's journal entries, and reopen its document by the credited amount.

    `on` defaults to today, or to the date of the credit if that is later. Raises Forbidden,
    ReasonRequired, TextTooLong, AmountAboveLimit, InvalidDate; PeriodLocked.
    """
    actor.require_authority(kind.permission)
    why = why_of(reason)
    check_limit(actor, Money(credit.total_minor, credit.currency))
    latest = max(clock.today(actor.timezone), credit.issue_date)
    day = on or latest
    if not credit.issue_date <= day <= latest:
        raise InvalidDate
    told = words.with_reason(title, credit.party_name, why)
    reversal = entries.reverse(actor, credit.entry_id, reason=told, entry_date=day)
    if isinstance(credit, CreditNote):
        earning.take_back(actor, (kind.name, credit.id), reason=told, day=day)
    document.credited_minor -= credit.total_minor
    document.status = _open_status(document)
    mark(actor, credit, day, why, reversal.entry_id)


def record_reversal(
    actor: Actor,
    credit: CreditNote | SupplierCredit,
    document: Invoice | Bill,
    kind: str,
    refs: dict[str, UUID],
    named: dict[str, object],
) -> None:
    """Store the reversal of a credit on its document, and record it in the audit log.

    `kind` is the type of the audit event, `named` are outputs of the event besides the total.
    """
    document.updated_at = clock.now()
    db.session.flush()
    db.session.expire(
        document, ["due_date"]
    )  # with instalments, the database trigger may have changed it
    total = Money(credit.total_minor, credit.currency)
    audit.record(
        actor,
        kind,
        entity_refs=refs | {"journal_entry_id": credit.reversal_entry_id},
        inputs={"reason": credit.reversal_reason},
        outputs=named
        | {
            "total": total.wire,
            "currency": total.currency,
            "reversed_on": credit.reversed_on,
        },
    )


def _open_status(document: Invoice | Bill) -> str:
    """Return the status of a posted document that has an open amount."""
    if isinstance(document, Invoice):
        return "partially_paid" if document.paid_minor else "issued"
    return "scheduled" if document.pay_on else "received"
