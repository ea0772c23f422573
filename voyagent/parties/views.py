"""Pages of parties: list, detail, add, change, archive, further details."""

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
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.kernel.pages import page_or_first
from voyagent.parties import queries
from voyagent.parties.forms import (
    ADDRESS_ERROR_FIELDS,
    ADDRESS_KINDS,
    BALANCE_LABELS,
    CONTACT_ERROR_FIELDS,
    ERROR_FIELDS,
    MERGE_ERROR_FIELDS,
    SAME,
    TAX_NUMBER_ERROR_FIELDS,
    AddressForm,
    ContactForm,
    MergeForm,
    PartyForm,
    PartyList,
    TaxNumberForm,
    told,
)
from voyagent.parties.models import Party
from voyagent.parties.queries import (
    AddressNotFound,
    ContactNotFound,
    PartyNotFound,
    TaxNumberNotFound,
)
from voyagent.parties.schemas import PartyAddressIn, PartyContactIn, PartyIn, PartyTaxNumberIn
from voyagent.parties.service import (
    addresses as address_service,
    contacts as contact_service,
    merges as merge_service,
    parties as service,
    tax_numbers as tax_number_service,
)
from voyagent.parties.service.merges import MergeNotFound
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
    balances = _balances(reader, party_id)
    addresses = [row | _place_names(row) for row in queries.read_addresses(reader, party_id)]
    numbers = [
        row | _place_names(row)
        for row in queries.read_all_numbers(reader, party_id)
        if row["id"] or row["party_id"] != party_id
    ]
    merges = [
        row | {"limit": _limit(row["limit_minor"], row["limit_currency"])}
        for row in queries.read_merges(reader, party_id)
    ]
    limit = _limit(party["credit_limit_minor"], party["credit_limit_currency"])
    return render_template(
        "parties/detail.html",
        party=party | _place_names(party),
        limit=limit,
        balances=balances,
        addresses=addresses,
        tax_numbers=numbers,
        contacts=queries.read_contacts(reader, party_id),
        kinds=ADDRESS_KINDS,
        merges=merges,
        balance_labels=BALANCE_LABELS,
    )


@pages.page(
    "/parties/<party_id>/merge",
    methods=("GET", "POST"),
    permission="party.merge",
    missing=PartyNotFound,
)
def merge(actor: Actor, party_id: UUID) -> Any:
    """Show and process the pages that merge a party into another one."""
    form = MergeForm(data={"into_id": request.args.get("into_id", "")})
    made = form.attempt(
        lambda body: merge_service.merge(actor, party_id, body.into_id, reason=body.reason),
        **MERGE_ERROR_FIELDS,
    )
    if made is not None:
        toast(_("Merged."))
        return see_other(url_for("parties.detail", party_id=party_id))
    party = queries.row_of(queries.get_party(party_id))
    reader, text = SessionReader(db.session), request.args.get("q", "").strip()[:255]
    into_id = parse_id(form.into_id.data or "")
    shown: dict[str, Any] = {"party": party, "form": form, "q": text, "into": None}
    if into_id is not None and into_id != party_id:
        into = queries.row_of(queries.get_party(into_id))
        balances = [
            (one | {"words": told(one)}, _balances(reader, one["id"])) for one in (party, into)
        ]
        shown |= {"into": into, "balances": balances, "balance_labels": BALANCE_LABELS}
    else:
        search = queries.PartySearch(text or party["name"])
        found = (
            queries.list_parties(reader, search, limit=20).items
            if text
            else [queries.read_party(reader, one["id"]) for one in queries.similar(party)]
        )
        shown["rows"] = [one | {"words": told(one)} for one in found if one["id"] != party_id]
    return render_template("parties/merge.html", **shown), form.status


@pages.page(
    "/parties/merges/<merge_id>/undo",
    methods=("POST",),
    permission="party.merge",
    missing=MergeNotFound,
)
def undo_merge(actor: Actor, merge_id: UUID) -> Any:
    """Undo a merge."""
    undone = merge_service.unmerge(actor, merge_id)
    toast(_("Merge undone."))
    return see_other(url_for("parties.detail", party_id=undone.from_id))


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


@pages.page(
    "/parties/<party_id>/addresses/new",
    methods=("GET", "POST"),
    permission="party.update",
    missing=PartyNotFound,
)
def new_address(actor: Actor, party_id: UUID) -> Any:
    """Show and process the form of a further address."""
    party = queries.get_party(party_id)
    form = AddressForm()
    added = form.attempt(
        lambda body: address_service.add(actor, party_id, **body.changes()),
        **ADDRESS_ERROR_FIELDS,
    )
    if added is None:
        return (
            render_template("parties/address.html", form=form, party=party, address_id=None),
            form.status,
        )
    toast(_("Saved."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/addresses/<address_id>/edit",
    methods=("GET", "POST"),
    permission="party.update",
    missing=AddressNotFound,
)
def edit_address(actor: Actor, party_id: UUID, address_id: UUID) -> Any:
    """Show and process the form that changes an address."""
    form = AddressForm.of(queries.detail_row(queries.get_address(party_id, address_id)))
    party = queries.get_party(party_id)

    def act(body: PartyAddressIn) -> Any:
        seen = opened_state(form.seen.data)
        return address_service.change(actor, party_id, address_id, body.changes(), seen=seen)

    if form.attempt(act, **ADDRESS_ERROR_FIELDS) is None:
        return (
            render_template("parties/address.html", form=form, party=party, address_id=address_id),
            form.status,
        )
    toast(_("Saved."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/addresses/<address_id>/remove",
    methods=("POST",),
    permission="party.update",
    missing=AddressNotFound,
)
def remove_address(actor: Actor, party_id: UUID, address_id: UUID) -> Any:
    """Remove an address."""
    address_service.remove(actor, party_id, address_id)
    toast(_("Address removed."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/contacts/new",
    methods=("GET", "POST"),
    permission="party.update",
    missing=PartyNotFound,
)
def new_contact(actor: Actor, party_id: UUID) -> Any:
    """Show and process the form of a contact."""
    party = queries.get_party(party_id)
    form = ContactForm()
    added = form.attempt(
        lambda body: contact_service.add(actor, party_id, **body.changes()),
        **CONTACT_ERROR_FIELDS,
    )
    if added is None:
        return (
            render_template("parties/contact.html", form=form, party=party, contact_id=None),
            form.status,
        )
    toast(_("Saved."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/contacts/<contact_id>/edit",
    methods=("GET", "POST"),
    permission="party.update",
    missing=ContactNotFound,
)
def edit_contact(actor: Actor, party_id: UUID, contact_id: UUID) -> Any:
    """Show and process the form that changes a contact."""
    form = ContactForm.of(queries.detail_row(queries.get_contact(party_id, contact_id)))
    party = queries.get_party(party_id)

    def act(body: PartyContactIn) -> Any:
        seen = opened_state(form.seen.data)
        return contact_service.change(actor, party_id, contact_id, body.changes(), seen=seen)

    if form.attempt(act, **CONTACT_ERROR_FIELDS) is None:
        return (
            render_template("parties/contact.html", form=form, party=party, contact_id=contact_id),
            form.status,
        )
    toast(_("Saved."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/contacts/<contact_id>/remove",
    methods=("POST",),
    permission="party.update",
    missing=ContactNotFound,
)
def remove_contact(actor: Actor, party_id: UUID, contact_id: UUID) -> Any:
    """Remove a contact."""
    contact_service.remove(actor, party_id, contact_id)
    toast(_("Contact removed."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/tax-numbers/new",
    methods=("GET", "POST"),
    permission="party.update",
    missing=PartyNotFound,
)
def new_tax_number(actor: Actor, party_id: UUID) -> Any:
    """Show and process the form of a further tax number."""
    party = queries.get_party(party_id)
    form = TaxNumberForm(data={"country": party.country})
    added = form.attempt(
        lambda body: tax_number_service.add(actor, party_id, **body.changes()),
        **TAX_NUMBER_ERROR_FIELDS,
    )
    if added is None:
        return (
            render_template("parties/tax_number.html", form=form, party=party, tax_number_id=None),
            form.status,
        )
    toast(_("Saved."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/tax-numbers/<tax_number_id>/edit",
    methods=("GET", "POST"),
    permission="party.update",
    missing=TaxNumberNotFound,
)
def edit_tax_number(actor: Actor, party_id: UUID, tax_number_id: UUID) -> Any:
    """Show and process the form that changes a further tax number."""
    form = TaxNumberForm.of(queries.detail_row(queries.get_tax_number(party_id, tax_number_id)))
    party = queries.get_party(party_id)

    def act(body: PartyTaxNumberIn) -> Any:
        seen = opened_state(form.seen.data)
        return tax_number_service.change(actor, party_id, tax_number_id, body.changes(), seen=seen)

    if form.attempt(act, **TAX_NUMBER_ERROR_FIELDS) is None:
        facts = {"form": form, "party": party, "tax_number_id": tax_number_id}
        return render_template("parties/tax_number.html", **facts), form.status
    toast(_("Saved."))
    return see_other(url_for("parties.detail", party_id=party_id))


@pages.page(
    "/parties/<party_id>/tax-numbers/<tax_number_id>/remove",
    methods=("POST",),
    permission="party.update",
    missing=TaxNumberNotFound,
)
def remove_tax_number(actor: Actor, party_id: UUID, tax_number_id: UUID) -> Any:
    """Remove a further tax number."""
    tax_number_service.remove(actor, party_id, tax_number_id)
    toast(_("Tax number removed."))
    return see_other(url_for("parties.detail", party_id=party_id))


def _balances(reader: Reader, party_id: UUID) -> list[Row]:
    return [
        row | {"amount": Money(row["minor"], row["currency"])}
        for row in queries.read_balances(reader, party_id, today())
    ]


def _limit(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)


def _place_names(row: Row) -> Row:
    """Return the names of the country and state of a row, in the page's language."""
    country, state = row["country"], row["state"]
    return {
        "country_name": dict(country_choices()).get(country, country),
        "state_name": _(states(country or "").get(state, "")) if state else None,
    }
