"""Pages of parties: list, detail, add, change, archive."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.http.forms import opened_state
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.http.template_filters import country_choices, today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.money import Money
from voyagent.kernel.pages import page_or_first
from voyagent.parties import queries
from voyagent.parties.forms import ERROR_FIELDS, SAME, PartyForm, PartyList
from voyagent.parties.models import Party
from voyagent.parties.queries import PartyNotFound
from voyagent.parties.schemas import PartyIn
from voyagent.parties.service import parties as service
from voyagent.taxes.rules.tables import states

pages = PageBlueprint("parties", __name__, guard=Guard.SIGNED_IN)


@pages.page("/parties", permission="party.read")
def index(reader: Reader) -> Any:
    """Show the list of customers and suppliers by name."""
    query = PartyList.read(request.args)
    found, invalid = page_or_first(
        lambda cursor: queries.list_parties(reader, query.search(), cursor=cursor), query.place
    )
    facts = {
        "asked": query,
        "rows": found.items,
        "next_cursor": found.next_cursor,
        "invalid": query.invalid_labels(*invalid),
    }
    return render_template("parties/list.html", **facts), 422 if facts["invalid"] else 200


@pages.page("/parties/new", methods=("GET", "POST"), permission="party.create")
def new(actor: Actor) -> Any:
    """Show and process the form of a new party, by default a customer."""
    begun = {
        "name": request.args.get("name", "")[: service.LENGTHS["name"]],
        "is_customer": request.args.get("kind") != "supplier",
    }
    form = PartyForm(actor, data=begun | {"is_supplier": not begun["is_customer"]})

    def act(body: PartyIn) -> Party | None:
        form.ask_about(queries.similar(body.model_dump()))
        return None if form.similar else service.create(actor, **body.changes(actor.currency))

    party = form.attempt(act, **ERROR_FIELDS)
    if party is None:
        return render_template("parties/new.html", form=form, same=SAME), form.status
    toast(_("%(name)s saved.", name=party.name))
    return see_other(url_for("parties.detail", party_id=party.id))


@pages.page("/parties/<party_id>", permission="party.read", missing=PartyNotFound)
def detail(reader: Reader, party_id: UUID) -> Any:
    """Show a party with its contact details, tax data and balances."""
    party = queries.read_party(reader, party_id)
    balances = [
        row | {"amount": Money(row["minor"], row["currency"])}
        for row in queries.read_balances(reader, party["name"], today())
    ]
    place = {
        "country_name": dict(country_choices()).get(party["country"], party["country"]),
        "state_name": (
            _(states(party["country"] or "").get(party["state"], "")) if party["state"] else None
        ),
    }
    limit = (
        None
        if party["credit_limit_minor"] is None
        else Money(party["credit_limit_minor"], party["credit_limit_currency"])
    )
    return render_template(
        "parties/detail.html", party=party | place, limit=limit, balances=balances
    )


@pages.page(
    "/parties/<party_id>/edit",
    methods=("GET", "POST"),
    permission="party.update",
    missing=PartyNotFound,
)
def edit(actor: Actor, party_id: UUID) -> Any:
    """Show and process the form that changes a party."""
    form = PartyForm.of(actor, queries.row_of(queries.get_party(party_id)))

    def act(body: PartyIn) -> Any:
        return service.update(
            actor,
            party_id,
            body.changes(actor.currency),
            seen=opened_state(form.seen.data),
        )

    if form.attempt(act, **ERROR_FIELDS) is None:
        return (
            render_template("parties/edit.html", form=form, party=queries.get_party(party_id)),
            form.status,
        )
    toast(_("Saved."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/archive",
    methods=("POST",),
    permission="party.update",
    missing=PartyNotFound,
)
def archive(actor: Actor, party_id: UUID) -> Any:
    """Archive a party, or restore it if the form says so."""
    is_away = request.form.get("restore") != "1"
    party = service.update(actor, party_id, {"is_archived": is_away})
    toast(
        _("%(name)s archived.", name=party.name)
        if is_away
        else _("%(name)s restored.", name=party.name)
    )
    return see_other(url_for("parties.detail", party_id=party_id))
