"""The itinerary as files: a PDF for the customer, and a spreadsheet in English."""

from __future__ import annotations

from uuid import UUID

from babel.core import Locale

from voyagent.http.documents import Document, facts_of
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import RequestReader
from voyagent.kernel.sheets import HEAD, ROW, TOTAL, Cell, Sheet
from voyagent.mail.service import Attached
from voyagent.trips.documents import itinerary_pdf
from voyagent.trips.queries import trips
from voyagent.trips.queries.itinerary import airport, file_name, in_a_row, tickets_of
from voyagent.trips.queries.trips import TripNotFound
from voyagent.trips.rules.details import (
    FlightDetails,
    HotelDetails,
    OtherDetails,
    TransferDetails,
    VisaDetails,
)
from voyagent.trips.rules.journey import Journey, Line

COLUMNS = (
    *(
        ROW,
        "line_no",
        "item",
        "text",
        "day",
        "time",
        "place",
        "until_day",
        "until_time",
        "until_place",
    ),
    *("quantity", "reference", "state", "notes", "currency", "amount"),
)
Read = tuple[Journey, str]
"""A trip, and the name of the agency."""


def itinerary_table(found: Read, *, prices: bool) -> Sheet:
    """Return the itinerary as a table, for a spreadsheet or CSV.

    The first column is the kind of the row: `head` (data of the trip, such as its title),
    `passenger`, `flight`, `hotel`, `transfer`, `visa`, `other`, `ticket` (a ticket number) or
    `total`. Rows of the kind `total` are present only if `prices` is true.

    Times are local. Passport data, suppliers, costs and cancelled services are left out.
    """
    journey, agency = found
    trip, (first, last) = journey.trip, journey.days
    facts = {
        "id": trip["id"],
        "title": trip["title"],
        "agency": agency,
        "contact": trip["opened_by"],
        "status": journey.status,
    }
    facts_found = facts_of(facts | {"first_day": first, "last_day": last, "notes": trip["notes"]})
    rows = [_cells(HEAD, item=item, text=text, day=day) for item, text, day in facts_found]
    rows += [
        _cells("passenger", line_no=number, item=one.full_name, text=one.kind)
        for number, one in enumerate(journey.passengers, start=1)
    ]
    rows += [
        _cells(
            line.kind,
            line_no=number,
            reference=line.supplier_ref,
            state=line.state,
            notes=line.details.notes,
            **_line_cells(line),
        )
        for number, line in enumerate(journey.active_lines, start=1)
    ]
    rows += [
        _cells("ticket", line_no=number, item=ticket)
        for number, ticket in enumerate(_tickets(journey), start=1)
    ]
    if prices:
        rows += [
            _cells(TOTAL, item="price", currency=total.currency, amount=total.price)
            for total in journey.totals
            if total.price
        ]
    return Sheet(file_name(trip["title"], clock.now()), COLUMNS, rows)


def _line_cells(line: Line) -> dict[str, Cell]:
    match line.details:
        case FlightDetails() as flight:
            return {
                "item": line.name,
                "text": in_a_row([flight.carrier_name, flight.cabin, flight.seats, flight.baggage]),
                "day": flight.departs.date(),
                "time": flight.departs_at[-5:],
                "place": airport(flight.origin, flight.origin_terminal),
                "until_day": flight.arrives.date(),
                "until_time": flight.arrives_at[-5:],
                "until_place": airport(flight.destination, flight.destination_terminal),
            }
        case HotelDetails() as stay:
            about = in_a_row([stay.room, stay.board, stay.phone, stay.address])
            return {
                "item": line.name,
                "text": about,
                "day": stay.check_in,
                "place": stay.city,
                "until_day": stay.check_out,
            }
        case TransferDetails() as ride:
            return {
                "item": line.name,
                "text": ride.vehicle,
                "day": ride.on,
                "time": ride.at,
                "place": ride.origin,
                "until_place": ride.destination,
            }
        case VisaDetails() as visa:
            country = Locale("en").territories.get(visa.country, visa.country)
            about = in_a_row([visa.type, visa.traveller])
            return {
                "item": country,
                "text": about,
                "day": visa.granted_on or visa.filed_on,
                "place": visa.country,
                "quantity": visa.count,
            }
        case OtherDetails() as other:
            return {"item": line.name, "day": other.on, "time": other.at, "until_day": other.until}


def _tickets(journey: Journey) -> list[str]:
    return tickets_of(
        line.details for line in journey.active_lines if isinstance(line.details, FlightDetails)
    )


def _cells(row: str, **cells: Cell) -> list[Cell]:
    cells[ROW] = row
    return [cells.get(column) for column in COLUMNS]


def _read(reader: RequestReader, trip_id: UUID) -> Read:
    return trips.read_trip(reader, trip_id), reader.authenticate().tenant_name


def _typeset(reader: RequestReader, found: Read, agency: str, *, prices: bool) -> Attached:
    return itinerary_pdf.document_of(reader, found[0], agency, prices=prices)


ITINERARY = Document(
    name="itinerary",
    title="the itinerary of a trip for the customer",
    contents="fields, passengers, services with dates, places and references, and prices",
    path="/trips/<trip_id>",
    page_path="/trips/<trip_id>",
    parameter="trip_id",
    permission="trip.read",
    missing=TripNotFound,
    read=_read,
    sheet=itinerary_table,
    typeset=_typeset,
    may_hide_prices=True,
)
