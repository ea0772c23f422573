"""The lists of billing as files: their columns have the names of the API, their filters are those
of the lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, or_, select

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.queries.bills import BillSearch
from voyagent.billing.queries.documents import InvoiceSearch, conditions, has_text
from voyagent.billing.queries.payments import PaymentSearch, payment_conditions
from voyagent.kernel.listings import Column, Listing, ends_of
from voyagent.kernel.patterns import contains
from voyagent.kernel.tenancy import owned

_TEXTS = {
    "invoices": ("number", "party_name", "party_reference"),
    "bills": ("vendor_reference", "party_name", "party_reference"),
}
_PAYMENT_TEXTS = ("number", "party_name", "reference")


def invoices_listing(search: InvoiceSearch) -> Listing:
    """Invoices that a search finds, the newest issue date first; `credited_amount` is without what
    was written off, which has a column of its own.
    """
    of = Invoice.__table__.c
    columns = [
        Column("number", of.number),
        *_parties(of, "customer_name"),
        *_amounts(of, "tax_amount", "round_off", "total_amount", "paid_amount"),
        Column("credited_amount", of.credited_minor - of.written_off_minor, "amount"),
        Column("written_off_amount", of.written_off_minor, "amount"),
        Column("open_amount", _open(of), "amount"),
    ]
    return _documents("invoices", Invoice, columns, search)


def bills_listing(search: BillSearch) -> Listing:
    """Bills that a search finds, the newest issue date first."""
    of = Bill.__table__.c
    columns = [
        Column("vendor_reference", of.vendor_reference, "text"),
        *_parties(of, "vendor_name"),
        Column("pay_on", of.pay_on),
        *_amounts(of, "total_amount", "paid_amount", "credited_amount"),
        Column("open_amount", _open(of), "amount"),
    ]
    return _documents("bills", Bill, columns, search)


def payments_listing(search: PaymentSearch) -> Listing:
    """Payments that a search finds, the newest day first; `refunded_amount` of one that was
    reversed is zero, as is what is left of it.
    """
    of = Payment.__table__.c
    columns = [
        Column("number", of.number),
        Column("direction", of.direction),
        Column("party_name", of.party_name, "text"),
        Column("paid_on", of.paid_on),
        Column("account", of.account),
        Column("reference", of.reference, "text"),
        Column("id", of.id),
        Column("currency", of.currency),
        Column("amount", of.amount_minor, "amount"),
        Column("allocated_amount", of.allocated_minor, "amount"),
        Column(
            "refunded_amount",
            case((of.reversed_on.is_(None), of.refunded_minor), else_=0),
            "amount",
        ),
        Column(
            "unapplied_amount", of.amount_minor - of.allocated_minor - of.refunded_minor, "amount"
        ),
        Column("reversed_on", of.reversed_on),
        Column("reversal_reason", of.reversal_reason, "text"),
    ]
    return _listing(
        "payments",
        Payment,
        columns,
        of.paid_on,
        [*payment_conditions(search), *_having(of, _PAYMENT_TEXTS, search.text)],
        is_sparse=bool(search.text),
    )


def _documents(
    name: str, model: Any, columns: list[Column], search: InvoiceSearch | BillSearch
) -> Listing:
    table = model.__table__
    wanted = [*conditions(search, table), *_having(table.c, _TEXTS[name], search.text)]
    return _listing(name, model, columns, table.c.issue_date, wanted, is_sparse=bool(search.text))


def _listing(
    name: str,
    model: Any,
    columns: list[Column],
    day: ColumnElement[Any],
    wanted: list[ColumnElement[bool]],
    *,
    is_sparse: bool,
) -> Listing:
    table = model.__table__

    def base(cells: Sequence[ColumnElement[Any]]) -> Select[Any]:
        return select(*cells).select_from(table).where(owned(model), *wanted)

    return Listing(
        name=name,
        columns=columns,
        base=base,
        day=day,
        ends=ends_of(day, owned(model), *wanted),
        currency=table.c.currency,
        order=(table.c.id.desc(),),
        is_sparse=is_sparse,
    )


def _parties(of: Any, party: str) -> list[Column]:
    return [
        Column("status", of.status),
        Column(party, of.party_name, "text"),
        Column("party_reference", of.party_reference, "text"),
        Column("issue_date", of.issue_date),
        Column("due_date", of.due_date),
        Column("id", of.id),
        Column("currency", of.currency),
    ]


def _amounts(of: Any, *names: str) -> list[Column]:
    return [Column(name, of[f"{name.removesuffix('_amount')}_minor"], "amount") for name in names]


def _open(of: Any) -> ColumnElement[Any]:
    """As `open_minor_of`."""
    return case((of.status.in_(OPEN), of.total_minor - of.paid_minor - of.credited_minor), else_=0)


def _having(of: Any, names: Sequence[str], text: str | None) -> list[ColumnElement[bool]]:
    """That one of these columns has a text, whatever the case; where there is one column for
    searching, by its index.
    """
    if not text:
        return []
    if "search" in of:
        return [has_text(text, of)]
    return [or_(*(of[name].ilike(contains(text)) for name in names))]
