"""Tools about invoices and what customers owe: who owes us, which invoices there are, and the
proposals that a person must grant.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field

from voyagent.assistant.tools.proposals import what_is_asked
from voyagent.assistant.tools.registry import Desk, JsonObject, Scene, Tool, register
from voyagent.billing import effects, postings, queries, write_offs
from voyagent.billing.queries import InvoiceSearch
from voyagent.billing.schemas import (
    CreateInvoiceIn,
    DraftInvoiceIn,
    IssueInvoiceIn,
    RecordReceiptIn,
    WriteOffInvoiceIn,
)
from voyagent.kernel import clock
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.fields import BusinessDate, Closed, Text
from voyagent.kernel.money import Money, wire_amount
from voyagent.kernel.reading import Row

SHOWN_MAX = 50
SEQUENCE_DIGITS = 6
_FIRST, _LAST = date(1900, 1, 1), date(2200, 12, 31)
Amount = Annotated[str, Field(pattern=r"^\d{1,15}(\.\d{1,4})?$")]


class BoundWithoutCurrency(Invalid):
    """A bound of which nobody knows the currency."""

    code = "currency_required"
    message = N_("Say in which currency.")


class ListOpenIn(Closed):
    """What narrows the parties: a day, one currency, an amount in it (above or at least), or only
    what is past its day, or that many days past it.
    """

    as_of: BusinessDate | None = None
    more_than: Amount | None = None
    at_least: Amount | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    overdue_only: bool = False
    overdue_days: Annotated[int, Field(ge=1, le=3650)] | None = None

    @property
    def party(self) -> str | None:
        """A part of the name."""
        return None


class ListReceivablesIn(ListOpenIn):
    """The same, and a customer's name."""

    customer_name: Annotated[str, Text(255)] | None = None

    @property
    def party(self) -> str | None:
        """A part of the customer's name."""
        return self.customer_name or None


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


def receivables(scene: Scene, wanted: ListReceivablesIn) -> JsonObject:
    """What each customer owes, by currency, largest first.

    Raises BoundWithoutCurrency, InvalidAmount, UnknownCurrency.
    """
    found = what_is_open(scene, "receivable", wanted)
    return {
        "as_of": found["as_of"],
        "count": found["count"],
        "customers": found["parties"],
        "totals": found["totals"],
    }


def what_is_open(scene: Scene, kind: queries.Kind, wanted: ListOpenIn) -> JsonObject:
    """What each party owes or is owed, by currency, largest first.

    Raises BoundWithoutCurrency, InvalidAmount, UnknownCurrency.
    """
    today = clock.today(scene.actor.timezone)
    if wanted.overdue_days is None:
        rows = queries.parties_by_age(
            scene.reader, kind, _FIRST, _LAST, today=today, as_of=wanted.as_of
        )
    else:
        until = (wanted.as_of or today) - timedelta(days=wanted.overdue_days)
        documents = queries.list_open(
            scene.reader, kind, _FIRST, _LAST, today=today, as_of=wanted.as_of
        )
        rows = [{**row, "n": 1} for row in documents if row["due_date"] <= until]
    owed = [
        party
        for party in _by_party(rows, overdue_only=wanted.overdue_only)
        if _is_wanted(party, wanted)
    ]
    owed.sort(
        key=lambda party: (
            party["currency"] != scene.actor.currency,
            party["currency"],
            -party["minor"],
            party["name"],
        )
    )
    sums: dict[str, int] = defaultdict(int)
    for party in owed:
        sums[party["currency"]] += party["minor"]
    return {
        "as_of": (wanted.as_of or today).isoformat(),
        "count": len(owed),
        "parties": [
            {
                "name": party["name"],
                "amount": wire_amount(party["minor"], party["currency"]),
                "overdue": wire_amount(party["overdue_minor"], party["currency"]),
                "currency": party["currency"],
                "invoices" if kind == "receivable" else "bills": party["n"],
            }
            for party in owed[:SHOWN_MAX]
        ],
        "totals": [
            {"amount": wire_amount(total, currency), "currency": currency}
            for currency, total in sums.items()
        ],
    }


def find_invoices(scene: Scene, wanted: FindInvoicesIn) -> JsonObject:
    """Invoices, the newest first; those of exactly the name given, else those whose name holds it."""
    said = " ".join((wanted.customer_name or "").split())
    if wanted.status == "draft" and not wanted.number:
        rows = queries.list_drafts(scene.reader, said or None, SHOWN_MAX)
        if said and not rows:
            rows = [
                row
                for row in queries.list_drafts(scene.reader, None, SHOWN_MAX)
                if said.casefold() in row["party_name"].casefold()
            ]
        return {"count": len(rows), "invoices": [_shown(row) for row in rows]}
    search = InvoiceSearch(
        today=clock.today(scene.actor.timezone),
        text=_whole_end(wanted.number) or said or None,
        status=wanted.status,
        issued_from=wanted.issued_from,
        issued_to=wanted.issued_to,
    )
    board = queries.read_board(scene.reader, search, limit=SHOWN_MAX)
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


def _by_party(rows: list[Row], *, overdue_only: bool) -> list[Row]:
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if overdue_only and row["age"] == 0:
            continue
        party = found.setdefault(
            (row["currency"], row["party_key"]),
            {"minor": 0, "overdue_minor": 0, "n": 0, "currency": row["currency"]},
        )
        party["name"] = row["party_name"]
        party["minor"] += row["open_minor"]
        party["n"] += row["n"]
        party["overdue_minor"] += row["open_minor"] if row["age"] > 0 else 0
    return list(found.values())


def _is_wanted(party: Row, wanted: ListOpenIn) -> bool:
    if wanted.party and wanted.party.casefold() not in party["name"].casefold():
        return False
    bound = wanted.more_than or wanted.at_least
    if bound is None:
        return wanted.currency in (None, party["currency"])
    if wanted.currency is None:
        raise BoundWithoutCurrency
    limit = Money.parse(bound, wanted.currency).amount_minor
    return party["currency"] == wanted.currency and bool(
        party["minor"] > limit or (wanted.more_than is None and party["minor"] == limit)
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
_OF_RECEIPT = frozenset(
    {
        "recorded",
        "payment_id",
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
        "list_receivables",
        "List what customers owe, by customer and currency.",
        "report.read",
        ListReceivablesIn,
        run=receivables,
        desk=_DESK,
        gives=frozenset({"as_of", "count", "customers", "totals"}),
    )
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
        "record_receipt",
        "Propose to record that a customer has paid an invoice or a part of it.",
        "payment.record",
        RecordReceiptIn,
        summarise=what_is_asked(postings.RECEIPT),
        desk=_DESK,
        writes=True,
        gives=_OF_RECEIPT,
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
        gives=(_OF_RECEIPT - {"recorded", "payment_id"}) | {"written_off", "write_off_id"},
    )
)
