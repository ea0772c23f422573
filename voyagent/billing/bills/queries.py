"""Queries of bills: a single bill with its lines, the list, and the export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.core.models.accruals import Accrual
from voyagent.billing.core.models.bills import Bill, ExpectedBillMatch
from voyagent.billing.core.models.kinds import BILL
from voyagent.billing.core.models.parts import OPEN_BILL
from voyagent.billing.core.queries.cancellations import cancellations_of_statement
from voyagent.billing.core.queries.credits import credits_of_statement
from voyagent.billing.core.queries.documents import (
    BASE_COLUMNS,
    DocumentSearch,
    by_day_statement,
    having_text,
    page_of,
)
from voyagent.billing.core.queries.exports import (
    amount_columns,
    documents_listing,
    open_column,
    party_columns,
    settled_column,
)
from voyagent.billing.core.queries.parts import items_statement, settling_statement
from voyagent.billing.core.queries.policies import cost_methods
from voyagent.billing.core.queries.recognitions import by_entry, recognitions_statement
from voyagent.billing.core.queries.taxes import tax_amounts_statement
from voyagent.billing.core.rules import by_month, cost_parts, taxes_by_line
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row, first_row
from voyagent.kernel.database.statement_cache import cached_statement, keyed_select
from voyagent.kernel.db import load_one
from voyagent.kernel.listings import Column, Listing
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor, CursorPage
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement

_BILLS, _MATCHES = Bill.__table__.c, ExpectedBillMatch.__table__.c
_BRIEF = (
    *(
        "id",
        "status",
        "vendor_reference",
        "party_id",
        "party_name",
        "party_reference",
        "issue_date",
        "due_date",
        "currency",
        "total_minor",
        "paid_minor",
    ),
    *(
        "credited_minor",
        "pay_on",
        "trip_id",
        "created_at",
        "updated_at",
        "instalment_dues",
        "instalment_minors",
    ),
)
_TEXTS = ("vendor_reference", "party_name", "party_reference")


def get_bill(bill_id: UUID, *, lock: bool = False) -> Bill:
    """Return a bill; with `lock` its row is locked until the transaction ends.

    Raises BillNotFound.
    """
    return load_one(select(Bill).where(Bill.id == bill_id), BillNotFound, lock=lock)


def bills_listing(search: BillSearch) -> Listing:
    """Return the export of the bills that a search finds, newest issue date first."""
    of = Bill.__table__.c
    columns = [
        Column("vendor_reference", of.vendor_reference, "text"),
        *party_columns(of, "vendor_name"),
        Column("pay_on", of.pay_on),
        *amount_columns(of, "total_amount", "paid_amount", "credited_amount"),
        Column("open_amount", open_column(of), "amount"),
        settled_column(of),
    ]
    return documents_listing("bills", Bill, columns, search)


class BillSearch(DocumentSearch):
    """Filters of a list of bills; the status `open` means received or scheduled."""

    __slots__ = ()
    known = {"open": OPEN_BILL, "overdue": OPEN_BILL} | {
        status: (status,) for status in ("draft", "received", "scheduled", "paid", "void")
    }


@dataclass(frozen=True, slots=True)
class BillDocument:
    """A bill with its parts, journal lines, matches and cancellations.

    `later_lines` are those of its journal entries on later service dates.
    """

    bill: Row
    lines: list[Row]
    taxes: list[Row]
    payments: list[Row]
    credits: list[Row]
    cancellations: list[Row]
    journal: list[Row]
    matches: list[Row]
    later_lines: list[Row]

    @property
    def recognitions(self) -> list[Row]:
        """Return the journal entries on later service dates, as `by_entry` groups them."""
        return by_entry(self.later_lines)


def list_bills(
    reader: Reader, search: BillSearch, *, limit: int = 50, cursor: Cursor | None = None
) -> CursorPage[Row]:
    """Return a page of bills after the cursor, newest issue date first.

    A text is searched only in the first 20,000 bills after the cursor.
    """
    return page_of(reader.read(_list_statement(search, limit + 1, cursor))[0], limit)


def read_bill(reader: Reader, bill_id: UUID) -> BillDocument:
    """Return a bill with its parts, journal entries and matches.

    Raises BillNotFound.
    """
    bills, *parts = reader.read(*_document_statements(bill_id))
    return BillDocument(first_row(bills, BillNotFound), *parts)


def costs_by_month(reader: Reader, document: BillDocument) -> dict[date, Money]:
    """Return the cost of a bill by the first day of the month to which it belongs.

    The cost of a line belongs to the months in which its prepaid parts become cost, accrued cost
    that the bill took over to the month of its accrual, and the rest to the month of the issue
    date. Credits are not subtracted. An imported bill is no cost.
    """
    bill, taxes = document.bill, taxes_by_line(document.taxes)
    is_draft = bill["status"] == "draft" and any(line["service_date"] for line in document.lines)
    method_of = cost_methods(reader, bill["id"], bill["issue_date"]) if is_draft else None
    amounts = []
    for line in () if bill["is_opening"] else document.lines:
        if line["bought_as"] == "cost":
            printed = () if line["input_credit"] else taxes[line["line_no"]]
            minor = line["amount_minor"] + sum(tax["amount_minor"] for tax in printed)
            method = method_of(line["line_no"]) if method_of else line["recognition"]
            days = (line["service_date"], line["service_to"])
            amounts.append((minor, cost_parts(minor, "cost", *days, method)))
    taken = reader.read(_taken_statement(bill["id"]))[0] if document.matches else []
    earlier = [(row["accrued_on"], row["minor"]) for row in taken]
    return by_month(amounts, bill["issue_date"], bill["currency"], earlier)


@cached_statement
def _taken_statement(bill_id: UUID) -> Select[Any]:
    """Select the accrued cost that a bill has taken over, and the day of its accrual."""
    accruals, others = Accrual.__table__.c, Accrual.__table__.alias("others").c
    accrued_on = (
        select(func.max(others.booked_on))
        .where(
            others.tenant_id == accruals.tenant_id,
            others.expected_bill_id == accruals.expected_bill_id,
            others.kind == "accrued",
        )
        .scalar_subquery()
    )
    return select(accrued_on.label("accrued_on"), (-accruals.amount_minor).label("minor")).where(
        owned(Accrual), accruals.bill_id == bill_id, accruals.kind == "billed"
    )


@cached_statement
def _list_statement(search: BillSearch, limit: int, cursor: Cursor | None) -> Select[Any]:
    return having_text(
        by_day_statement(Bill, _BRIEF, search, cursor), "issue_date", _TEXTS, search.text, limit
    )


@keyed_select
def _document_statements(bill_id: Any) -> tuple[Select[Any], ...]:
    entry_id = select(_BILLS.entry_id).where(owned(Bill), _BILLS.id == bill_id).scalar_subquery()
    return (
        _bill_statement(bill_id),
        items_statement(BILL, bill_id),
        tax_amounts_statement(BILL, bill_id),
        settling_statement(BILL, bill_id),
        credits_of_statement(BILL, bill_id),
        cancellations_of_statement(BILL, bill_id),
        entry_lines_statement(entry_id),
        _matches_statement(bill_id),
        recognitions_statement("bill", bill_id),
    )


def _matches_statement(bill_id: UUID) -> Select[Any]:
    """Select the expected bills to which the lines of a bill are matched."""
    return (
        select(
            *(_MATCHES[name] for name in ("line_no", "expected_bill_id", "amount_minor")),
            _MATCHES.is_final,
        )
        .where(owned(ExpectedBillMatch), _MATCHES.bill_id == bill_id)
        .order_by(_MATCHES.line_no, _MATCHES.id)
    )


def _bill_statement(bill_id: UUID) -> Select[Any]:
    return select(
        *(column for column in _BILLS if column.name != "party_key"),
        name_of(_BILLS.created_by_user_id).label("created_by"),
        name_of(_BILLS.voided_by_user_id).label("voided_by"),
        *BASE_COLUMNS,
    ).where(owned(Bill), _BILLS.id == bill_id)
