"""Tools about invoices: which there are, and the proposals that a person must grant."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.billing import effects, queries, write_offs
from voyagent.billing.queries import InvoiceSearch
from voyagent.billing.schemas import (
    CreateInvoiceIn,
    DraftInvoiceIn,
    IssueInvoiceIn,
    WriteOffInvoiceIn,
)
from voyagent.capabilities.capability import Invocation, JsonObject
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import BusinessDate, Closed, Text
from voyagent.kernel.money import wire_amount

SHOWN_MAX = 50
SEQUENCE_DIGITS = 6
_FIRST, _LAST = date(1900, 1, 1), date(2200, 12, 31)
Amount = Annotated[str, Field(pattern=r"^\d{1,15}(\.\d{1,4})?$")]


class FindInvoicesIn(Closed):
    """Invoices in a state (`open` is issued or partly paid, `overdue` open and past its day), of
    one customer, by number, or issued on days of a range.
    """

    status: (
        Literal["draft", "issued", "partially_paid", "paid", "void", "open", "overdue"] | None
    ) = None
    customer_name: Annotated[str, Text(255)] | None = None
    number: Annotated[str, Text(64)] | None = None
    issued_from: BusinessDate | None = None
    issued_to: BusinessDate | None = None


def find_invoices(call: Invocation, wanted: FindInvoicesIn) -> JsonObject:
    """Invoices, the newest first; those of exactly the name given, else those whose name holds it."""
    said = " ".join((wanted.customer_name or "").split())
    if wanted.status == "draft" and not wanted.number:
        rows = queries.list_drafts(call.reader, said or None, SHOWN_MAX)
        if said and not rows:
            rows = [
                row
                for row in queries.list_drafts(call.reader, None, SHOWN_MAX)
                if said.casefold() in row["party_name"].casefold()
            ]
        return {"count": len(rows), "invoices": [_shown(row) for row in rows]}
    search = InvoiceSearch(
        today=clock.today(call.actor.timezone),
        text=_whole_end(wanted.number) or said or None,
        status=wanted.status,
        issued_from=wanted.issued_from,
        issued_to=wanted.issued_to,
    )
    board = queries.read_board(call.reader, search, limit=SHOWN_MAX)
    rows = [row for row in board.page.items if said.casefold() in row["party_name"].casefold()]
    exact = [
        row for row in rows if said and row["party_name"].casefold() == said.casefold()
    ] or rows
    return {
        "count": board.page.total if rows == board.page.items and exact == rows else len(exact),
        "invoices": [_shown(row) for row in exact],
    }


def _whole_end(number: str | None) -> str | None:
    """`58` as the end of an invoice's number; every other number as it is."""
    return (
        f"/{int(number):06d}"
        if number and number.isdecimal() and len(number) <= SEQUENCE_DIGITS
        else number
    )


def _shown(row: Row) -> JsonObject:
    def amount(minor: int) -> JsonObject:
        return {"amount": wire_amount(minor, row["currency"]), "currency": row["currency"]}

    return {
        "id": str(row["id"]),
        "number": row["number"],
        "customer_name": row["party_name"],
        "total": amount(row["total_minor"]),
        "open": amount(queries.open_minor_of(row)),
        "issue_date": row["issue_date"].isoformat(),
        "due_date": row["due_date"].isoformat(),
        "status": row["status"],
    }


_DESK = Desk.ACCOUNTING
_OF_INVOICE = frozenset(
    {"invoice_id", "number", "total_amount", "currency", "status", "customer_name", "due_date"}
)
_OF_WRITE_OFF = frozenset(
    {
        "written_off",
        "write_off_id",
        "invoice_id",
        "number",
        "party_name",
        "amount",
        "currency",
        "open_amount",
        "status",
    }
)
register(
    Tool(
        "find_invoices",
        "Find invoices by state, customer or number.",
        "billing.read",
        FindInvoicesIn,
        run=find_invoices,
        desk=_DESK,
        gives=frozenset({"count", "invoices"}),
    )
)
register(
    Tool(
        "draft_invoice",
        "Propose a draft invoice.",
        "invoice.draft",
        DraftInvoiceIn,
        summarise=what_is_asked(effects.DRAFT),
        desk=_DESK,
        writes=True,
        gives=_OF_INVOICE | {"drafted"},
    )
)
register(
    Tool(
        "issue_invoice",
        "Propose to issue a draft: number and posting.",
        "invoice.issue",
        IssueInvoiceIn,
        summarise=what_is_asked(effects.ISSUE),
        desk=_DESK,
        writes=True,
        gives=_OF_INVOICE | {"issued"},
    )
)
register(
    Tool(
        "create_invoice",
        "Propose to draw up and issue an invoice in one, for the customer of an enquiry"
        " (`client_id`), under the next number of the series.",
        "invoice.issue",
        CreateInvoiceIn,
        summarise=what_is_asked(effects.CREATE),
        desk=_DESK,
        writes=True,
        gives=_OF_INVOICE | {"created", "invoice_number"},
    )
)
register(
    Tool(
        "write_off_invoice",
        "Propose to give up what is open of an invoice, or a part of it, as a bad debt, with the"
        " reason; without an amount all that is open.",
        "invoice.write_off",
        WriteOffInvoiceIn,
        summarise=what_is_asked(write_offs.EFFECT),
        desk=_DESK,
        writes=True,
        gives=_OF_WRITE_OFF,
    )
)
