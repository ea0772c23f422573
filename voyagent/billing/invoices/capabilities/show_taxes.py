"""Capability `show_taxes`: the taxes of invoices, and whether prices include tax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from flask_babel import gettext
from pydantic import Field

from voyagent.approvals.queries import session_statement
from voyagent.billing.core.capabilities.payments import row_amount
from voyagent.billing.core.queries import taxes as tax_queries
from voyagent.billing.invoices.capabilities.find_invoices import number_end
from voyagent.billing.invoices.queries import board as invoice_board, documents as invoice_queries
from voyagent.billing.invoices.queries.board import InvoiceSearch
from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import SHOWN_MAX, count_note, listing, money
from voyagent.capabilities.results import Column, Result
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed, Text
from voyagent.kernel.json_values import JsonObject


class ShowTaxesInput(Closed):
    """The invoices to find; if both fields are absent, those of the conversation."""

    number: Annotated[Annotated[str, Text(64)] | None, Slot("document")] = Field(
        default=None, description="Number of the invoice; digits alone match the end of a number."
    )
    customer_name: Annotated[Annotated[str, Text(255)] | None, Slot("party")] = Field(
        default=None, description="The customer's name, or a part of it."
    )


def run(call: Invocation, inputs: ShowTaxesInput) -> JsonObject:
    """Return the invoices in `invoices`, newest first, each with its taxes.

    `count` is the number of matching invoices; at most SHOWN_MAX are in `invoices`. `net` is the
    sum of the lines before tax. Tax collected at source is one of `taxes`. Without a number, a name
    and an invoice in the conversation, the list is empty.
    """
    count, rows = _found(call, inputs)
    taxes = call.reader.read(*(tax_queries.taxes_statement(row["id"]) for row in rows))
    return {
        "count": count,
        "invoices": [_invoice(*pair) for pair in zip(rows, taxes, strict=True)],
    }


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Return the text of the card, with the number or the customer if one was given."""
    if which := given.get("number") or given.get("customer_name"):
        return str(gettext("Looked up the taxes of %(which)s", which=which))
    return str(gettext("Looked up the taxes"))


def row(invoice: JsonObject) -> str:
    """Return an invoice as text, with its amount before tax, taxes and total."""
    taxes = [f"{tax['words']} {money(tax)}" for tax in invoice["taxes"]]
    return ", ".join(
        [
            invoice["number"] or gettext("draft"),
            invoice["customer_name"],
            gettext("before tax %(amount)s", amount=money(invoice["net"])),
            *(taxes or [gettext("no tax")]),
            gettext("total %(amount)s", amount=money(invoice["total"])),
        ]
    )


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the invoices with their taxes, or how taxes work."""
    if output["invoices"]:
        return listing(
            str(gettext("The total includes these taxes.")),
            map(row, output["invoices"]),
            output["count"],
        )
    if given.get("number") or given.get("customer_name"):
        return str(gettext("No such invoice was found. Check the number or the name."))
    return str(
        gettext(
            "The price of an invoice line is before tax, unless the line says that its rate"
            " includes tax. The tax treatment of the line decides its tax, which is computed for"
            " the date of the invoice or of a later service. Tax in the rate is taken out of it;"
            " other tax is added to the total. Give an invoice number to see its taxes."
        )
    )


def _found(call: Invocation, inputs: ShowTaxesInput) -> tuple[int, Sequence[Row]]:
    text = number_end(inputs.number) or " ".join((inputs.customer_name or "").split())
    if text:
        search = InvoiceSearch(today=clock.today(call.actor.timezone), text=text)
        page = invoice_board.read_list_page(call.reader, search, limit=SHOWN_MAX).page
        ids = [one["id"] for one in page.items]
        return page.total, invoice_queries.read_amounts(call.reader, ids)
    rows = invoice_queries.read_amounts(call.reader, _of_conversation(call))[:1]
    return len(rows), rows


def _of_conversation(call: Invocation) -> list[UUID]:
    """Return the ids of the invoices that the conversation has drafted or issued."""
    if call.session_id is None:
        return []
    (proposals,) = call.reader.read(session_statement(call.session_id))
    results: list[Any] = [one["effect_result"] or {} for one in proposals]
    return [UUID(one["invoice_id"]) for one in results if one.get("invoice_id")]


def _invoice(row: Row, taxes: list[Row]) -> JsonObject:
    net_minor = row["total_minor"] - row["tax_minor"] - row["round_off_minor"]
    return {
        "id": str(row["id"]),
        "number": row["number"],
        "customer_name": row["party_name"],
        "net": row_amount(row, net_minor),
        "taxes": [
            {"words": tax["words"], **row_amount(row, tax["amount"].amount_minor)}
            for tax in tax_queries.sum_taxes(taxes, row["currency"])
        ],
        "total": row_amount(row, row["total_minor"]),
    }


CAPABILITY = Capability(
    name="show_taxes",
    title=N_("Taxes of an invoice"),
    summary="Show the taxes of an invoice, or explain whether prices include tax.",
    area="accounting",
    input=ShowTaxesInput,
    output=frozenset({"count", "invoices"}),
    permission="billing.read",
    approval="never",
    run=run,
    card=Card(
        icon="percent",
        sentence=sentence,
        note=count_note,
        answer=answer,
        fills=("invoice_id",),
        rows="invoices",
        row=row,
        results=(
            Result(
                title=N_("Taxes"),
                rows="invoices",
                columns=(
                    Column(value="number", page="invoice_id", kind="code"),
                    Column(value="customer_name"),
                    Column(value="net", kind="money"),
                    Column(value="total", kind="money"),
                ),
            ),
        ),
    ),
    audit=N_("Assistant: show taxes"),
    follow_ups=("find_invoices", "issue_invoice"),
    examples={
        "en": (
            "is GST included",
            "is tax included in the price",
            "does this total include GST",
            "are these prices with or without tax",
            "how much GST is in invoice 000042",
            "tax break-up of invoice 2026-27/000017",
            "which taxes did we charge Deepa Krishnan",
            "show CGST and SGST of inv 58",
            "is the draft inclusive of taxes",
            "did you add GST to it",
            "what is the tax on this invoice",
            "GST breakup pls",
            "price incl or excl of gst?",
            "how is the tax computed",
            "is it plus tax",
            "taxable value of invoice 000051",
            "is TCS in the total",
            "how much IGST for Al Noor Trading",
        ),
        "hi": (
            "GST included hai kya",
            "is price mein tax shamil hai",
            "invoice 000042 mein kitna GST hai",
            "Deepa ke invoice par tax kitna laga",
            "GST alag se lagega kya",
            "tax jodke hai ya bina tax",
            "CGST SGST kitna laga",
            "total mein TCS hai kya",
            "क्या इसमें जीएसटी शामिल है",
            "इनवॉइस 000042 पर कितना टैक्स लगा",
            "टैक्स अलग से लगेगा क्या",
        ),
    },
)
