"""Tools about enquiries: find, sum up, change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Annotated, Literal

from pydantic import Field, model_validator

from voyagent.assistant.tools.airports import spellings
from voyagent.assistant.tools.registry import Desk, Tool, register
from voyagent.capabilities.capability import Invocation, JsonObject
from voyagent.enquiries import queries, service
from voyagent.enquiries.queries import Search
from voyagent.enquiries.schemas import EnquiryPatch
from voyagent.enquiries.service import OPEN_STATUSES
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.fields import BusinessDate, Closed, Id, Text, wire_instant
from voyagent.kernel.ids import parse_id
from voyagent.kernel.pages import Part

SHOWN_MAX = 20
Status = Literal["new", "quoted", "booked", "cancelled", "open"]


class NothingNamed(Invalid):
    """Neither an enquiry nor a customer was named."""

    code = "enquiry_or_customer_required"
    message = N_("Specify the customer of the enquiry.")


class FindEnquiriesIn(Closed):
    """What narrows the list, all of it at once; `open` is new or quoted."""

    status: Status | None = None
    q: Annotated[str, Text(255)] | None = None
    customer_email: Annotated[str, Text(255)] | None = None
    origin: Annotated[str, Text(128)] | None = None
    destination: Annotated[str, Text(128)] | None = None
    depart_from: BusinessDate | None = None
    depart_to: BusinessDate | None = None
    created_from: BusinessDate | None = None
    created_to: BusinessDate | None = None


class SummariseEnquiryIn(Closed):
    """One enquiry by its id, or a customer by name."""

    enquiry_id: Annotated[str, Field(min_length=36, max_length=36)] | None = None
    customer_name: Annotated[str, Text(255)] | None = None

    @model_validator(mode="after")
    def _names_something(self) -> SummariseEnquiryIn:
        if not self.enquiry_id and not self.customer_name:
            raise ValueError("name an enquiry or a customer")
        return self


class UpdateEnquiryIn(EnquiryPatch):
    """Which enquiry, and what changes of it: an absent member stays, null clears it."""

    enquiry_id: Id


def find(call: Invocation, wanted: FindEnquiriesIn) -> JsonObject:
    """The newest enquiries that fit, and how many in all; a city is also found by its airport's
    code. Raises InvalidDepartRange, InvalidCreatedRange.
    """
    states = OPEN_STATUSES if wanted.status == "open" else (wanted.status,)
    pages = [
        queries.list_enquiries(
            call.reader,
            replace(
                _search(wanted, status, call.actor.timezone),
                origin=origin,
                destination=destination,
            ),
            Part(limit=SHOWN_MAX),
        )
        for status, origin, destination in product(
            states, spellings(wanted.origin), spellings(wanted.destination)
        )
    ]
    fitting = [row for page in pages for row in page.items]
    rows = sorted(
        {row["id"]: row for row in fitting}.values(),
        key=lambda row: (row["created_at"], row["id"]),
        reverse=True,
    )
    twice = len(fitting) - len(rows)  # "Dubai (DXB)" is found under both
    return {
        "total": sum(page.total for page in pages) - twice,
        "enquiries": [shown(row) for row in rows[:SHOWN_MAX]],
    }


def summarise(call: Invocation, wanted: SummariseEnquiryIn) -> JsonObject:
    """One enquiry with all that is known; where several of a customer fit, the open one, else the
    list of them. Raises EnquiryNotFound, NothingNamed.
    """
    if wanted.enquiry_id:
        enquiry_id = parse_id(wanted.enquiry_id)
        if enquiry_id is None:
            raise service.EnquiryNotFound
        return {"found": 1, "enquiry": _whole(queries.get_row(call.reader, enquiry_id))}
    said = " ".join(str(wanted.customer_name or "").split())
    if not said:
        raise NothingNamed
    rows = [
        row
        for row in queries.find_by_text(call.reader, said, SHOWN_MAX)
        if said.casefold() in row["customer_name"].casefold()
    ]
    meant = _likeliest(rows, said)
    if len(meant) == 1:
        return {"found": 1, "enquiry": _whole(meant[0])}
    return {"found": len(meant), "enquiries": [shown(row) for row in meant]}


def change(call: Invocation, wanted: UpdateEnquiryIn) -> JsonObject:
    """Change what is known of an enquiry. Raises as `enquiries.update`."""
    changes = wanted.changes()
    changes.pop("enquiry_id")  # type: ignore[typeddict-item]
    enquiry = service.update(call.actor, wanted.enquiry_id, changes)
    return {
        "updated": True,
        "enquiry_id": str(enquiry.id),
        "enquiry": _whole(queries.row_of(enquiry)),
        "fields": sorted(changes),
    }


def shown(row: Row) -> JsonObject:
    """An enquiry in small."""
    amount = row["budget_hundredths"]
    return {
        "id": str(row["id"]),
        "customer_name": row["customer_name"],
        "origin": row["origin"],
        "destination": row["destination"],
        "depart_date": _day(row["depart_date"]),
        "return_date": _day(row["return_date"]),
        "pax_count": row["pax_count"],
        "budget": (
            None
            if amount is None
            else {
                "amount": f"{amount // 100}.{amount % 100:02d}",
                "currency": row["budget_currency"],
            }
        ),
        "status": row["status"],
    }


def _whole(row: Row) -> JsonObject:
    return shown(row) | {
        "customer_email": row["customer_email"],
        "customer_phone": row["customer_phone"],
        "notes": row["notes"],
        "created_at": wire_instant(row["created_at"]),
    }


def _likeliest(rows: list[Row], said: str) -> list[Row]:
    """Of several, those of exactly that name; of these, the open ones."""
    exact = [row for row in rows if row["customer_name"].casefold() == said.casefold()] or rows
    still_open = [row for row in exact if row["status"] in OPEN_STATUSES]
    return still_open if len(still_open) == 1 else exact


def _search(wanted: FindEnquiriesIn, status: str | None, zone: str) -> Search:
    return Search(
        text=wanted.q or None,
        customer_email=wanted.customer_email or None,
        status=status,
        depart_from=wanted.depart_from,
        depart_to=wanted.depart_to,
        created_from=wanted.created_from,
        created_to=wanted.created_to,
        zone=zone,
    )


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


_DESK = Desk.HOTELS_HOLIDAYS
register(
    Tool(
        "find_enquiries",
        "Find enquiries by status, text, places and days.",
        "enquiry.read",
        FindEnquiriesIn,
        run=find,
        desk=_DESK,
        gives=frozenset({"total", "enquiries"}),
        shared=True,
    )
)
register(
    Tool(
        "summarise_enquiry",
        "Tell all that is known of one enquiry.",
        "enquiry.read",
        SummariseEnquiryIn,
        run=summarise,
        desk=_DESK,
        gives=frozenset({"found", "enquiry"}),
        shared=True,
    )
)
register(
    Tool(
        "update_enquiry",
        "Change what is known of an enquiry, or its status.",
        "enquiry.update",
        UpdateEnquiryIn,
        run=change,
        desk=_DESK,
        writes=True,
        gives=frozenset({"updated", "enquiry_id", "enquiry", "fields"}),
        shared=True,
    )
)
