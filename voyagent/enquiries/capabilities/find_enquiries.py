"""Find enquiries by status, text, e-mail address, route and dates."""

from __future__ import annotations

from itertools import product
from typing import Annotated, Literal

from flask_babel import gettext, ngettext
from pydantic import Field

from voyagent.capabilities.capability import Capability, Card, Invocation, Slot
from voyagent.capabilities.cards import count_note, day, listing
from voyagent.enquiries.capabilities.fields import Destination, Origin
from voyagent.enquiries.capabilities.outputs import (
    ENQUIRY_TABLE,
    SHOWN_MAX,
    brief,
    enquiry_line,
    status_label,
)
from voyagent.enquiries.capabilities.places import spellings
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.enquiries import Search
from voyagent.enquiries.service import OPEN_STATUSES
from voyagent.kernel.errors import N_
from voyagent.kernel.fields import BusinessDate, Closed, Text
from voyagent.kernel.json_values import JsonObject
from voyagent.kernel.pages import Part

Status = Literal["new", "quoted", "booked", "cancelled", "open"]
_WORDS = ("q", "customer_email", "origin", "destination")
_DAYS = ("depart_from", "depart_to", "created_from", "created_to")


class FindEnquiriesInput(Closed):
    """Filters of enquiries; an enquiry must match all of them."""

    status: Annotated[Status | None, Slot("status")] = Field(
        default=None, description="A status; `open` is new or quoted."
    )
    q: Annotated[Annotated[str, Text(255)] | None, Slot("party")] = Field(
        default=None, description="Part of the name, e-mail, phone, origin or destination."
    )
    customer_email: Annotated[Annotated[str, Text(255)] | None, Slot("email")] = Field(
        default=None, description="The customer's e-mail address, or a part of it."
    )
    origin: Origin = None
    destination: Destination = None
    depart_from: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="First day of departure, YYYY-MM-DD."
    )
    depart_to: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Last day of departure, YYYY-MM-DD."
    )
    created_from: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="First day of entry, YYYY-MM-DD."
    )
    created_to: Annotated[BusinessDate | None, Slot("date")] = Field(
        default=None, description="Last day of entry, YYYY-MM-DD."
    )


def run(call: Invocation, inputs: FindEnquiriesInput) -> JsonObject:
    """Return the newest matching enquiries, and the number of all matching enquiries.

    A city also matches enquiries that have the code of its airport, and a code matches enquiries
    that have the city. Raises InvalidDepartRange, InvalidCreatedRange.
    """
    statuses = OPEN_STATUSES if inputs.status == "open" else (inputs.status,)
    pages = [
        enquiries.list_enquiries(
            call.reader,
            Search(
                text=inputs.q or None,
                customer_email=inputs.customer_email or None,
                origin=origin,
                destination=destination,
                status=status,
                depart_from=inputs.depart_from,
                depart_to=inputs.depart_to,
                created_from=inputs.created_from,
                created_to=inputs.created_to,
                zone=call.actor.timezone,
            ),
            Part(limit=SHOWN_MAX),
        )
        for status, origin, destination in product(
            statuses, spellings(inputs.origin), spellings(inputs.destination)
        )
    ]
    found = [row for page in pages for row in page.items]
    rows = sorted(
        {row["id"]: row for row in found}.values(),
        key=lambda row: (row["created_at"], row["id"]),
        reverse=True,
    )
    twice = len(found) - len(rows)  # “Dubai (DXB)” matches both spellings
    return {
        "total": sum(page.total for page in pages) - twice,
        "enquiries": [brief(row) for row in rows[:SHOWN_MAX]],
    }


def sentence(given: JsonObject, _output: JsonObject) -> str:
    """Return the sentence about the search that its card shows, with the filters."""
    words = [
        status_label(str(given.get("status"))),
        *(str(given[name]) for name in _WORDS if given.get(name)),
        " – ".join(day(given[name]) for name in _DAYS if given.get(name)),
    ]
    filters = ", ".join(filter(None, words))
    if not filters:
        return str(gettext("Listed enquiries"))
    return str(gettext("Searched enquiries: %(words)s", words=filters))


def answer(given: JsonObject, output: JsonObject) -> str:
    """Return the assistant's answer: the newest matching enquiries."""
    found, total = output["enquiries"], output["total"]
    if not found:
        return str(
            gettext(
                "No enquiries match this search. Search with fewer filters, or log a new enquiry."
            )
        )
    kind = status_label(str(given.get("status")))
    heading = (
        ngettext("One %(kind)s enquiry.", "%(num)d %(kind)s enquiries.", total, kind=kind)
        if kind
        else ngettext("One enquiry.", "%(num)d enquiries.", total)
    )
    return listing(str(heading), map(enquiry_line, found), total)


CAPABILITY = Capability(
    name="find_enquiries",
    title=N_("Enquiries"),
    summary="Find enquiries by status, text, places and dates.",
    area="everywhere",
    input=FindEnquiriesInput,
    output=frozenset({"total", "enquiries"}),
    permission="enquiry.read",
    approval="never",
    run=run,
    card=Card(
        icon="search",
        sentence=sentence,
        note=count_note,
        fills=("enquiry_id",),
        answer=answer,
        rows="enquiries",
        row=enquiry_line,
        results=(ENQUIRY_TABLE,),
    ),
    audit=N_("Assistant: find enquiries"),
    follow_ups=("summarise_enquiry", "update_enquiry"),
    examples={
        "en": (
            "show new enquiries",
            "list open leads",
            "enquiries to Dubai",
            "which customers want to travel in December",
            "any enquiry from Priya Nair",
            "leads of this week",
            "quoted enquiries not booked yet",
            "who asked for Bali last month",
            "enquiries from Kochi departing between 10 and 20 Jan",
            "find the enquiry with phone 98470 12345",
            "how many enquiries came in today",
            "cancelled leads of November",
            "pending enquiries for Singapore pls",
            "show me all the leads we got from Pune this month",
            "which enquiries have not been answered",
            "list of people asking for Europe",
            "who enquired about the cruise",
            "any new query since morning",
            "open enquiries with travel date in the next 2 weeks",
            "search enquiry Kapoor",
            "do we have any lead for Kashmir",
            "all booked ones for January please",
            "how many leads are still new",
            "pull up enquiries from walk-ins yesterday",
            "give list of unconverted leads of last month",
        ),
        "hi": (
            "nayi enquiry dikhao",
            "Dubai ki kaun kaun si enquiry hai",
            "is hafte kitne lead aaye",
            "December mein kaun ja raha hai",
            "Priya Nair ki enquiry dhundo",
            "jinko quote diya unki list do",
            "Dubai wali saari enquiry nikalo",
            "aaj kitni query aayi",
            "cancel hui enquiries dikhao",
            "is mahine ke lead batao",
            "दुबई की कौन कौन सी पूछताछ है",
            "आज कितनी एन्क्वायरी आई",
            "जिन ग्राहकों को अभी जवाब नहीं दिया उनकी सूची दो",
            "दिसंबर में कौन जा रहा है",
        ),
    },
)
