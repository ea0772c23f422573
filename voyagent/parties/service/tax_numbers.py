"""Services of further tax numbers of a party: add, change and remove.

A firm that is registered in several states of India has a GSTIN in each. The number in the record
of a party is its main one; the rows of `party_tax_numbers` are further ones and never repeat it. An
invoice shows the number in its place of supply (`queries.tax_status`). Documents store the number
that they show, so a number that is not valid any more is removed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy import ColumnElement

from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Conflict
from voyagent.parties import queries
from voyagent.parties.models import PartyTaxNumber, plain_number
from voyagent.parties.service import merges
from voyagent.parties.service.details import (
    check_room,
    check_unchanged,
    delete_detail,
    insert_detail,
    record_details,
    update_detail,
)
from voyagent.parties.service.parties import (
    LENGTHS,
    InvalidTaxNumber,
    PanIsNotOfNumber,
    UnknownCountry,
    read_place,
)

TAX_NUMBERS_MAX = 50
ERROR_FIELDS = {
    "country_unknown": "country",
    **dict.fromkeys(
        (
            *("tax_number_invalid", "tax_number_taken", "pan_is_not_of_tax_number"),
            "pan_is_not_of_merged",
        ),
        "number",
    ),
}
"""The form field at which each error is shown, by error code."""
_PRIVATE = frozenset({"country", "state", "number"})


class TaxNumberTaken(Conflict):
    """The party has this tax number already."""

    code = "tax_number_taken"
    message = N_("This customer or supplier has that tax number already.")


class TooManyTaxNumbers(Conflict):
    """The party has TAX_NUMBERS_MAX further tax numbers."""

    code = "too_many_tax_numbers"
    message = N_("A customer or supplier has at most 50 further tax numbers.")


class TaxNumberChanges(TypedDict, total=False):
    """Changes of a further tax number: an absent field is unchanged."""

    country: str
    number: str
    is_default: bool


def add(actor: Actor, party_id: UUID, **changes: Unpack[TaxNumberChanges]) -> PartyTaxNumber:
    """Add a tax number to a party.

    A default replaces the earlier default of its state.
    A GSTIN must contain the PAN of the party, because a firm has one PAN.

    Raises Forbidden, PartyNotFound, TooManyTaxNumbers, UnknownCountry, InvalidTaxNumber,
    PanIsNotOfNumber, TaxNumberTaken, PanIsNotOfMerged.
    """
    actor.require("party.update")
    merges.lock()
    check_room(PartyTaxNumber, party_id, TAX_NUMBERS_MAX, TooManyTaxNumbers)
    values = _checked(party_id, changes)
    added = insert_detail(PartyTaxNumber, party_id, values, *_alike(values))
    _record(actor, "party.tax_number_added", added, values)
    return added


def change(
    actor: Actor,
    party_id: UUID,
    tax_number_id: UUID,
    changes: TaxNumberChanges,
    *,
    seen: datetime | None = None,
) -> PartyTaxNumber:
    """Change a further tax number; if no value differs, nothing is stored or audited.

    `seen` is the `updated_at` that the caller has read, or None. Raises Forbidden,
    TaxNumberNotFound, PartyChanged, and the errors of `add` about values.
    """
    actor.require("party.update")
    merges.lock()
    found = queries.get_tax_number(party_id, tax_number_id, lock=True)
    check_unchanged(found, seen)
    known = {name: getattr(found, name) for name in TaxNumberChanges.__annotations__}
    values = _checked(party_id, known | dict(changes), besides=tax_number_id)
    if changed := update_detail(found, values, *_alike(values)):
        _record(actor, "party.tax_number_changed", found, changed)
    return found


def remove(actor: Actor, party_id: UUID, tax_number_id: UUID) -> None:
    """Remove a further tax number. Raises Forbidden, TaxNumberNotFound."""
    actor.require("party.update")
    found = queries.get_tax_number(party_id, tax_number_id, lock=True)
    delete_detail(found)
    _record(actor, "party.tax_number_removed", found, {})


def _checked(
    party_id: UUID, row: Mapping[str, Any], *, besides: UUID | None = None
) -> dict[str, Any]:
    """Return the values of a tax number in normal form, or raise an error.

    `besides` is the id of the row that is changed.
    """
    typed = " ".join((row.get("number") or "").split())
    if not row.get("country"):
        raise UnknownCountry
    if not 1 <= len(typed) <= LENGTHS["tax_number"]:
        raise InvalidTaxNumber
    place = read_place(row["country"], None, typed)
    number = place["tax_number"] or ""
    others = [one for one in queries.get_tax_numbers([party_id]) if one.id != besides]
    party = queries.get_party(party_id)
    known = [party.tax_number, *(one.number for one in others)]
    if plain_number(number) in {plain_number(one) for one in known if one}:
        raise TaxNumberTaken
    pan = queries.pan_in(number)
    pans = {party.pan, *map(queries.pan_in, known)} - {None}
    if pan and pans - {pan}:
        raise PanIsNotOfNumber
    merges.check_pan(party_id, pan)
    return {
        "country": place["country"],
        "state": place["state"],
        "number": number,
        "is_default": bool(row.get("is_default")),
    }


def _alike(values: Mapping[str, Any]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the numbers of which only one is the default."""
    return (
        PartyTaxNumber.country == values["country"],
        PartyTaxNumber.state.is_not_distinct_from(values["state"]),
    )


def _record(actor: Actor, kind: str, found: PartyTaxNumber, changed: Mapping[str, Any]) -> None:
    refs = {"party_id": found.party_id, "tax_number_id": found.id}
    record_details(actor, kind, refs, changed, private=_PRIVATE)
