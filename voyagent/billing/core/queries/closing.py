"""Queries of drafts and missing numbers to check before a month is closed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, union_all

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.claims import SupplierClaim
from voyagent.billing.core.models.counters import NumberSeries
from voyagent.billing.core.models.credits import CreditNote
from voyagent.billing.core.models.invoices import (
    BILL_OF_SUPPLY,
    DEBIT_NOTE,
    Invoice,
    is_numbered_as,
)
from voyagent.billing.core.models.payments import OPENING_ACCOUNT, Payment, Refund
from voyagent.billing.core.models.vouchers import ReceiptVoucher, VoucherUse
from voyagent.kernel.tenancy import owned

_SERIES = NumberSeries.__table__.c
_INVOICES, _PAYMENTS = Invoice.__table__.c, Payment.__table__.c
_NUMBERED: dict[str, tuple[Any, str, tuple[ColumnElement[bool], ...]]] = {
    **{
        series: (
            Invoice,
            "issue_date",
            (_INVOICES.is_opening.is_(False), is_numbered_as(_INVOICES.number, letter)),
        )
        for series, letter in (
            ("invoice", ""),
            ("bill_of_supply", BILL_OF_SUPPLY),
            ("debit_note", DEBIT_NOTE),
        )
    },
    "opening": (Invoice, "issue_date", (_INVOICES.is_opening.is_(True),)),
    "credit_note": (CreditNote, "issue_date", ()),
    "receipt": (
        Payment,
        "paid_on",
        (
            _PAYMENTS.direction == "in",
            _PAYMENTS.account != OPENING_ACCOUNT,
            _PAYMENTS.credit_note_id.is_(None),
        ),
    ),
    "payment": (
        Payment,
        "paid_on",
        (_PAYMENTS.direction == "out", _PAYMENTS.account != OPENING_ACCOUNT),
    ),
    "advance": (Payment, "paid_on", (_PAYMENTS.account == OPENING_ACCOUNT,)),
    "customer_credit": (Payment, "paid_on", (_PAYMENTS.credit_note_id.is_not(None),)),
    "refund": (Refund, "refunded_on", ()),
    "supplier_claim": (SupplierClaim, "claimed_on", ()),
    "receipt_voucher": (ReceiptVoucher, "issued_on", ()),
    "refund_voucher": (VoucherUse, "used_on", ()),
}
"""Table, date column and filter of the documents of each number series.

The date column determines the financial year of a number. Bills and supplier credits are left out,
because their numbers are the supplier's.
"""
_YEAR_AND_MORE = timedelta(days=366)


def drafts_statement(first: date, last: date) -> Select[Any]:
    """Return the SQL for the drafts with an issue date from `first` to `last`.

    Rows: id, is_bill (false for an invoice).
    """
    parts = [
        select(model.id, literal(model is Bill).label("is_bill")).where(
            owned(model), model.status == "draft", model.issue_date.between(first, last)
        )
        for model in (Invoice, Bill)
    ]
    return select(union_all(*parts).subquery("drafts"))


def gaps_statement(first: date, last: date) -> Select[Any]:
    """Return an SQL statement for the number series that have missing numbers.

    The financial years of the documents dated from `first` to `last` are checked, each as a whole.
    Rows: series, financial_year.
    """
    found = union_all(*(_gaps(series, first, last) for series in _NUMBERED)).subquery("found").c
    return select(found.series, found.financial_year).order_by(found.financial_year, found.series)


def _gaps(series: str, first: date, last: date) -> Select[Any]:
    model, day_name, which = _NUMBERED[series]
    table = model.__table__.c
    day, year = (
        table[day_name],
        func.regexp_replace(table.number, "^[A-Z]+/|/[0-9]+$", "", "g").label("financial_year"),
    )
    numbered = select(year).where(owned(model), table.number.is_not(None), *which)
    years = numbered.where(day.between(first, last)).distinct().subquery(f"years_{series}")
    near = numbered.where(day.between(first - _YEAR_AND_MORE, last + _YEAR_AND_MORE)).subquery(
        f"near_{series}"
    )
    carried = (
        select(near.c.financial_year, func.count().label("n"))
        .group_by(near.c.financial_year)
        .subquery(f"carried_{series}")
    )
    given = (_SERIES.financial_year == years.c.financial_year) & (_SERIES.series == series)
    return (
        select(literal(series).label("series"), years.c.financial_year)
        .join(carried, carried.c.financial_year == years.c.financial_year)
        .join(NumberSeries.__table__, owned(NumberSeries) & given)
        .where(_SERIES.last_number != carried.c.n)
    )
