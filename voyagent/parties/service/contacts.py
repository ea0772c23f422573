"""Services of the contacts of a party: add, change and remove."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from voyagent.kernel.actor import Actor
from voyagent.kernel.errors import N_, Conflict, Unprocessable
from voyagent.parties import queries
from voyagent.parties.models import PartyContact
from voyagent.parties.service.details import (
    check_room,
    check_unchanged,
    delete_detail,
    insert_detail,
    record_details,
    update_detail,
)

CONTACTS_MAX = 50
LENGTHS = {"name": 255, "role": 120, "email": 254, "phone": 64}
"""Maximum length of each text, in characters."""
ERROR_FIELDS = {"contact_invalid": "name"}
"""The form field at which each error is shown, by error code."""
_PRIVATE = frozenset(LENGTHS)


class InvalidContact(Unprocessable):
    """The name is missing, or a text is longer than allowed."""

    code = "contact_invalid"
    message = N_(
        "Enter a name of at most 255 characters. A role has at most 120, an e-mail address 254, a"
        " phone number 64."
    )


class TooManyContacts(Conflict):
    """The party has CONTACTS_MAX contacts."""

    code = "too_many_contacts"
    message = N_("A customer or supplier has at most 50 contacts.")


class ContactChanges(TypedDict, total=False):
    """Changes of a contact: an absent field is unchanged, None clears one."""

    name: str
    role: str | None
    email: str | None
    phone: str | None
    is_default: bool


def add(actor: Actor, party_id: UUID, **changes: Unpack[ContactChanges]) -> PartyContact:
    """Add a contact to a party; a new default replaces the earlier one.

    Raises Forbidden, PartyNotFound, TooManyContacts, InvalidContact.
    """
    actor.require("party.update")
    check_room(PartyContact, party_id, CONTACTS_MAX, TooManyContacts)
    values = _checked(changes)
    contact = insert_detail(PartyContact, party_id, values)
    _record(actor, "party.contact_added", contact, values)
    return contact


def change(
    actor: Actor,
    party_id: UUID,
    contact_id: UUID,
    changes: ContactChanges,
    *,
    seen: datetime | None = None,
) -> PartyContact:
    """Change a contact; if no value differs, nothing is stored or audited.

    `seen` is the `updated_at` that the caller has read, or None. Raises Forbidden,
    ContactNotFound, PartyChanged, InvalidContact.
    """
    actor.require("party.update")
    contact = queries.get_contact(party_id, contact_id, lock=True)
    check_unchanged(contact, seen)
    known = {name: getattr(contact, name) for name in ContactChanges.__annotations__}
    if changed := update_detail(contact, _checked(known | dict(changes))):
        _record(actor, "party.contact_changed", contact, changed)
    return contact


def remove(actor: Actor, party_id: UUID, contact_id: UUID) -> None:
    """Remove a contact. Raises Forbidden, ContactNotFound."""
    actor.require("party.update")
    contact = queries.get_contact(party_id, contact_id, lock=True)
    delete_detail(contact)
    _record(actor, "party.contact_removed", contact, {})


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a contact without surplus spaces. Raises InvalidContact."""
    texts = {name: " ".join((row.get(name) or "").split()) or None for name in LENGTHS}
    if texts["name"] is None or any(
        text is not None and len(text) > LENGTHS[name] for name, text in texts.items()
    ):
        raise InvalidContact
    return dict(row) | texts


def _record(actor: Actor, kind: str, contact: PartyContact, changed: Mapping[str, Any]) -> None:
    refs = {"party_id": contact.party_id, "contact_id": contact.id}
    record_details(actor, kind, refs, changed, private=_PRIVATE)
