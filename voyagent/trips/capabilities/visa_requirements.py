"""Read the visa requirements of a country for a nationality."""

from __future__ import annotations

from typing import Annotated, Any

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import listing, money, paragraphs
from voyagent.capabilities.refusals import unsupported
from voyagent.capabilities.results import Result
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import Closed
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.outbound import OutboundCall
from voyagent.trips.capabilities.outputs import money_output
from voyagent.trips.rules.details import Country
from voyagent.trips.service import visas
from voyagent.trips.service.supplier_queries import suppliers
from voyagent.trips.words import country_name


class VisaRequirementsInput(Closed):
    """The traveller's nationality and the country to visit."""

    nationality: Annotated[
        Country, Slot("nationality", N_("Which passport do they travel on?"))
    ] = Field(description="ISO 3166 code of the country that issued the passport, such as IN.")
    destination: Annotated[Country, Slot("country", N_("A visa for which country?"))] = Field(
        description="ISO 3166 code of the country of travel, such as AE."
    )


def run(call: Invocation, inputs: VisaRequirementsInput) -> OutboundCall[JsonObject]:
    """Return the visa requirements and their source.

    Raises the errors of `visas.visa_requirements`.
    """
    reading = visas.visa_requirements(
        suppliers(call), call.actor, inputs.nationality, inputs.destination
    )
    return reading.then(_output, refused=unsupported("read"))


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Describe the request in one sentence, with the country."""
    country = country_name(str(given.get("destination", "")))
    if not country:
        return str(gettext("Looked up visa rules"))
    return str(gettext("Looked up the visa rules of %(country)s", country=country))


def _output(found: Any) -> JsonObject:
    return {
        "nationality": found.nationality,
        "destination": found.destination,
        "kind": found.kind.value,
        "checklist": [document.label for document in found.documents],
        "fee": money_output(found.fee) if found.fee else None,
        "processing_days": found.processing_days,
        "stay_days": found.stay_days,
        "passport_months": found.passport_months,
        "source": found.source,
    }


def answer(_given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: kind of visa, documents, fee, days and source.

    The days are the number of days that the processing takes.
    """
    kinds = {
        "not_needed": gettext("No visa is needed."),
        "on_arrival": gettext("The visa is given on arrival."),
        "electronic": gettext("An electronic visa is needed."),
        "sticker": gettext("A visa in the passport is needed."),
    }
    head = kinds.get(output["kind"]) or gettext("No rule is known here. Ask the consulate.")
    fee, days = output["fee"], output["processing_days"]
    facts = (
        gettext("Fee %(fee)s.", fee=money(fee)) if fee else "",
        ngettext("Processing takes one day.", "Processing takes %(num)d days.", days)
        if days
        else "",
    )
    documents = output["checklist"]
    listed = listing(str(head), documents, shown_max=len(documents), numbered=False)
    return paragraphs(listed, " ".join(filter(None, map(str, facts))), output["source"])


CAPABILITY = Capability(
    name="visa_requirements",
    title=N_("Visa requirements"),
    summary="Read the visa requirements of a country for a nationality.",
    area="ticketing_visa",
    input=VisaRequirementsInput,
    output=frozenset(
        {
            "nationality",
            "destination",
            "kind",
            "checklist",
            "fee",
            "processing_days",
            "stay_days",
            "passport_months",
            "source",
        }
    ),
    permission="trip.read",
    approval="never",
    run=run,
    card=Card(
        icon="passport", sentence=sentence, answer=answer, results=(Result(rows="checklist"),)
    ),
    audit=N_("Assistant: look up visa requirements"),
    follow_ups=("file_visa", "search_flights"),
    examples={
        "en": (
            "visa for Dubai, Indian passport",
            "do Indians need a visa for Thailand",
            "what documents are needed for a Schengen visa for France",
            "visa requirements UAE",
            "is it visa on arrival in Maldives for Indian nationals?",
            "how long does a Singapore visa take",
            "visa fee for Vietnam, nationality India",
            "checklist for UK visit visa",
            "my client holds a Nepali passport and is going to Qatar, visa needed?",
            "docs reqd for Japan tourist visa",
            "can a British citizen enter India without visa",
            "how many months must the passport be valid for Malaysia",
            "does an Indian passport holder need visa for Vietnam",
            "what papers are required for Schengen visa, Indian",
            "visa on arrival for Indians in Indonesia?",
            "UK visitor visa documents list for Nepali citizen",
            "is Sri Lanka visa free for British nationals",
            "how long does Singapore visa take for Indians",
            "which documents for Dubai visa, customer is Bangladeshi",
            "Japan visa rules for indian passport",
            "transit visa needed for Germany with US passport?",
            "Turkey visa fee and requirement for Indians",
        ),
        "hi": (
            "Dubai ke liye visa lagta hai kya",
            "Thailand ka visa kaise milega, Indian passport",
            "Singapore visa ke kagaz kya kya chahiye",
            "France ka visa kitne din mein aata hai",
            "UAE visa ki fees kitni hai",
            "Nepal ke passport pe Qatar jaana hai, visa chahiye?",
            "Vietnam ke liye visa lagta hai kya Indian ko",
            "Schengen visa ke liye kya documents chahiye",
            "Dubai visa ke kagaz kaun kaun se lagte hain",
            "Sri Lanka visa free hai kya bharatiya passport pe",
            "क्या भारतीयों को थाईलैंड के लिए वीज़ा चाहिए",
            "दुबई वीज़ा के लिए क्या कागज़ लगते हैं",
            "सिंगापुर वीज़ा के नियम बताओ भारतीय पासपोर्ट",
            "अमेरिका का वीज़ा कितने दिन में मिलता है",
        ),
    },
)
