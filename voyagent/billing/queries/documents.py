"""Reading invoices and bills: one, a page of the list with the numbers for its tabs, drafts, what a
printed document shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, ClassVar, overload
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.sql.selectable import TableValuedAlias

from voyagent.approvals.queries import unfinished_statement
from voyagent.billing.core.models.bills import Bill, BillLine
from voyagent.billing.core.models.counters import AgeingByDue, InvoiceCount
from voyagent.billing.core.models.credits import CreditNote
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.parts import OPEN, OPEN_INVOICE
from voyagent.billing.queries.parts import items_statement, settling_statement
from voyagent.billing.queries.recognitions import by_entry, recognitions_statement
from voyagent.billing.queries.taxes import taxes_statement
from voyagent.billing.queries.write_offs import WRITE_OFF, write_offs_statement
from voyagent.chat.queries.sessions import is_live
from voyagent.identity.queries.people import name_of
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.database.statement_cache import keyed_select
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, NotFound
from voyagent.kernel.pages import Page
from voyagent.kernel.patterns import contains, is_blunt
from voyagent.kernel.tenancy import owned
from voyagent.ledger.queries.entries import entry_lines_statement

COUNTED_MAX = 1000
_ZONES_APART = timedelta(days=2)
LOOKED_MAX = 20_000
_INVOICES = Invoice.__table__.c
_NOTES = CreditNote.__table__.c
_COUNTS = InvoiceCount.__table__.c
_AGEING = AgeingByDue.__table__.c
_LISTED = (
    *(
        "id",
        "number",
        "status",
        "party_name",
        "party_reference",
        "issue_date",
        "due_date",
        "currency",
        "total_minor",
        "paid_minor",
        "credited_minor",
    ),
    *("written_off_minor", "created_at", "instalment_dues", "instalment_minors"),
)
STATUSES = ("draft", "issued", "partially_paid", "paid", "void")


class InvoiceNotFound(NotFound):
    """No such invoice in the agency."""

    code = "invoice_not_found"
    message = N_("We could not find that invoice.")


class BillNotFound(NotFound):
    """No such bill in the agency."""

    code = "bill_not_found"
    message = N_("We could not find that bill.")


@dataclass(frozen=True, slots=True)
class DocumentSearch:
    """What a list is narrowed to.

    `status` is a state, `open` or `overdue` (open, due before `today`); `party` is a whole name.

    `today` may be a day off while the agency's zone is not known yet, but for `overdue`.
    """

    known: ClassVar[Mapping[str, tuple[str, ...]]]
    today: date
    text: str | None = None
    status: str | None = None
    currency: str | None = None
    party: str | None = None
    due_from: date | None = None
    due_to: date | None = None
    issued_from: date | None = None
    issued_to: date | None = None
    trip_id: UUID | None = None

    @property
    def states(self) -> tuple[str, ...] | None:
        """The states that are wanted, or None for all."""
        return self.known[self.status] if self.status else None

    @property
    def due_until(self) -> date | None:
        """The last due day that is wanted."""
        if self.status != "overdue":
            return self.due_to
        return min(self.due_to or date.max, date.fromordinal(self.today.toordinal() - 1))

    @property
    def is_looked_up(self) -> bool:
        """Whether the function that searches texts finds the rows: it knows no trip, of whose few
        documents each is looked at instead.
        """
        return bool(self.text) and self.trip_id is None

    @property
    def is_counted(self) -> bool:
        """Whether the counters know the total."""
        return self == type(self)(self.today, status=self.status)


class InvoiceSearch(DocumentSearch):
    """What a list of invoices is narrowed to; `open` is issued or partly paid."""

    __slots__ = ()
    known = {"open": OPEN_INVOICE, "overdue": OPEN_INVOICE} | {
        status: (status,) for status in STATUSES
    }


@dataclass(frozen=True, slots=True)
class InvoiceBoard:
    """A page of the list and the numbers for its tabs.

    `is_capped`: there may be more than `page.total`; `is_partial`: only the newest were looked
    through.
    """

    page: Page[Row]
    by_status: dict[str, int]
    long_overdue: int
    due_about_now: dict[date, int]
    is_capped: bool
    is_partial: bool

    def numbers(self, today: date) -> dict[str, int]:
        """How many there are by state, and `all`, `open`, `overdue`; whose today it is, the reader
        may learn with the page only.
        """
        return self.by_status | {
            "all": sum(self.by_status.values()),
            "open": sum(self.by_status.get(state, 0) for state in OPEN_INVOICE),
            "overdue": (
                self.long_overdue + sum(n for due, n in self.due_about_now.items() if due < today)
            ),
        }


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """An invoice with all that its page shows: lines, their taxes, payments, credit notes,
    write-offs, and the journal lines of its issue.
    """

    invoice: Row
    lines: list[Row]
    taxes: list[Row]
    payments: list[Row]
    credit_notes: list[Row]
    write_offs: list[Row]
    asked: list[Row]
    """The request for a write-off that waits, if any."""
    journal: list[Row]
    further: list[Row]
    """What is booked on days of service after the invoice, entry by entry."""

    @property
    def taxed_lines(self) -> tuple[list[int], list[tuple[int, str]]]:
        """The numbers of the lines that are to be taxed, and line and component of what is."""
        return [line["line_no"] for line in self.lines if line["tax"]], [
            (tax["line_no"], tax["component"]) for tax in self.taxes
        ]


def get_invoice(invoice_id: UUID, *, lock: bool = False) -> Invoice:
    """An invoice of the agency; `lock` holds its row until the transaction ends.

    Raises InvoiceNotFound.
    """
    statement = select(Invoice).where(Invoice.id == invoice_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    found = db.session.scalar(statement)
    if found is None:
        raise InvoiceNotFound
    return found


def get_bill(bill_id: UUID, *, lock: bool = False) -> Bill:
    """A bill of the agency; `lock` holds its row until the transaction ends.

    Raises BillNotFound.
    """
    statement = select(Bill).where(Bill.id == bill_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    found = db.session.scalar(statement)
    if found is None:
        raise BillNotFound
    return found


@overload
def get_lines(document: Invoice) -> Sequence[InvoiceLine]: ...


@overload
def get_lines(document: Bill) -> Sequence[BillLine]: ...


def get_lines(document: Invoice | Bill) -> Sequence[InvoiceLine | BillLine]:
    """The lines of a document, in order."""
    if isinstance(document, Invoice):
        return db.session.scalars(
            select(InvoiceLine)
            .where(InvoiceLine.invoice_id == document.id)
            .order_by(InvoiceLine.line_no)
        ).all()
    return db.session.scalars(
        select(BillLine).where(BillLine.bill_id == document.id).order_by(BillLine.line_no)
    ).all()


def open_minor_of(row: Row) -> int:
    """What is still to be paid on a document that was read: nothing on a draft, or on what is paid
    or void.
    """
    return (
        row["total_minor"] - row["paid_minor"] - row["credited_minor"]
        if row["status"] in OPEN
        else 0
    )


def read_board(
    reader: Reader, search: InvoiceSearch, *, limit: int = 50, offset: int = 0
) -> InvoiceBoard:
    """What the list page shows, newest issue date first, in one statement; a total that would have
    to be counted is counted to a thousand.
    """
    rows = reader.read(_list_statement(search, limit, offset))[0]
    numbers = rows[0]
    board = InvoiceBoard(
        page=Page(
            items=[row for row in rows if row["id"] is not None],
            total=0,
            limit=limit,
            offset=offset,
        ),
        by_status={status: n for status, n in (numbers["by_status"] or {}).items() if n},
        long_overdue=numbers["long_overdue"],
        due_about_now={
            date.fromisoformat(due): n for due, n in (numbers["due_about_now"] or {}).items()
        },
        is_capped=False,
        is_partial=_is_found(search) and is_blunt(search.text or ""),
    )
    total = (
        board.numbers(search.today).get(search.status or "all", 0)
        if search.is_counted
        else numbers["total"]
    )
    return replace(
        board,
        page=replace(board.page, total=total),
        is_capped=not search.is_counted and total > COUNTED_MAX,
    )


def read_document(reader: Reader, invoice_id: UUID) -> InvoiceDocument:
    """An invoice with its lines, taxes, payments, credit notes, write-offs and journal lines, in
    one trip. Raises InvoiceNotFound.
    """
    invoices, lines, taxes, payments, notes, write_offs, asked, journal, further = reader.read(
        *_document_statements(invoice_id)
    )
    if not invoices:
        raise InvoiceNotFound
    return InvoiceDocument(
        invoices[0], lines, taxes, payments, notes, write_offs, asked, journal, by_entry(further)
    )


def list_drafts(reader: Reader, party: str | None = None, limit: int = 10) -> list[Row]:
    """Drafts, the newest first; of one customer where `party` names one."""
    table = Invoice.__table__
    statement = select(*(table.c[name] for name in _LISTED)).where(
        owned(Invoice), _INVOICES.status == "draft"
    )
    if party:
        statement = statement.where(_INVOICES.party_key == func.lower(" ".join(party.split())))
    return reader.read(
        statement.order_by(_INVOICES.created_at.desc(), _INVOICES.id.desc()).limit(limit)
    )[0]


def find_alike(
    reader: Reader,
    party: str,
    total_minor: int,
    currency: str,
    *,
    since: date,
    besides: UUID | None = None,
) -> list[Row]:
    """Invoices to the same customer over the same amount issued since a day: the same thing may be
    about to be billed twice.
    """
    statement = select(
        _INVOICES.id, _INVOICES.number, _INVOICES.status, _INVOICES.issue_date
    ).where(
        owned(Invoice),
        _INVOICES.party_key == func.lower(party),
        _INVOICES.issue_date >= since,
        _INVOICES.total_minor == total_minor,
        _INVOICES.currency == currency,
        _INVOICES.status != "void",
    )
    if besides is not None:
        statement = statement.where(_INVOICES.id != besides)
    return reader.read(
        statement.order_by(_INVOICES.issue_date.desc(), _INVOICES.id.desc()).limit(3)
    )[0]


def find_invoices(reader: Reader, invoice_ids: Sequence[UUID]) -> list[Row]:
    """Of these invoices those that are there, as they stand: `id, number, status`."""
    return reader.read(
        select(_INVOICES.id, _INVOICES.number, _INVOICES.status).where(
            owned(Invoice), _INVOICES.id.in_(invoice_ids)
        )
    )[0]


def _list_statement(search: InvoiceSearch, limit: int, offset: int) -> Select[Any]:
    """The numbers for the tabs, and beside them the rows; where there is no row, one without an id
    carries the numbers.
    """
    numbers = _numbers(search).subquery("numbers")
    table = Invoice.__table__.alias("i")
    newest = (table.c.issue_date.desc(), table.c.id.desc())
    if _is_found(search):
        found = _found(search, limit, offset)
        source = numbers.join(found, true()).outerjoin(
            table, owned(table) & (table.c.id == found.c.id)
        )
        return (
            select(*(table.c[name] for name in _LISTED), numbers, found.c.total)
            .select_from(source)
            .order_by(*newest)
        )
    page = (
        select(table)
        .where(owned(table), *_wanted(search, table))
        .order_by(*newest)
        .limit(limit)
        .offset(offset)
        .lateral("page")
    )
    shown = select(*(page.c[name] for name in _LISTED), numbers).select_from(
        numbers.outerjoin(page, true())
    )
    return shown.order_by(page.c.issue_date.desc(), page.c.id.desc())


def _is_found(search: InvoiceSearch) -> bool:
    """Whether the function of the board finds the rows: beside no trip it knows no days of issue,
    within which each document is looked at instead.
    """
    return search.is_looked_up and search.issued_from is None and search.issued_to is None


def _found(search: InvoiceSearch, limit: int, offset: int) -> TableValuedAlias:
    states = cast(list(search.states), ARRAY(Text)) if search.states else cast(None, ARRAY(Text))
    looked_max = LOOKED_MAX if search.text and is_blunt(search.text) else None
    call = func.app.find_invoices(
        literal(contains(search.text or ""), Text()),
        states,
        *(literal(value, Text()) for value in (search.currency, search.party)),
        *(literal(value, Date()) for value in (search.due_from, search.due_until)),
        *(literal(value, Integer()) for value in (limit, offset, looked_max, COUNTED_MAX + 1)),
    )
    return call.table_valued("id", "total", name="found")


def _numbers(search: InvoiceSearch) -> Select[Any]:
    by_status = (
        select(func.jsonb_object_agg(_COUNTS.status, _COUNTS.n))
        .where(owned(InvoiceCount))
        .scalar_subquery()
    )
    first, after = search.today - _ZONES_APART, search.today + _ZONES_APART
    open_now = [owned(AgeingByDue), _AGEING.kind == "receivable", _AGEING.n > 0]
    long_overdue = (
        select(cast(func.coalesce(func.sum(_AGEING.documents), 0), BigInteger))
        .where(*open_now, _AGEING.due_date < first)
        .scalar_subquery()
    )
    by_day = (
        select(_AGEING.due_date, func.sum(_AGEING.documents).label("n"))
        .where(*open_now, _AGEING.due_date.between(first, after))
        .group_by(_AGEING.due_date)
        .subquery("by_day")
    )
    due_about_now = select(func.jsonb_object_agg(by_day.c.due_date, by_day.c.n)).scalar_subquery()
    statement = select(
        by_status.label("by_status"),
        long_overdue.label("long_overdue"),
        due_about_now.label("due_about_now"),
    )
    if search.is_counted or _is_found(search):
        return statement
    table = Invoice.__table__.alias("c")
    narrowed = (
        select(literal(1))
        .select_from(table)
        .where(owned(table), *_wanted(search, table))
        .limit(COUNTED_MAX + 1)
        .subquery("counted")
    )
    return statement.add_columns(
        select(func.count()).select_from(narrowed).scalar_subquery().label("total")
    )


def _wanted(search: InvoiceSearch, table: Any) -> list[ColumnElement[bool]]:
    return conditions(search, table) + ([has_text(search.text, table.c)] if search.text else [])


def has_text(text: str, columns: Any) -> ColumnElement[bool]:
    """Whether an invoice has a text in its number, its customer or its reference, whatever the
    case, by the one column for searching.
    """
    found: ColumnElement[bool] = columns.search.like(func.lower(contains(text)))
    return found


def conditions(search: DocumentSearch, table: Any) -> list[ColumnElement[bool]]:
    """What narrows a list but its text."""
    conditions: list[ColumnElement[bool]] = []
    if search.states:
        conditions.append(table.c.status.in_(search.states))
    if search.currency:
        conditions.append(table.c.currency == search.currency)
    if search.party:
        conditions.append(table.c.party_key == func.lower(search.party))
    if search.trip_id:
        conditions.append(table.c.trip_id == search.trip_id)
    if search.issued_from:
        conditions.append(table.c.issue_date >= search.issued_from)
    if search.issued_to:
        conditions.append(table.c.issue_date <= search.issued_to)
    if search.due_from:
        conditions.append(
            or_(_due_within(search, table.c.due_date), _instalment_due_within(search, table))
        )
    if search.due_until and search.due_from:
        conditions.append(table.c.issue_date <= search.due_until)
    elif search.due_until:
        # Nothing is due before it is issued, so the newest issue dates need not be walked through
        # to find an old due date.
        conditions += [table.c.due_date <= search.due_until, table.c.issue_date <= search.due_until]
    return conditions


def _due_within(search: DocumentSearch, day: ColumnElement[date]) -> ColumnElement[bool]:
    return and_(
        *([day >= search.due_from] if search.due_from else []),
        *([day <= search.due_until] if search.due_until else []),
    )


def _instalment_due_within(search: DocumentSearch, table: Any) -> ColumnElement[bool]:
    """Whether one that is not settled yet is due then: a document's own due day is that of the
    first of them that is open.
    """
    each: Any = func.unnest(table.c.instalment_dues).column_valued("each")
    return (
        select(each)
        .where(each >= table.c.due_date, _due_within(search, each))
        .correlate(table)
        .exists()
    )


@keyed_select
def _document_statements(invoice_id: Any) -> tuple[Select[Any], ...]:
    entry_id = (
        select(_INVOICES.entry_id)
        .where(owned(Invoice), _INVOICES.id == invoice_id)
        .scalar_subquery()
    )
    return (
        _invoice_statement(invoice_id),
        items_statement("receivable", invoice_id),
        taxes_statement(invoice_id),
        settling_statement("receivable", invoice_id),
        _notes_statement(invoice_id),
        write_offs_statement(invoice_id),
        unfinished_statement(WRITE_OFF, "invoice_id", cast(invoice_id, Text)),
        entry_lines_statement(entry_id),
        recognitions_statement("invoice", invoice_id),
    )


def _invoice_statement(invoice_id: UUID) -> Select[Any]:
    columns = [
        column
        for column in Invoice.__table__.columns
        if column.name not in {"party_key", "search", "session_id"}
    ]
    return select(
        *columns,
        case((is_live(_INVOICES.session_id), _INVOICES.session_id)).label("session_id"),
        name_of(_INVOICES.created_by_user_id).label("created_by"),
        name_of(_INVOICES.issued_by_user_id).label("issued_by"),
        name_of(_INVOICES.voided_by_user_id).label("voided_by"),
    ).where(owned(Invoice), _INVOICES.id == invoice_id)


def _notes_statement(invoice_id: UUID) -> Select[Any]:
    names = (
        "id",
        "number",
        "issue_date",
        "reason",
        "entry_id",
        "reversed_on",
        "reversal_reason",
        "reversal_entry_id",
    )
    return (
        select(
            *(_NOTES[name] for name in names),
            _NOTES.total_minor.label("amount_minor"),
            name_of(_NOTES.reversed_by_user_id).label("reversed_by"),
        )
        .where(owned(CreditNote), _NOTES.invoice_id == invoice_id)
        .order_by(_NOTES.issue_date, _NOTES.id)
    )


__all__ = [
    "COUNTED_MAX",
    "LOOKED_MAX",
    "STATUSES",
    "BillNotFound",
    "DocumentSearch",
    "InvoiceBoard",
    "InvoiceDocument",
    "InvoiceNotFound",
    "InvoiceSearch",
    "conditions",
    "find_alike",
    "get_bill",
    "get_invoice",
    "get_lines",
    "has_text",
    "list_drafts",
    "open_minor_of",
    "read_board",
    "read_document",
]
