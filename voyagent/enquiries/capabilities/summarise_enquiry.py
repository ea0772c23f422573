"""Read all details of one enquiry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from flask_babel import gettext
from pydantic import Field, model_validator

from voyagent.capabilities.capability import (
    Capability,
    Card,
    Choice,
    Invocation,
    Slot,
)
from voyagent.capabilities.cards import SHOWN_MAX as ANSWERED_MAX, listing
from voyagent.enquiries import service
from voyagent.enquiries.capabilities.lookups import enquiries
from voyagent.enquiries.capabilities.outputs import (
    ENQUIRY_FACTS,
    ENQUIRY_STEPS,
    ENQUIRY_TABLE,
    SHOWN_MAX,
    brief,
    budget_line,
    enquiry_line,
    enquiry_record,
    full,
    not_known,
)
from voyagent.enquiries.queries import enquiries as enquiries_queries
from voyagent.enquiries.service import OPEN_STATUSES
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.fields import Closed, Text
from voyagent.kernel.ids import parse_id
from voyagent.kernel.json_values import JsonObject

NOTES_SHOWN_MAX = 600


class NothingNamed(Invalid):
    """Neither an enquiry nor a customer is named."""

    code = "enquiry_or_customer_required"
    message = N_("Specify the customer of the enquiry.")


class SummariseEnquiryInput(Closed):
    """An enquiry by its id, or a customer by name."""

    enquiry_id: Annotated[Annotated[str, Text(36, min_length=36)] | None, Slot("enquiry")] = Field(
        default=None, description="The enquiry."
    )
    customer_name: Annotated[Annotated[str, Text(255)] | None, Slot("party")] = Field(
        default=None, description="The customer's name, or a part of it, if the id is not known."
    )

    @model_validator(mode="after")
    def _names_something(self) -> SummariseEnquiryInput:
        if not self.enquiry_id and not self.customer_name:
            raise ValueError("name an enquiry or a customer")
        return self


def run(call: Invocation, inputs: SummariseEnquiryInput) -> JsonObject:
    """Return the enquiry, or a list of the customer's enquiries.

    The list is returned if no enquiry or several enquiries match the name.

    Raises EnquiryNotFound, NothingNamed.
    """
    if inputs.enquiry_id:
        enquiry_id = parse_id(inputs.enquiry_id)
        if enquiry_id is None:
            raise service.EnquiryNotFound
        return {"found": 1, "enquiry": full(enquiries_queries.get_row(call.reader, enquiry_id))}
    name = " ".join(str(inputs.customer_name or "").split())
    if not name:
        raise NothingNamed
    rows = _likeliest(
        [
            row
            for row in enquiries_queries.find_by_text(call.reader, name, SHOWN_MAX)
            if name.casefold() in row["customer_name"].casefold()
        ],
        name,
    )
    if len(rows) == 1:
        return {"found": 1, "enquiry": full(rows[0])}
    return {"found": len(rows), "enquiries": [brief(row) for row in rows]}


def sentence(given: JsonObject, output: JsonObject) -> str:
    """Return the sentence that the card shows, with the customer's name if known."""
    name = (output.get("enquiry") or {}).get("customer_name") or given.get("customer_name")
    if not name:
        return str(gettext("Viewed the enquiry"))
    return str(gettext("Viewed the enquiry of %(name)s", name=name))


def _likeliest(rows: list[Row], name: str) -> list[Row]:
    exact = [row for row in rows if row["customer_name"].casefold() == name.casefold()] or rows
    still_open = [row for row in exact if row["status"] in OPEN_STATUSES]
    return still_open if len(still_open) == 1 else exact


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: an enquiry in full, or the list of matches."""
    if output["found"] == 0:
        return str(
            gettext(
                "No enquiry of %(name)s was found. Check the spelling of the name.",
                name=given.get("customer_name", ""),
            )
        )
    if "enquiry" not in output:
        heading = gettext("%(num)d enquiries match. Which one?", num=output["found"])
        return listing(str(heading), map(enquiry_line, output["enquiries"]), output["found"])
    enquiry = output["enquiry"]
    contact = ", ".join(filter(None, (enquiry["customer_email"], enquiry["customer_phone"])))
    notes = " ".join((enquiry["notes"] or "").split())[:NOTES_SHOWN_MAX]
    lines = (
        f"{enquiry_line(enquiry)}.",
        budget_line(enquiry),
        str(gettext("Contact: %(contact)s.", contact=contact)) if contact else "",
        not_known(enquiry),
        str(gettext("Notes: “%(notes)s”", notes=notes)) if notes else "",
    )
    return "\n".join(filter(None, lines))


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the enquiries of the output as records that the answer refers to."""
    found = [output["enquiry"]] if "enquiry" in output else output["enquiries"]
    return tuple(map(enquiry_record, found[:ANSWERED_MAX]))


CAPABILITY = Capability(
    name="summarise_enquiry",
    title=N_("Show an enquiry"),
    summary="Show all details of one enquiry.",
    area="everywhere",
    input=SummariseEnquiryInput,
    output=frozenset({"found", "enquiry"}),
    permission="enquiry.read",
    approval="never",
    run=run,
    card=Card(
        icon="inbox",
        sentence=sentence,
        fills=("enquiry_id",),
        answer=answer,
        records=records,
        next_steps=ENQUIRY_STEPS,
        results=(ENQUIRY_TABLE, ENQUIRY_FACTS),
    ),
    audit=N_("Assistant: summarise an enquiry"),
    lookups={"enquiry_id": enquiries},
    follow_ups=("update_enquiry", "search_flights", "search_hotels"),
    examples={
        "en": (
            "what does Deepa Krishnan want",
            "show the enquiry of Priya Nair",
            "details of Thomas Kurian's request",
            "what do we know about the Al Noor lead",
            "summarise this enquiry",
            "what was Joseph's budget",
            "when does Mrs Fernandes want to travel",
            "open Sneha's enquiry",
            "what did the customer ask for",
            "how many people are in Anil's group",
            "phone number of the Bali lead pls",
            "tell me about the honeymoon couple's enquiry",
            "what exactly did Neha Kapoor ask for",
            "give me a summary of the Bhatia enquiry",
            "remind me what Kiran Desai needs",
            "what are the travel dates of Rohan's trip request",
            "brief me on the Zenith Pharma enquiry",
            "show full details of Mr Qureshi's lead",
            "what was the destination Kavita wanted",
            "how much did the Dsouza group want to spend",
            "what is the email id of Neha Kapoor",
            "where does the Patel family want to go",
            "customer details of lead Farhan",
        ),
        "hi": (
            "Deepa kya chahti hai",
            "Priya Nair ki enquiry batao",
            "Thomas ka budget kitna hai",
            "is enquiry ki puri jaankari do",
            "Joseph ko kab jaana hai",
            "Anil ji ke saath kitne log hain",
            "Neha Kapoor ki query mein kya likha hai",
            "Bhatia ji kahan jaana chahte the",
            "Kavita ki enquiry ka detail do",
            "customer ka phone number batao Farhan wala",
            "सुनीता वर्मा की पूछताछ बताओ",
            "रमेश जी कहाँ जाना चाहते हैं",
            "अनिल की पूछताछ का पूरा विवरण दो",
            "उनका बजट कितना है",
        ),
    },
)
