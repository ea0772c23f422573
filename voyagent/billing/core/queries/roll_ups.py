"""Declarations of the sums of documents and payments that triggers maintain."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Integer, Select, cast, func, literal, select

from voyagent.billing.core.models.counters import (
    AdvancesByDay,
    AdvancesByParty,
    AgeingByDue,
    AgeingByParty,
    InvoiceCount,
    PartyOpenBalance,
)
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.queries.open_documents import (
    DOCUMENTS,
    EVER,
    Kind,
    open_documents,
    open_instalments,
)
from voyagent.kernel.database.roll_ups import RollUp
from voyagent.kernel.db import Columns
from voyagent.kernel.tenancy import owned

_PAYMENTS = Payment.__table__.c
_INVOICES = Invoice.__table__.c
_ONE = literal(1, BigInteger).label("n")


def _documents(kind: Kind) -> Select[Any]:
    one = open_documents(kind, *EVER).subquery().c
    return select(*_shown(kind, one))


def _instalments(kind: Kind) -> Select[Any]:
    one = open_instalments(kind, *EVER).subquery().c
    documents = cast(one.is_next, Integer).label("documents")
    return select(*_shown(kind, one), one.due_date, documents, one.open_base_minor)


def _shown(kind: Kind, one: Columns) -> list[ColumnElement[Any]]:
    month = cast(func.date_trunc("month", one.issue_date), Date).label("issue_month")
    party = (one.party_key, one.party_name)
    return [literal(kind).label("kind"), one.currency, month, *party, _ONE, one.open_minor]


def _unused() -> Select[Any]:
    unused = _PAYMENTS.amount_minor - _PAYMENTS.allocated_minor - _PAYMENTS.refunded_minor
    names = ("direction", "currency", "paid_on", "party_key", "party_name")
    columns: list[Any] = [*(_PAYMENTS[name] for name in names), _ONE]
    return select(*columns, unused.label("unapplied_minor")).where(owned(Payment), unused > 0)


_OPEN = tuple(map(_documents, DOCUMENTS))
AGEING = (
    RollUp("ageing", AgeingByDue, tuple(map(_instalments, DOCUMENTS))),
    RollUp("ageing", AgeingByParty, _OPEN),
    RollUp("ageing", PartyOpenBalance, _OPEN),
)
ADVANCES = (
    RollUp("advances", AdvancesByDay, (_unused(),)),
    RollUp("advances", AdvancesByParty, (_unused(),)),
)
ROLL_UPS = (
    *AGEING,
    *ADVANCES,
    RollUp("invoices", InvoiceCount, (select(_INVOICES.status, _ONE).where(owned(Invoice)),)),
)
"""All roll-ups of documents and payments."""
