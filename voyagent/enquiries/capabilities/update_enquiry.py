"""Change the fields or the status of an enquiry."""

from __future__ import annotations

from typing import Annotated

from flask_babel import gettext, lazy_gettext as _l
from pydantic import Field

from voyagent.approvals.service.effects import Description, FactShown
from voyagent.capabilities.capability import (
    Capability,
    Card,
    Invocation,
    ProgramOnly,
    Slot,
    no_money,
)
from voyagent.capabilities.results import Result
from voyagent.enquiries import service
from voyagent.enquiries.capabilities.fields import (
    BudgetCurrency,
    CustomerEmail,
    CustomerPhone,
    Destination,
    Origin,
    PartyBudget,
)
from voyagent.enquiries.capabilities.lookups import enquiries
from voyagent.enquiries.capabilities.outputs import (
    ENQUIRY_STEPS,
    OPEN_ENQUIRY,
    budget_line,
    enquiry_line,
    enquiry_record,
    full,
)
from voyagent.enquiries.queries import enquiries as enquiries_queries
from voyagent.enquiries.schemas import EnquiryPatch, Status
from voyagent.identity.rules.permissions import roles_that_may
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    BusinessDate,
    Id,
    Int32,
    Lines,
    Text,
    Trimmed,
)
from voyagent.kernel.json_values import (
    JsonObject,
)

_CONTACTS = {"customer_email": _l("E-mail address"), "customer_phone": _l("Phone")}


class UpdateEnquiryInput(EnquiryPatch):
    """The id of an enquiry and its changes.

    A field that is absent stays unchanged; null clears a field. The name, the number of travellers
    and the status cannot be cleared.
    """

    customer_name: Annotated[str, Trimmed(255)] | None = Field(
        default=None, description="The new name of the customer."
    )
    customer_email: CustomerEmail = None
    customer_phone: CustomerPhone = None
    origin: Origin = None
    destination: Destination = None
    depart_date: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="First day of travel, YYYY-MM-DD."
    )
    return_date: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Last day of travel, YYYY-MM-DD."
    )
    pax_count: Annotated[Int32 | None, Slot("people")] = Field(
        default=None, description="Number of travellers, children and infants included."
    )
    budget_amount: PartyBudget = None
    budget_currency: BudgetCurrency = None
    status: Annotated[Status | None, Slot("status")] = Field(
        default=None, description="The new status."
    )
    notes: Annotated[str, Lines(10_000)] | None = Field(
        default=None, description="The notes, which replace the earlier ones."
    )
    session_id: Annotated[Annotated[str, Text(64)] | None, ProgramOnly()] = Field(
        default=None, description="Conversation of the enquiry; set by the program."
    )
    enquiry_id: Annotated[Id, Slot("enquiry", N_("Which enquiry do you want to change?"))] = Field(
        description="The enquiry."
    )


def run(call: Invocation, inputs: UpdateEnquiryInput) -> JsonObject:
    """Change the enquiry and return it. Raises the errors of `service.update`."""
    changes = inputs.changes()
    changes.pop("enquiry_id")  # type: ignore[typeddict-item]
    enquiry = service.update(call.actor, inputs.enquiry_id, changes)
    return {
        "updated": True,
        "enquiry_id": str(enquiry.id),
        "enquiry": full(enquiries_queries.row_of(enquiry)),
        "fields": sorted(changes),
    }


def is_about_another(call: Invocation, inputs: UpdateEnquiryInput) -> bool:
    """Return True if the change needs approval because of its conversation.

    A conversation about customer A can contain a stranger's text, such as "use this e-mail address
    for customer B". A change of the contact details of an enquiry, or of its link to a
    conversation, therefore needs approval if it is made in a conversation about something else.

    Raises EnquiryNotFound.
    """
    if call.session_id is None:
        return False
    row = enquiries_queries.get_row(call.reader, inputs.enquiry_id)
    if row["session_id"] == call.session_id:
        return False
    return "session_id" in inputs.changes() or bool(_changed_contacts(row, inputs))


def notices(call: Invocation, inputs: UpdateEnquiryInput) -> list[str]:
    """Return one notice if the change needs approval, else an empty list.

    Raises EnquiryNotFound.
    """
    if not is_about_another(call, inputs):
        return []
    return [
        gettext(
            "This conversation is not about this enquiry. A change of its contact details needs"
            " approval."
        )
    ]


def preview(call: Invocation, inputs: UpdateEnquiryInput) -> Description:
    """Describe the change to its approver: contact details before and after.

    Raises EnquiryNotFound.
    """
    row = enquiries_queries.get_row(call.reader, inputs.enquiry_id)
    facts = [
        FactShown(
            label=str(_CONTACTS[name]),
            value=gettext(
                "%(before)s, changed to %(after)s",
                before=row[name] or gettext("none"),
                after=after or gettext("none"),
            ),
        )
        for name, after in _changed_contacts(row, inputs).items()
    ]
    return Description(
        title=gettext("Change the enquiry of %(name)s", name=row["customer_name"]), facts=facts
    )


def sentence(_given: JsonObject, output: JsonObject) -> str:
    """Return the sentence about the change that its card shows.

    Before the change `output` is empty, and the sentence names nobody. After the change the
    sentence has the customer's name.
    """
    name = (output.get("enquiry") or {}).get("customer_name")
    if not name:
        return str(gettext("Change the enquiry"))
    return str(gettext("Changed the enquiry of %(name)s", name=name))


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the enquiry after the change."""
    enquiry = output["enquiry"]
    updated = gettext("Enquiry updated: %(enquiry)s.", enquiry=enquiry_line(enquiry))
    budget = budget_line(enquiry) if "budget_amount" in output["fields"] else ""
    return f"{updated} {budget}".rstrip()


def _changed_contacts(row: Row, inputs: UpdateEnquiryInput) -> dict[str, str | None]:
    """Return the new contact details that differ from those of the enquiry."""
    given = {"customer_email": inputs.customer_email, "customer_phone": inputs.customer_phone}
    return {
        name: value
        for name, value in given.items()
        if name in inputs.model_fields_set and (value or "") != (row[name] or "")
    }


CAPABILITY = Capability(
    name="update_enquiry",
    title=N_("Change an enquiry"),
    summary="Change the details or the status of an enquiry.",
    area="everywhere",
    input=UpdateEnquiryInput,
    output=frozenset({"updated", "enquiry_id", "enquiry", "fields"}),
    permission="enquiry.update",
    approval="review",
    needs_approval=is_about_another,
    approvers=roles_that_may("enquiry.update"),
    policy=no_money,
    run=run,
    preview=preview,
    notices=notices,
    card=Card(
        icon="pencil",
        sentence=sentence,
        fills=("enquiry_id",),
        answer=answer,
        records=lambda output: (enquiry_record(output["enquiry"]),),
        next_steps=ENQUIRY_STEPS,
        results=(Result(link=OPEN_ENQUIRY),),
    ),
    audit=N_("Assistant: change an enquiry"),
    lookups={"enquiry_id": enquiries},
    follow_ups=("summarise_enquiry", "find_enquiries"),
    examples={
        "en": (
            "change the budget of Priya's enquiry to 3 lakh",
            "mark Joseph's enquiry as quoted",
            "they are 5 people now, not 4",
            "update Deepa's travel date to 15 December",
            "cancel the enquiry of Thomas Kurian",
            "add her email priya@example.com to the enquiry",
            "Sneha wants Maldives instead of Andaman, correct it",
            "set the Al Noor lead to booked",
            "customer's new phone is 98470 54321",
            "return date is 20 Jan for the Bali enquiry",
            "remove the budget from Anil's enquiry",
            "note on the enquiry: prefers window seats, veg meals",
            "Neha Kapoor's enquiry: make it 3 adults",
            "Rohan now wants to fly from Mumbai, not Pune",
            "shift the Desai trip to 12 May",
            "lead Farhan is lost, mark cancelled",
            "Kavita confirmed, move her enquiry to booked",
            "budget for Bhatia is now 75k",
            "correct the mobile number of Mr Qureshi to 98250 11223",
            "add to notes of the Dsouza lead: need child seat and Jain food",
            "we have sent the quote to Meena, update status",
            "change return date in Neha's query to 9 Jan",
            "the destination should be Krabi not Phuket for the Sharma enquiry",
            "pls edit enquiry of Kiran, 6 nights instead of 10, date 3 June",
        ),
        "hi": (
            "Priya ki enquiry mein budget 3 lakh kar do",
            "Joseph ki enquiry quoted mark karo",
            "ab 5 log ja rahe hain, badal do",
            "Deepa ki date 15 December kar do",
            "Thomas ki enquiry cancel karo",
            "Sneha ka destination Maldives kar dena",
            "Neha ki enquiry mein 3 log kar do",
            "Kavita ki query booked kar do",
            "Rohan ka budget badal ke 2 lakh kar do",
            "Farhan ki lead cancel mark karo",
            "सुनीता की पूछताछ में बजट 3 लाख कर दो",
            "रमेश जी अब 5 लोग हैं, बदल दो",
            "अनिल की तारीख 15 दिसंबर कर दो",
            "पूछताछ रद्द कर दो, ग्राहक नहीं जा रहा",
            "पूछताछ में नया फ़ोन नंबर डाल दो",
        ),
    },
)
