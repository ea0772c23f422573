"""Capability `find_bills`: find suppliers' bills that are not fully paid."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.billing.core.capabilities.payments import FIRST_DAY, LAST_DAY, SHOWN_MAX, row_amount
from voyagent.billing.core.queries import open_list
from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import count_note, day, listing, money, paragraphs, total_due
from voyagent.capabilities.results import Column, Result
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed, Text
from voyagent.kernel.json_values import JsonObject


class FindBillsInput(Closed):
    """Filters of open bills; a bill must match all of them."""

    vendor_name: Annotated[Annotated[str, Text(255)] | None, Slot("supplier")] = Field(
        default=None, description="The supplier's name, or a part of it."
    )
    vendor_reference: Annotated[Annotated[str, Text(64)] | None, Slot("document")] = Field(
        default=None, description="The supplier's bill number, or a part of it."
    )
    due_from: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="First due date, YYYY-MM-DD."
    )
    due_to: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Last due date, YYYY-MM-DD."
    )


def run(call: Invocation, inputs: FindBillsInput) -> JsonObject:
    """Return open bills in `bills`, earliest due date first, and their number.

    `count` is the number of matching bills; at most SHOWN_MAX of them are in `bills`.
    """
    rows = open_list.list_open(
        call.reader, "payable", FIRST_DAY, LAST_DAY, today=clock.today(call.actor.timezone)
    )
    name, reference = (
        (text or "").strip().casefold() for text in (inputs.vendor_name, inputs.vendor_reference)
    )
    first, last = inputs.due_from or FIRST_DAY, inputs.due_to or LAST_DAY
    found = [
        row
        for row in rows
        if first <= row["due_date"] <= last
        and name in row["party_name"].casefold()
        and reference in row["reference"].casefold()
    ]
    return {"count": len(found), "bills": [_bill(row) for row in found[:SHOWN_MAX]]}


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Return the text of the card, with the filters."""
    if given.get("vendor_reference"):
        return str(gettext("Searched for bill %(reference)s", reference=given["vendor_reference"]))
    name = given.get("vendor_name")
    if given.get("due_from") or given.get("due_to"):
        if name:
            return str(gettext("Searched bills of %(name)s by due date", name=name))
        return str(gettext("Searched open bills by due date"))
    if name:
        return str(gettext("Searched bills of %(name)s", name=name))
    return str(gettext("Searched open bills"))


def row(bill: JsonObject) -> str:
    """Return number, supplier, amount due and due date of a bill as one text."""
    due = gettext("due %(day)s", day=day(bill["due_date"]))
    return f"{bill['vendor_reference']}, {bill['vendor_name']}, {money(bill['open'])}, {due}"


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the answer text: the open bills and the total of their open amounts."""
    bills, count = output["bills"], output["count"]
    if bills:
        heading = ngettext("One open bill.", "%(num)d open bills.", count)
        due = [bill["open"] for bill in bills]
        total = total_due(due) if count == len(due) > 1 else ""
        return paragraphs(listing(str(heading), map(row, bills), count), total)
    reference = given.get("vendor_reference")
    if reference:
        return str(
            gettext(
                "No open bill has the number %(reference)s. If it is new, enter it with its"
                " supplier, amount and due date.",
                reference=reference,
            )
        )
    name = given.get("vendor_name")
    if name:
        return str(
            gettext(
                "No open bill of %(name)s was found. Check the spelling of the name.", name=name
            )
        )
    return str(gettext("There are no open bills for this search."))


def _bill(row: Row) -> JsonObject:
    return {
        "id": str(row["id"]),
        "vendor_name": row["party_name"],
        "vendor_reference": row["reference"],
        "total": row_amount(row, row["total_minor"]),
        "open": row_amount(row, row["open_minor"]),
        "issue_date": row["issue_date"].isoformat(),
        "due_date": row["due_date"].isoformat(),
        "status": row["status"],
    }


CAPABILITY = Capability(
    name="find_bills",
    title=N_("Open bills"),
    summary="Find bills that are not paid in full.",
    area="accounting",
    input=FindBillsInput,
    output=frozenset({"count", "bills"}),
    permission="billing.read",
    approval="never",
    run=run,
    card=Card(
        icon="search",
        sentence=sentence,
        note=count_note,
        answer=answer,
        fills=("bill_id",),
        rows="bills",
        row=row,
        results=(
            Result(
                title=N_("Bills"),
                rows="bills",
                columns=(
                    Column(value="vendor_reference", kind="code"),
                    Column(value="vendor_name"),
                    Column(value="due_date", kind="date"),
                    Column(value="open", kind="money"),
                ),
            ),
        ),
    ),
    audit=N_("Assistant: find bills"),
    follow_ups=("pay_bill", "list_payables"),
    examples={
        "en": (
            "show unpaid bills",
            "bills of Riya Holidays",
            "which bills are due this week",
            "find bill RH-2211",
            "open supplier bills",
            "is the bill of Sky Consolidators still open",
            "vendor bills due by 15 Dec",
            "what bills fall due tomorrow",
            "look up bill no 4471 from the hotel",
            "bills from Akbar Travels not paid yet",
            "purchase invoices pending for payment",
            "any bill overdue from the DMC in Bangkok?",
            "bills due between 1 and 10 January pls",
            "show bills from Blue Star Tours",
            "list vendor bills of November",
            "is bill BS/221 paid",
            "which supplier bills are not paid",
            "all bills due next week",
            "bill number 7781 status",
            "purchase bills pending",
            "bills of the transport vendor this month",
            "find the Bali DMC bill",
            "overdue vendor bills",
        ),
        "hi": (
            "kaun se bill baaki hain",
            "Riya Holidays ke bill dikhao",
            "is hafte kaun se bill dene hain",
            "bill RH-2211 dhundo",
            "Akbar Travels ka bill pay hua ya nahi",
            "agle mahine kaun kaun se bill due hain",
            "Blue Star ke saare bill dikhao",
            "kaun se bill ka payment baaki hai",
            "bill 7781 ka status batao",
            "agle hafte ke bill nikalo",
            "बाकी बिल दिखाओ",
            "इस हफ़्ते कौन से बिल देने हैं",
            "अकबर ट्रैवल्स के बिल दिखाओ",
            "कौन से सप्लायर बिल की तारीख निकल गई",
        ),
    },
)
