"""Queries of documents' taxes, and the base of tax collected at source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any, overload
from uuid import UUID

from flask_babel import gettext
from sqlalchemy import BigInteger, Select, cast, func, or_, select

from voyagent.billing.core.models.bills import Bill, BillTax
from voyagent.billing.core.models.invoices import PAN, Invoice, InvoiceTax
from voyagent.billing.core.models.kinds import AnyCreditKind, DocumentKind, kind_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.db import db
from voyagent.kernel.keyring import current_keyring
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.party_lines import is_of
from voyagent.taxes.rules.tables import COLLECTED
from voyagent.taxes.words import component

_TAXES = InvoiceTax.__table__.c
_SECTION = re.compile(r"\bsection ([\w()]+)")
_COUNTED = ("issued", "partially_paid", "paid")


@overload
def get_taxes(document: Invoice) -> Sequence[InvoiceTax]: ...


@overload
def get_taxes(document: Bill) -> Sequence[BillTax]: ...


def get_taxes(document: Invoice | Bill) -> Sequence[InvoiceTax | BillTax]:
    """Return the tax components of a document, ordered by line number and component."""
    kind = kind_of(document)
    tax: Any = kind.tax
    return db.session.scalars(
        select(tax)
        .where(getattr(tax, kind.key) == document.id)
        .order_by(tax.line_no, tax.component)
    ).all()


def collected_before(invoice: Invoice, component: str, first: date, last: date) -> int:
    """Sum the amounts on which a buyer was charged a tax component in a period.

    The buyer is the buyer of `invoice`, identified by PAN (the Indian tax account number), or by
    the customer's record if `invoice` has no PAN. `invoice` itself does not count. Other invoices
    count if they are issued, dated from `first` to `last`, and in the same currency. The amounts
    are those from which the component was computed, in minor units. For tax collected at source
    they include GST.
    """
    pan = invoice.customer_pan
    same = (
        or_(
            Invoice.customer_pan_digest.in_(current_keyring().digests(PAN, pan)),
            Invoice.customer_pan_clear == pan,
        )
        if pan
        else is_of(Invoice.party_key, invoice.party_id or invoice.party_name)
    )
    statement = (
        select(cast(func.coalesce(func.sum(InvoiceTax.taxable_minor), 0), BigInteger))
        .join(Invoice, Invoice.id == InvoiceTax.invoice_id)
        .where(
            InvoiceTax.component == component,
            same,
            Invoice.currency == invoice.currency,
            Invoice.issue_date.between(first, last),
            Invoice.status.in_(_COUNTED),
            Invoice.id != invoice.id,
        )
    )
    return int(db.session.scalar(statement) or 0)


def taxes_statement(invoice_id: UUID) -> Select[tuple[int, str, object, int, int, bool, str]]:
    """Return an SQL statement for the taxes of an invoice.

    Rows: line_no, component, percent, taxable_minor, amount_minor, confirmed, source.
    """
    return (
        select(
            _TAXES.line_no,
            _TAXES.component,
            _TAXES.percent,
            _TAXES.taxable_minor,
            _TAXES.amount_minor,
            _TAXES.confirmed,
            _TAXES.source,
        )
        .where(owned(InvoiceTax), _TAXES.invoice_id == invoice_id)
        .order_by(_TAXES.line_no, _TAXES.component)
    )


def read_taxes(reader: Reader, invoice_id: UUID) -> list[Row]:
    """Return the taxes of an invoice, as the rows of `taxes_statement`."""
    return reader.read(taxes_statement(invoice_id))[0]


def tax_amounts_statement(
    kind: DocumentKind | AnyCreditKind, document_id: UUID
) -> Select[tuple[int, str, int]]:
    """Return an SQL statement for the tax amounts of a document or a credit.

    Rows: line_no, component, amount_minor.
    """
    taxes = kind.tax.__table__.c
    return (
        select(taxes.line_no, taxes.component, taxes.amount_minor)
        .where(owned(kind.tax), taxes[kind.key] == document_id)
        .order_by(taxes.line_no, taxes.component)
    )


def sum_taxes(taxes: list[Row], currency: str) -> list[Row]:
    """Sum the taxes of document lines by component and rate; TCS comes last.

    Each row of the result has the label `words`, the `amount`, `is_confirmed` and `is_collected`.
    `is_confirmed` is true if the rates of all taxes in the sum are confirmed. `is_collected` is
    true for tax collected at source (TCS), whose label names the section of the law.
    """
    found: dict[str, Row] = {}
    for tax in sorted(taxes, key=lambda tax: bool(tax["component"] == COLLECTED)):
        rate = f"{tax['percent'].normalize():f} %" if "percent" in tax else ""
        words = f"{component(tax['component'])} {rate}".rstrip()
        is_collected = tax["component"] == COLLECTED
        if is_collected and (section := _SECTION.search(tax.get("source") or "")):
            words = gettext("%(tax)s, section %(section)s", tax=words, section=section[1])
        begun = {"minor": 0, "is_confirmed": True, "is_collected": is_collected}
        row = found.setdefault(words, {"words": words, **begun})
        row["minor"] += tax["amount_minor"]
        row["is_confirmed"] = row["is_confirmed"] and tax.get("confirmed", True)
    return [row | {"amount": Money(row["minor"], currency)} for row in found.values()]
