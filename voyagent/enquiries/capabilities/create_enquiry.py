"""Create an enquiry from a customer's message or from what a user types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, cast
from uuid import UUID

from flask_babel import gettext
from pydantic import Field

from voyagent.capabilities.capability import (
    Capability,
    Card,
    Choice,
    Invocation,
    ProgramOnly,
    Slot,
    no_money,
)
from voyagent.capabilities.cards import day, listing, paragraphs
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
from voyagent.enquiries.capabilities.outputs import OPEN_ENQUIRY, field_labels, not_known
from voyagent.enquiries.models import Enquiry
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.schemas import EnquiryIn, Status
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import (
    BusinessDate,
    Int32,
    Lines,
    Text,
    Trimmed,
)
from voyagent.kernel.json_values import (
    JsonObject,
)
from voyagent.kernel.money import spoken

_NEVER_CLEARED = {"customer_name", "pax_count", "status", "session_id"}


class CreateEnquiryInput(EnquiryIn):
    """A customer's request for travel. Only the name is required."""

    customer_name: Annotated[
        str, Trimmed(255), Slot("party", N_("What is the customer's name?"))
    ] = Field(description="The name of the customer.")
    customer_email: CustomerEmail = None
    customer_phone: CustomerPhone = None
    origin: Origin = None
    destination: Destination = None
    depart_date: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None,
        description="First day of travel, YYYY-MM-DD; absent if the message names no day.",
    )
    return_date: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None,
        description=(
            "Last day of travel, YYYY-MM-DD; absent if the message names neither a day nor a"
            " number of nights."
        ),
    )
    pax_count: Annotated[Int32, Slot("people")] = Field(
        default=1, description="Number of travellers, children and infants included."
    )
    budget_amount: PartyBudget = None
    budget_currency: BudgetCurrency = None
    status: Annotated[Status, ProgramOnly()] = Field(
        default="new", description="Status of the new enquiry; set by the program."
    )
    notes: Annotated[Annotated[str, Lines(10_000)] | None, Slot("message")] = Field(
        default=None, description="The customer's message, unchanged."
    )
    session_id: Annotated[Annotated[str, Text(64)] | None, ProgramOnly()] = Field(
        default=None, description="Conversation of the enquiry; set by the program."
    )


def run(call: Invocation, inputs: CreateEnquiryInput) -> JsonObject:
    """Create the enquiry and return its id, customer name and status.

    If this turn replaces a turn that created an enquiry, and the enquiry is still `new`, the
    enquiry is changed instead. Raises the errors of `service.create` and `service.update`.
    """
    fields = inputs.fields()
    logged = _logged_before(call)
    if logged is not None:
        cleared: JsonObject = dict.fromkeys(set(CreateEnquiryInput.model_fields) - _NEVER_CLEARED)
        changes = cast("service.EnquiryChanges", {**cleared, **fields})
        return _output(service.update(call.actor, logged, changes))
    if call.session_id and not enquiries.find_by_session(call.reader, call.session_id):
        fields["session_id"] = call.session_id
    return _output(service.create(call.actor, **fields))


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Return the sentence that the card shows, with the customer's name if known."""
    name = given.get("customer_name")
    if not name:
        return str(gettext("Log an enquiry"))
    return str(gettext("Logged the enquiry of %(name)s", name=name))


def _logged_before(call: Invocation) -> UUID | None:
    """Return the id of the enquiry that a replaced turn created, or None.

    An enquiry whose status is no longer `new` is not returned.
    """
    for earlier in reversed(call.earlier):
        try:
            known = enquiries.get_enquiry(UUID(earlier["enquiry_id"]))
        except service.EnquiryNotFound:
            continue
        if known.status == "new":
            return known.id
    return None


def _output(enquiry: Enquiry) -> JsonObject:
    return {
        "created": True,
        "enquiry_id": str(enquiry.id),
        "customer_name": enquiry.customer_name,
        "status": enquiry.status,
    }


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the stored fields, and the fields still missing."""
    logged = gettext("Logged as a new enquiry from %(name)s.", name=output["customer_name"])
    amount = given.get("budget_amount")
    known = {
        **given,
        "budget": spoken(amount, given["budget_currency"]) if amount else "",
        **{name: day(given[name]) for name in ("depart_date", "return_date") if given.get(name)},
    }
    stored = [
        f"{label}: {known[name]}" for name, label in field_labels().items() if known.get(name)
    ]
    people = given.get("pax_count")
    stored.append(
        f"{gettext('people')}: {people}" if people else str(gettext("people: 1 (not stated)"))
    )
    return paragraphs(
        listing(str(logged), stored, shown_max=len(stored), numbered=False), not_known(known)
    )


def records(output: JsonObject) -> Sequence[Choice]:
    """Return the enquiry as the record that the answer refers to."""
    return (Choice(output["enquiry_id"], output["customer_name"]),)


CAPABILITY = Capability(
    name="create_enquiry",
    title=N_("New enquiry"),
    summary="Create an enquiry from a customer's message; leave out fields that it does not name.",
    area="everywhere",
    input=CreateEnquiryInput,
    output=frozenset({"created", "enquiry_id", "customer_name", "status"}),
    permission="enquiry.create",
    approval="review",
    policy=no_money,
    run=run,
    card=Card(
        icon="plus-circle",
        sentence=sentence,
        fills=("enquiry_id",),
        answer=answer,
        records=records,
        results=(Result(link=OPEN_ENQUIRY),),
    ),
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
            (
                "Hi, myself Rohan from Pune. Planning a trip to Vietnam with my wife in April, pls "
                "share package cost"
            ),
            (
                "Dear Sir, kindly send your best quotation for 8 persons to Switzerland, 10 "
                "nights, departing from Ahmedabad. Regards, Kiran Desai"
            ),
            (
                "got a call from Mr Bhatia, looking at Kerala houseboat, 2 couples, third week of "
                "Jan, budget 60k"
            ),
            "pls note new query: corporate group of 25, Goa offsite, 2 nights, twin sharing",
            (
                "customer on whatsapp: we want to go Thailand in Feb, 2 adults 2 kids, budget 3 "
                "lakhs, can you plan"
            ),
            (
                "Forwarded: Good morning, me and my parents wish to do Char Dham in May, please "
                "advise cost and dates"
            ),
            "create lead Neha Kapoor 98110 22334 Dubai 5N6D ex Delhi honeymoon",
            (
                "we are a family of four interested in a Singapore Malaysia cruise during school "
                "holidays"
            ),
            "inquiry from Mr Dsouza for Leh Ladakh bike trip, 6 friends, end June",
            (
                "hello, what will be the cost for Bali tour for 3 people, hotel and flights "
                "included, travelling from Hyderabad"
            ),
            (
                "Please arrange air tickets and hotel for our director, Chennai to London, 5 May, "
                "business class. Thanks, Meena, Zenith Pharma"
            ),
            (
                "can you suggest a good weekend getaway from Bangalore for two families, need "
                "quotation"
            ),
            (
                "log this one a lady walked in asking for europe in summer she will come back on "
                "monday"
            ),
            "enq: Ajmer Sharif, 12 pax, tempo traveller, 3 days, from Surat, Mr Qureshi",
            (
                "interested in Mauritius for our anniversary, 7 nights, all inclusive, kindly "
                "quote. Vikram & Anjali"
            ),
            (
                "Subject: Tour enquiry. We are planning a vacation in Sri Lanka from 3rd to 9th "
                "March, 2 adults and 1 child aged 6"
            ),
        ),
        "hi": (
            "nayi enquiry likho Sandeep Sharma Delhi se Goa 3 log",
            "ek naya lead hai, Dubai jaana chahte hain",
            "Ramesh ji ka phone aaya, Kashmir package 4 log, budget 80 hazaar",
            "naya customer hai Sunita Verma, Mumbai se Bangkok 15 January, do log",
            "enquiry daal do, Gupta family, Manali 5 raat, 2 bade 2 bachche",
            "hum 6 log Vaishno Devi jaana chahte hain, rate bata dijiye",
            (
                "Kavita ji ko Singapore ka package chahiye, 2 log, March mein, budget 2 lakh, note "
                "kar lo"
            ),
            "bhaiya Shimla Manali ka tour kitne ka padega, 4 log hain, December end",
            "naya query aaya hai Instagram se, Farhan, Dubai, 3 pax",
            "ek party aayi thi office mein, Andaman jaana hai 6 raat, lead bana do",
            "नई पूछताछ लिखो, सुनीता वर्मा, दिल्ली से गोवा, 4 लोग",
            "हमें केरल घूमने जाना है, 5 दिन, दो लोग, खर्चा बताइए",
            "रमेश जी का फ़ोन आया था, कश्मीर का पैकेज चाहिए 4 लोगों का, बजट 80 हज़ार",
            "नया ग्राहक है, दुबई जाना चाहते हैं जनवरी में, लिख लो",
            "परिवार के साथ सिंगापुर जाना है, 2 बड़े 2 बच्चे, कोटेशन भेजिए",
            "एक नया लीड डालो, अनिल शर्मा, मुंबई से बैंकॉक",
        ),
    },
)
