"""Log an enquiry from a customer's words or from a person's dictation."""

from __future__ import annotations

from typing import Annotated, Any, cast
from uuid import UUID

from flask_babel import gettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Invocation, Policy, Slot
from voyagent.enquiries import queries, service
from voyagent.enquiries.models import Enquiry
from voyagent.enquiries.schemas import BudgetAmount, EnquiryIn, Status
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Int32, Text, Trimmed

_NEVER_CLEARED = {"customer_name", "pax_count", "status", "session_id"}


class CreateEnquiryInput(EnquiryIn):
    """A customer's request for travel. Only the name is required."""

    customer_name: Annotated[
        str, Trimmed(255), Slot("party", N_("What is the customer's name?"))
    ] = Field(description="The name of the customer.")
    customer_email: Annotated[Annotated[str, Text(255)] | None, Slot("email")] = Field(
        default=None, description="The customer's e-mail address."
    )
    customer_phone: Annotated[Annotated[str, Text(64)] | None, Slot("phone")] = Field(
        default=None, description="Phone number with country code, such as +91 98470 12345."
    )
    origin: Annotated[Annotated[str, Text(128)] | None, Slot("origin")] = Field(
        default=None, description="City or IATA code of the departure."
    )
    destination: Annotated[Annotated[str, Text(128)] | None, Slot("destination")] = Field(
        default=None, description="City, country or IATA code of the destination."
    )
    depart_date: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="First day of travel, YYYY-MM-DD, only if a day is named."
    )
    return_date: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None,
        description="Last day of travel, YYYY-MM-DD, only if a day or a number of nights is named.",
    )
    pax_count: Annotated[Int32, Slot("people")] = Field(
        default=1, description="Number of travellers, children and infants included."
    )
    budget_amount: Annotated[BudgetAmount | None, Slot("amount")] = Field(
        default=None, description="Budget of the whole party, not per person."
    )
    budget_currency: Annotated[Annotated[str, Text(64)] | None, Slot("currency")] = Field(
        default=None, description="ISO 4217 code of the budget, such as INR."
    )
    status: Status = Field(default="new", description="Always new for a new enquiry.")
    notes: Annotated[Annotated[str, Text(10_000)] | None, Slot("message")] = Field(
        default=None, description="The customer's own words, unchanged."
    )
    session_id: Annotated[str, Text(64)] | None = Field(
        default=None, description="The conversation that it came from; set by the program."
    )


def run(call: Invocation, wanted: CreateEnquiryInput) -> dict[str, Any]:
    """Log the enquiry, or change the one that a replaced turn of the conversation logged.

    Raises as `service.create` and `service.update`.
    """
    fields = wanted.fields()
    logged = _logged_before(call)
    if logged is not None:
        cleared: dict[str, Any] = dict.fromkeys(
            set(CreateEnquiryInput.model_fields) - _NEVER_CLEARED
        )
        changes = cast("service.EnquiryChanges", {**cleared, **fields})
        return _output(service.update(call.actor, logged, changes))
    if call.session_id and not queries.find_by_session(call.reader, call.session_id):
        fields["session_id"] = call.session_id
    return _output(service.create(call.actor, **fields))


def policy(_call: Invocation, wanted: CreateEnquiryInput) -> Policy:
    """No money moves."""
    return Policy(party=wanted.customer_name)


def sentence(given: dict[str, Any], _output: dict[str, Any]) -> str:
    """Name the customer as soon as the name is known."""
    name = given.get("customer_name")
    if not name:
        return str(gettext("Log an enquiry"))
    return str(gettext("Logged the enquiry of %(name)s", name=name))


def _logged_before(call: Invocation) -> UUID | None:
    """An enquiry that somebody has gone on with is left alone."""
    for earlier in reversed(call.earlier):
        try:
            known = queries.get_enquiry(UUID(earlier["enquiry_id"]))
        except service.EnquiryNotFound:
            continue
        if known.status == "new":
            return known.id
    return None


def _output(enquiry: Enquiry) -> dict[str, Any]:
    return {
        "created": True,
        "enquiry_id": str(enquiry.id),
        "customer_name": enquiry.customer_name,
        "status": enquiry.status,
    }


CAPABILITY = Capability(
    name="create_enquiry",
    title=N_("New enquiry"),
    summary="Log an enquiry from a customer's words; leave out what they do not say.",
    area="everywhere",
    input=CreateEnquiryInput,
    output=frozenset({"created", "enquiry_id", "customer_name", "status"}),
    permission="enquiry.create",
    approval="review",
    policy=policy,
    run=run,
    card=Card(icon="plus-circle", sentence=sentence),
    audit=N_("Assistant: log an enquiry"),
    follow_ups=("search_flights", "search_hotels", "update_enquiry"),
    examples={
        "en": (
            "new enquiry Priya Nair Mumbai to Dubai 12 Dec 2 adults",
            "log an enquiry from Deepa Krishnan, Bali, 4 people, budget 2.5 lakh",
            "new lead from instagram, couple, maldives, feb",
            "customer called, wants a package to Singapore for 6 people",
            "add an enquiry, the customer is Joseph",
            "a gentleman from Chennai needs to go to Singapore next week, one person",
            "we are 4 people planning for Bali in January, please send a quote",
            "dear team, we would like to visit Kerala from London, 14 to 26 February",
            "walk-in, Mrs Fernandes, umrah for 5 pax, wants a rough quotation by Friday",
            "hi, how much for 2 tickets Kochi to Doha on 20 Dec, return 5 Jan? Anil 98470 12345",
            "enter this lead: Thomas Kurian, family of 5, Europe tour in May",
            "Al Noor Trading need 12 visas and flights to Dubai for their staff, note it",
            "honeymoon package Andaman 5 nights from 10 March, name is Sneha Pillai",
        ),
        "hi": (
            "nayi enquiry likho Sandeep Sharma Delhi se Goa 3 log",
            "ek naya lead hai, Dubai jaana chahte hain",
            "Ramesh ji ka phone aaya, Kashmir package 4 log, budget 80 hazaar",
            "naya customer hai Sunita Verma, Mumbai se Bangkok 15 January, do log",
            "enquiry daal do, Gupta family, Manali 5 raat, 2 bade 2 bachche",
            "hum 6 log Vaishno Devi jaana chahte hain, rate bata dijiye",
        ),
    },
)
