"""Capability `find_invoices`: find invoices by status, customer, number or date."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.billing.core.capabilities.payments import SHOWN_MAX, row_amount
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.rules import way_settled
from voyagent.billing.core.words.settled import settled_in_a_list
from voyagent.billing.invoices.queries import board as invoice_board, documents as invoice_queries
from voyagent.billing.invoices.queries.board import InvoiceSearch
from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import count_note, day, listing, money, paragraphs, total_due
from voyagent.capabilities.results import Column, Result
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed, Id, Text
from voyagent.kernel.json_values import JsonObject
from voyagent.trips.capabilities.lookups import trips

SEQUENCE_DIGITS = 6
Status = Literal["draft", "issued", "partially_paid", "paid", "void", "open", "overdue"]


class FindInvoicesInput(Closed):
    """Filters of invoices; an invoice must match all of them."""

    status: Annotated[Status | None, Slot("status")] = Field(
        default=None,
        description=(
            "A status; `open` is issued or partly paid, `overdue` is open after the due date."
        ),
    )
    customer_name: Annotated[Annotated[str, Text(255)] | None, Slot("party")] = Field(
        default=None, description="The customer's name, or a part of it."
    )
    number: Annotated[Annotated[str, Text(64)] | None, Slot("document")] = Field(
        default=None, description="Number of the invoice; digits alone match the end of a number."
    )
    issued_from: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="First day of issue, YYYY-MM-DD."
    )
    issued_to: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Last day of issue, YYYY-MM-DD."
    )
    trip_id: Id | None = Field(default=None, description="Only invoices of this trip.")


def run(call: Invocation, inputs: FindInvoicesInput) -> JsonObject:
    """Return the matching invoices in `invoices`, newest first.

    `count` is the number of matching invoices; at most SHOWN_MAX are in `invoices`.
    """
    name = " ".join((inputs.customer_name or "").split())
    if inputs.status == "draft" and not (inputs.number or inputs.trip_id):
        drafts = invoice_queries.list_drafts(call.reader, name or None, SHOWN_MAX)
        if name and not drafts:
            drafts = _with_name(invoice_queries.list_drafts(call.reader, None, SHOWN_MAX), name)
        return {"count": len(drafts), "invoices": [_invoice(row) for row in drafts]}
    search = InvoiceSearch(
        today=clock.today(call.actor.timezone),
        text=number_end(inputs.number) or name or None,
        status=inputs.status,
        issued_from=inputs.issued_from,
        issued_to=inputs.issued_to,
        trip_id=inputs.trip_id,
    )
    page = invoice_board.read_list_page(call.reader, search, limit=SHOWN_MAX).page
    rows = _with_name(page.items, name)
    exact = [row for row in rows if name and row["party_name"].casefold() == name.casefold()]
    shown = exact or rows
    return {
        "count": page.total if shown == page.items else len(shown),
        "invoices": [_invoice(row) for row in shown],
    }


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Return the text of the card.

    The text contains the invoice number if a number was searched. Otherwise it says whether only
    drafts were searched, and contains the customer's name if one was given.
    """
    if given.get("number"):
        return str(gettext("Searched for invoice %(number)s", number=given["number"]))
    name = given.get("customer_name")
    if given.get("status") == "draft":
        if name:
            return str(gettext("Searched drafts for %(name)s", name=name))
        return str(gettext("Searched drafts"))
    if name:
        return str(gettext("Searched invoices for %(name)s", name=name))
    return str(gettext("Searched invoices"))


def row(invoice: JsonObject) -> str:
    """Return an invoice as text: number, customer, total, and due date.

    In place of the due date, the text of a void invoice has its status, and that of an invoice
    without an open amount says how it was settled. The amount due is added if it differs from the
    total.
    """
    parts = [_number(invoice), invoice["customer_name"]]
    parts.append(money(invoice["total"]))
    settled = invoice.get("settled_as")
    final = (
        settled_in_a_list(settled)
        if settled
        else gettext("void")
        if invoice["status"] == "void"
        else None
    )
    if final is None and invoice["status"] != "draft" and invoice["open"] != invoice["total"]:
        parts.append(gettext("amount due %(amount)s", amount=money(invoice["open"])))
    return ", ".join([*parts, final or gettext("due %(day)s", day=day(invoice["due_date"]))])


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the invoices, and the total of the amounts due."""
    invoices, count = output["invoices"], output["count"]
    if invoices:
        heading = ngettext("One invoice.", "%(num)d invoices.", count)
        due = [one["open"] for one in invoices if Decimal(one["open"]["amount"])]
        total = total_due(due) if count == len(invoices) and len(due) > 1 else ""
        return paragraphs(listing(str(heading), map(row, invoices), count), total)
    if given.get("number"):
        return str(
            gettext("No invoice %(number)s was found. Check the number.", number=given["number"])
        )
    name = given.get("customer_name")
    if name:
        return str(
            gettext(
                "No such invoice of %(name)s was found. Check the spelling of the name.", name=name
            )
        )
    if given.get("status") == "draft":
        return str(gettext("There are no draft invoices."))
    return str(gettext("There are no invoices for this search."))


def _with_name(rows: list[Row], name: str) -> list[Row]:
    return [row for row in rows if name.casefold() in row["party_name"].casefold()]


def number_end(number: str | None) -> str | None:
    """Return the end of an invoice number: `/000058` for the digits `58`.

    A text with other characters or too many digits, and None, is returned unchanged.
    """
    if number and number.isdecimal() and len(number) <= SEQUENCE_DIGITS:
        return f"/{int(number):06d}"
    return number


def _invoice(row: Row) -> JsonObject:
    return {
        "id": str(row["id"]),
        "number": row["number"],
        "customer_name": row["party_name"],
        "total": row_amount(row, row["total_minor"]),
        "open": row_amount(row, document_queries.open_minor_of(row)),
        "issue_date": row["issue_date"].isoformat(),
        "due_date": row["due_date"].isoformat(),
        "status": row["status"],
        "settled_as": way_settled(row),
    }


def _number(invoice: JsonObject) -> str:
    return str(invoice.get("number") or gettext("draft"))


CAPABILITY = Capability(
    name="find_invoices",
    title=N_("Invoices"),
    summary="Find invoices by status, customer or number.",
    area="accounting",
    input=FindInvoicesInput,
    output=frozenset({"count", "invoices"}),
    permission="billing.read",
    approval="never",
    run=run,
    choices={"trip_id": trips},
    card=Card(
        icon="search",
        sentence=sentence,
        note=count_note,
        answer=answer,
        fills=("invoice_id",),
        rows="invoices",
        row=row,
        results=(
            Result(
                title=N_("Invoices"),
                rows="invoices",
                columns=(
                    Column(value=_number, kind="code"),
                    Column(value="customer_name", page="invoice_id"),
                    Column(value="total", kind="money"),
                ),
            ),
        ),
    ),
    audit=N_("Assistant: find invoices"),
    follow_ups=("record_receipt", "issue_invoice", "list_receivables"),
    examples={
        "en": (
            "show invoices of Deepa Krishnan",
            "find invoice 000042",
            "list draft invoices",
            "overdue invoices",
            "which invoices did we issue last week",
            "is invoice 2026-27/000017 paid",
            "open invoices of Al Noor Trading",
            "invoices raised in November",
            "show me the part paid ones",
            "any draft for Mrs Fernandes?",
            "status of inv 58 pls",
            "all bills we made for Joseph this year",
            "cancelled invoices since 1 Oct",
            "show invoice of Zenith Pharma",
            "invoice list for November",
            "any unpaid invoice of Neha Kapoor",
            "pull up inv 000051",
            "which invoices are overdue",
            "show all draft bills of customers",
            "what did we invoice Kiran Desai",
            "invoices issued between 1 and 15 Nov",
            "has invoice 000051 been paid",
            "partly paid invoices of the Patel group",
            "void invoices this year",
        ),
        "hi": (
            "Deepa ke invoice dikhao",
            "invoice 000042 dhundo",
            "draft invoice kaun kaun se hain",
            "pichhle hafte ke invoice dikhao",
            "Al Noor ke open invoice batao",
            "kaun se invoice ki date nikal gayi",
            "Zenith Pharma ke invoice dikhao",
            "Neha ka koi unpaid invoice hai kya",
            "000051 wala invoice nikalo",
            "November ke saare invoice batao",
            "इनवॉइस दिखाओ दीपा के",
            "ड्राफ्ट इनवॉइस कौन कौन से हैं",
            "पिछले हफ़्ते के इनवॉइस दिखाओ",
            "किस इनवॉइस की तारीख निकल गई",
        ),
    },
)
