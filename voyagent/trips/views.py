"""Pages of trips: list, trip, forms and files."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.capabilities.ports import find_port
from voyagent.drivers.suppliers.errors import SupplierError
from voyagent.http.documents import add_page_routes, prices_wanted
from voyagent.http.errors import sentence_of as sentence_of_error, status_of
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.outbound import run
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.pages import OFFSET_MAX
from voyagent.kernel.passport_numbers import masked
from voyagent.trips.capabilities.cancellation import (
    cancel,
    effect_sentences,
    pending_cancellation,
    result_sentence,
)
from voyagent.trips.documents.itinerary_files import ITINERARY
from voyagent.trips.documents.itinerary_mail import mail_itinerary
from voyagent.trips.documents.itinerary_pdf import sheet_of
from voyagent.trips.forms.lines import LINE_ERROR_FIELDS, LINE_FORMS, LineForm
from voyagent.trips.forms.passengers import PASSENGER_ERROR_FIELDS, PassengerForm
from voyagent.trips.forms.trips import (
    DECISION_ERROR_FIELDS,
    SEND_ERROR_FIELDS,
    TRIP_ERROR_FIELDS,
    DecisionForm,
    SendForm,
    TripForm,
)
from voyagent.trips.queries import facts, trips
from voyagent.trips.queries.trips import LineNotFound, PassengerNotFound, TripNotFound
from voyagent.trips.rules.journey import Journey, Line, Passenger
from voyagent.trips.rules.lint import findings
from voyagent.trips.schemas import LineIn, PassengerIn
from voyagent.trips.service import acceptance, lines, passengers, sending, trips as trip_service
from voyagent.trips.words import LINE_WORDS, PASSENGER_WORDS, country_name, sentence_of

pages = PageBlueprint("trips", __name__, guard=Guard.SIGNED_IN)
PAGE_ROWS = 50


@pages.page("/trips", permission="trip.read")
def index(reader: RequestReader) -> Any:
    """Show the list of trips, newest first."""
    offset = request.args.get("offset", "0")
    page = trips.list_trips(
        reader,
        limit=PAGE_ROWS,
        offset=min(int(offset), OFFSET_MAX) if re.fullmatch("[0-9]{1,11}", offset) else 0,
    )
    return render_template("trips/list.html", page_of=page)


@pages.page("/trips/new", methods=("GET", "POST"), permission="trip.open")
def new(actor: Actor) -> Any:
    """Show and process the form of a new trip without a conversation."""
    form = TripForm(actor.currency)
    trip = form.attempt(
        lambda body: trip_service.open_trip(actor, **body.model_dump()), **TRIP_ERROR_FIELDS
    )
    if trip is None:
        return render_template("trips/new.html", form=form), form.status
    toast(_("Trip created."))
    return see_other(url_for("trips.detail", trip_id=trip.id))


@pages.page("/trips/open", methods=("POST",), permission="trip.open")
def open_for(actor: Actor) -> Any:
    """Redirect to the trip of a conversation or enquiry, and create a missing trip."""
    session_id, enquiry_id = (
        parse_id(request.form.get(name)) for name in ("session_id", "enquiry_id")
    )
    if session_id is None and enquiry_id is None:
        raise TripNotFound
    return see_other(
        url_for(
            "trips.detail",
            trip_id=trip_service.trip_for(actor, session_id=session_id, enquiry_id=enquiry_id).id,
        )
    )


@pages.page("/trips/<trip_id>", permission="trip.read", missing=TripNotFound)
def detail(reader: Reader, trip_id: UUID) -> Any:
    """Show a trip to staff: itinerary, warnings, services, passengers, margins."""
    found = facts.read_trip_facts(reader, trip_id)
    shown = _shown(found.journey, prices=prices_wanted())
    return render_template("trips/detail.html", facts=found, **shown)


add_page_routes(pages, ITINERARY)


@pages.page(
    "/trips/<trip_id>/send",
    methods=("GET", "POST"),
    permission="trip.send",
    direct=True,
    missing=TripNotFound,
    once=True,
)
def send(actor: Actor, trip_id: UUID) -> Any:
    """Preview the itinerary and its recipient, then send it."""
    trip = trips.get_trip(trip_id)
    form = SendForm(actor.locale, sending.address_of_customer(trip.enquiry_id))
    sent = form.attempt(
        lambda body: mail_itinerary(
            actor, trip_id, to=body.to, locale=body.locale, prices=body.prices
        ),
        **SEND_ERROR_FIELDS,
    )
    if sent is None:
        shown = _shown(trips.read_trip(SessionReader(db.session), trip_id))
        return render_template("trips/send.html", form=form, **shown), form.status
    return _back(trip_id, _("Itinerary sent to %(address)s.", address=form.to.data))


@pages.page(
    "/trips/<trip_id>/edit", methods=("GET", "POST"), permission="trip.update", missing=TripNotFound
)
def edit(actor: Actor, trip_id: UUID) -> Any:
    """Show and process the form that changes a trip's title and notes."""
    trip = trips.get_trip(trip_id)
    form = TripForm(
        trip.currency, data={"title": trip.title, "currency": trip.currency, "notes": trip.notes}
    )
    names = ("title", "currency", "notes")
    changed = form.attempt(
        lambda body: trip_service.update_trip(
            actor,
            trip_id,
            _changes_of(body, names),  # type: ignore[arg-type]
        ),
        **TRIP_ERROR_FIELDS,
    )
    if changed is None:
        return (
            render_template("trips/edit.html", form=form, trip=trips.get_trip(trip_id)),
            form.status,
        )
    return _back(trip_id, _("Saved."))


@pages.page(
    "/trips/<trip_id>/decision",
    methods=("POST",),
    permission="trip.update",
    missing=TripNotFound,
)
def decide(actor: Actor, trip_id: UUID) -> Any:
    """Accept, decline or cancel a trip, or take the decision back."""
    form = DecisionForm()
    decided = form.attempt(
        lambda body: acceptance.decide(actor, trip_id, body.decision), **DECISION_ERROR_FIELDS
    )
    if decided is None:
        found = facts.read_trip_facts(SessionReader(db.session), trip_id)
        shown = _shown(found.journey)
        return render_template("trips/detail.html", form=form, facts=found, **shown), form.status
    return _back(trip_id, _("Saved."))


# Passengers
# --------------------------------------------------------------------------------


@pages.page(
    "/trips/<trip_id>/passengers/new",
    methods=("GET", "POST"),
    permission="trip.update",
    missing=TripNotFound,
)
def new_passenger(actor: Actor, trip_id: UUID) -> Any:
    """Show and process the form of a new passenger."""
    form, trip = PassengerForm(), trips.get_trip(trip_id)
    added = form.attempt(
        lambda body: passengers.add_passenger(find_port(Keyring), actor, trip_id, body.changes()),
        **PASSENGER_ERROR_FIELDS,
    )
    if added is None:
        return _passenger_page(form, trip_id, None)
    words = _("%(name)s added.", name=added.full_name)
    if request.form.get("then") == "another":
        toast(words)
        return see_other(url_for("trips.new_passenger", trip_id=trip.id))
    return _back(trip_id, words)


@pages.page(
    "/trips/<trip_id>/passengers/<passenger_id>",
    methods=("GET", "POST"),
    permission="trip.update",
    missing=PassengerNotFound,
)
def passenger(actor: Actor, trip_id: UUID, passenger_id: UUID) -> Any:
    """Show and process the form that changes a passenger."""
    known = trips.passenger_of(trips.get_passenger(trip_id, passenger_id))
    form = PassengerForm.of(known)

    def act(body: PassengerIn) -> Any:
        return passengers.update_passenger(
            find_port(Keyring),
            actor,
            trip_id,
            passenger_id,
            form.changes(body),  # type: ignore[arg-type]
        )

    if form.attempt(act, **PASSENGER_ERROR_FIELDS) is None:
        return _passenger_page(form, trip_id, known)
    return _back(trip_id, _("Saved."))


@pages.page(
    "/trips/<trip_id>/passengers/<passenger_id>/remove",
    methods=("GET", "POST"),
    permission="trip.update",
    missing=PassengerNotFound,
)
def remove_passenger(actor: Actor, trip_id: UUID, passenger_id: UUID) -> Any:
    """Ask for confirmation, then remove a passenger."""
    known = trips.passenger_of(trips.get_passenger(trip_id, passenger_id))
    if request.method == "GET":
        return render_template(
            "trips/remove_passenger.html", passenger=known, trip=trips.get_trip(trip_id)
        )
    passengers.remove_passenger(actor, trip_id, passenger_id)
    return _back(trip_id, _("%(name)s removed.", name=known.full_name))


# Lines
# --------------------------------------------------------------------------------


@pages.page(
    "/trips/<trip_id>/lines/new",
    methods=("GET", "POST"),
    permission="trip.update",
    missing=TripNotFound,
)
def new_line(actor: Actor, trip_id: UUID) -> Any:
    """Show and process the form of a new flight, hotel or other service."""
    trip = trips.get_trip(trip_id)
    kind = request.args.get("kind", "")
    form = LINE_FORMS[kind if kind in LINE_FORMS else "other"](trip.currency)
    added = form.attempt(
        lambda body: lines.add_line(actor, trip_id, body.details, body.changes()),
        **LINE_ERROR_FIELDS,
    )
    if added is None:
        return _line_page(form, trip_id, None)
    return _back(trip_id, _("Added."))


@pages.page(
    "/trips/<trip_id>/lines/<line_id>",
    methods=("GET", "POST"),
    permission="trip.update",
    missing=LineNotFound,
)
def line(actor: Actor, trip_id: UUID, line_id: UUID) -> Any:
    """Show and process the form that changes a trip line."""
    known = trips.line_of(trips.get_line(trip_id, line_id))
    form = LINE_FORMS[known.kind].of(known)

    def act(body: LineIn) -> Any:
        names = ("details", "status", "currency", "cost", "price", "supplier", "supplier_ref")
        return lines.update_line(actor, trip_id, line_id, _changes_of(body, names))  # type: ignore[arg-type]

    if form.attempt(act, **LINE_ERROR_FIELDS) is None:
        return _line_page(form, trip_id, known)
    return _back(trip_id, _("Saved."))


@pages.page(
    "/trips/<trip_id>/lines/<line_id>/cancel",
    methods=("GET", "POST"),
    permission="trip.update",
    missing=LineNotFound,
)
def cancel_line(actor: Actor, trip_id: UUID, line_id: UUID) -> Any:
    """Explain the consequences, ask for confirmation, then cancel a trip line."""
    if request.method == "GET":
        return _cancel_page(trip_id, line_id)
    try:
        done = run(cancel(actor, trip_id, line_id))
    except SupplierError as failure:
        return _cancel_page(trip_id, line_id, failure), status_of(failure)
    return _back(trip_id, result_sentence(done))


@pages.page(
    "/trips/<trip_id>/lines/<line_id>/remove",
    methods=("GET", "POST"),
    permission="trip.update",
    missing=LineNotFound,
)
def remove_line(actor: Actor, trip_id: UUID, line_id: UUID) -> Any:
    """Ask for confirmation, then remove a trip line."""
    known = trips.line_of(trips.get_line(trip_id, line_id))
    if request.method == "GET":
        return render_template("trips/remove_line.html", line=known, trip=trips.get_trip(trip_id))
    lines.remove_line(actor, trip_id, line_id)
    return _back(trip_id, _("%(name)s removed from the trip.", name=known.name))


def _shown(journey: Journey, *, prices: bool = True) -> dict[str, Any]:
    """Return the template variables of a trip's page."""
    return {
        "journey": journey,
        "trip": journey.trip,
        "sheet": sheet_of(journey, prices=prices),
        "prices": prices,
        "found": [
            (finding, sentence_of(finding))
            for finding in findings(journey.passengers, journey.lines)
        ],
        "masked": masked,
        "country_name": country_name,
        "line_words": LINE_WORDS,
        "passenger_words": PASSENGER_WORDS,
    }


def _passenger_page(form: PassengerForm, trip_id: UUID, known: Passenger | None) -> Any:
    shown = {
        "trip": trips.get_trip(trip_id),
        "passenger": known,
        "mask": masked(known.passport_last4) if known else None,
    }
    return render_template("trips/passenger.html", form=form, **shown), form.status


def _line_page(form: LineForm, trip_id: UUID, known: Line | None) -> Any:
    shown = {
        "trip": trips.get_trip(trip_id),
        "line": known,
        "kind": form.kind,
        "line_words": LINE_WORDS,
        "country_name": country_name,
    }
    return render_template("trips/line.html", form=form, **shown), (
        422 if form.is_submitted() else 200
    )  # `form.status` is the field for the status of the line


def _cancel_page(trip_id: UUID, line_id: UUID, failure: SupplierError | None = None) -> Any:
    row = trips.get_line(trip_id, line_id)
    line, pending = trips.line_of(row), pending_cancellation(row)
    shown = {
        "line": line,
        "trip": trips.get_trip(trip_id),
        "pending": pending,
        "meaning": effect_sentences(line, pending),
        "country_name": country_name,
    }
    return render_template(
        "trips/cancel_line.html",
        **shown,
        failure=sentence_of_error(failure) if failure is not None else None,
    )


def _changes_of(body: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return those of the fields `names` that are to be set, with their values.

    `body` has the submitted values. A blank field clears notes, supplier and booking number. Any
    other blank field stays unchanged.
    """
    return {
        name: value
        for name in names
        if (value := getattr(body, name)) is not None
        or name in ("notes", "supplier", "supplier_ref")
    }


def _back(trip_id: UUID, words: str) -> Any:
    toast(words)
    return see_other(url_for("trips.detail", trip_id=trip_id))
