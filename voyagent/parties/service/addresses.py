"""Services of further addresses of a party: add, change and remove.

The address in the record of a party is its main address. The rows of `party_addresses` are further
ones for billing, shipping and offices. Documents print an address for billing if there is one that
fits, else the main address (`queries.postal_address`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Conflict, Unprocessable
from voyagent.parties import queries
from voyagent.parties.models import PartyAddress
from voyagent.parties.service.details import (
    check_room,
    check_unchanged,
    delete_detail,
    insert_detail,
    record_details,
    update_detail,
)
from voyagent.parties.service.parties import read_place

ADDRESSES_MAX = 50
LENGTHS = {"lines": 500, "city": 120, "postcode": 20}
"""Maximum length of each text, in characters."""
ERROR_FIELDS = {
    "address_invalid": "lines",
    "country_unknown": "country",
    "state_unknown": "state",
}
"""The form field at which each error is shown, by error code."""
_PRIVATE = frozenset({"lines", "city", "postcode", "country", "state"})


class InvalidAddress(Unprocessable):
    """The lines are missing, or a text is longer than allowed."""

    code = "address_invalid"
    message = N_(
        "Enter the address in at most 500 characters. A city has at most 120, a postcode 20."
    )


class TooManyAddresses(Conflict):
    """The party has ADDRESSES_MAX further addresses."""

    code = "too_many_addresses"
    message = N_("A customer or supplier has at most 50 further addresses.")


class AddressChanges(TypedDict, total=False):
    """Changes of an address: an absent field is unchanged, None clears one.

    `kind` is `billing`, `shipping` or `office`.
    """

    kind: str
    lines: str
    city: str | None
    postcode: str | None
    country: str | None
    state: str | None
    is_default: bool


def add(actor: Actor, party_id: UUID, **changes: Unpack[AddressChanges]) -> PartyAddress:
    """Add an address to a party; the default of its kind replaces the earlier default.

    Raises Forbidden, PartyNotFound, TooManyAddresses, InvalidAddress, UnknownCountry, UnknownState.
    """
    actor.require("party.update")
    check_room(PartyAddress, party_id, ADDRESSES_MAX, TooManyAddresses)
    values = _checked(changes)
    address = insert_detail(PartyAddress, party_id, values, PartyAddress.kind == values["kind"])
    _record(actor, "party.address_added", address, values)
    return address


def change(
    actor: Actor,
    party_id: UUID,
    address_id: UUID,
    changes: AddressChanges,
    *,
    seen: datetime | None = None,
) -> PartyAddress:
    """Change an address; if no value differs, nothing is stored or audited.

    `seen` is the `updated_at` that the caller has read, or None. Raises Forbidden,
    AddressNotFound, PartyChanged, and the errors of `add` about values.
    """
    actor.require("party.update")
    address = queries.get_address(party_id, address_id, lock=True)
    check_unchanged(address, seen)
    if "country" in changes and "state" not in changes and changes["country"] != address.country:
        changes = {**changes, "state": None}
    known = {name: getattr(address, name) for name in AddressChanges.__annotations__}
    values = _checked(known | dict(changes))
    if changed := update_detail(address, values, PartyAddress.kind == values["kind"]):
        _record(actor, "party.address_changed", address, changed)
    return address


def remove(actor: Actor, party_id: UUID, address_id: UUID) -> None:
    """Remove an address. Raises Forbidden, AddressNotFound."""
    actor.require("party.update")
    address = queries.get_address(party_id, address_id, lock=True)
    delete_detail(address)
    _record(actor, "party.address_removed", address, {})


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an address in normal form, or raise an error.

    Country and state must agree with each other.
    """
    texts = {name: (row.get(name) or "").strip() or None for name in LENGTHS}
    if texts["lines"] is None or any(
        text is not None and len(text) > LENGTHS[name] for name, text in texts.items()
    ):
        raise InvalidAddress
    place = read_place(row.get("country") or None, row.get("state") or None, None)
    return dict(row) | texts | {name: place[name] for name in ("country", "state")}


def _record(actor: Actor, kind: str, address: PartyAddress, changed: Mapping[str, Any]) -> None:
    refs = {"party_id": address.party_id, "address_id": address.id}
    record_details(actor, kind, refs, changed, private=_PRIVATE)
