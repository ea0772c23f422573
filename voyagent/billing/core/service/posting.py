"""Posting of drafts: the journal entry of an issued invoice or a received bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import kind_of
from voyagent.billing.core.rules import NAMED_ACCOUNTS
from voyagent.billing.core.service.carrying import carry
from voyagent.billing.core.service.days import check_not_future
from voyagent.billing.core.service.exchange import booked_at, columns_of
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Posted
from voyagent.settings.queries import check_limit

NOTHING_CARRIED: Mapping[str, Money] = MappingProxyType({})


def post_document(
    actor: Actor,
    document: Invoice | Bill,
    number: str,
    sides: Sequence[tuple[str, int, Money]],
    *,
    base: Money | None = None,
    carried: Mapping[str, Money] = NOTHING_CARRIED,
) -> Posted:
    """Post the journal entry of a draft on its issue date, and return the entry.

    `number` is the document's number. `sides` has the journal lines as tuples: key of the account,
    1 for debit or -1 for credit, and amount. `base` is the total in the base currency, if it is not
    converted at the rate of the document. `carried` has the base amounts of
    single lines, by account.

    If the base amounts of the agency are established, a document in a foreign currency keeps its
    total in the base currency, and the reference rate if it has no rate of its own.

    Raises ApprovalRequired, DateInFuture, AmountAboveLimit, and the errors of `entries.post`.
    """
    actor.require_authority(kind_of(document).authority)
    check_not_future(actor, document.issue_date)
    kind = kind_of(document)
    check_limit(actor, Money(document.total_minor, document.currency))
    posted = entries.post(
        actor,
        source_type=kind.name,
        source_id=document.id,
        purpose=kind.purpose,
        narration=f"{kind.name.capitalize()} {number}, {document.party_name}",
        lines=carry(
            entries.lines_of(
                sides,
                memo=number,
                party_id=document.party_id,
                party_name=document.party_name,
                named=NAMED_ACCOUNTS,
                bases=(carried.get(account) for account, _sign, _amount in sides),
            ),
            {kind.account: base},
        ),
        entry_date=document.issue_date,
        trip_id=document.trip_id,
        **booked_at(document),
    )
    if (base_minor := posted.base_minor(kind.account)) is not None:
        document.base_minor = abs(base_minor)
        if document.rate is None:
            for name, value in columns_of(posted.quote(document.currency)).items():
                setattr(document, name, value)
    return posted
