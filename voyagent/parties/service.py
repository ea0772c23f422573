"""The rules of parties: noting a customer or supplier, changing what is known of one, putting one
away.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from babel.core import Locale
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from voyagent.audit import service as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict, Invalid, PreconditionFailed, Unprocessable
from voyagent.kernel.ids import new_id
from voyagent.ledger.queries.party_lines import has_postings
from voyagent.parties import queries
from voyagent.parties.models import Party
from voyagent.parties.queries import PartyNotFound
from voyagent.taxes.numbers import COUNTRY as GSTIN_COUNTRY, InvalidTaxNumber, read_gstin, state_of
from voyagent.taxes.tables import states

TERMS_MAX = 365
LENGTHS = {"name": 255, "email": 254, "phone": 64, "address": 500, "tax_number": 32, "notes": 2000}
"""The longest that a text of a party may be, in characters."""
PLACES = {
    **dict.fromkeys(("party_name_required", "party_name_taken", "party_in_books"), "name"),
    "party_kind_required": "is_customer",
    "invalid_terms": "terms_days",
    "country_unknown": "country",
    "state_unknown": "state",
    **dict.fromkeys(("tax_number_invalid", "state_is_not_of_tax_number"), "tax_number"),
}
"""Which field the refusals of the rules are about, by their codes."""
# Personal details stay out of the audit, which can never be changed or shortened: of these it keeps
# only that they changed.
_PRIVATE = frozenset({"name", "email", "phone", "address", "tax_number", "notes"})


class PartyNameRequired(Unprocessable):
    """A party is known by its name."""

    code = "party_name_required"
    message = N_("A name is needed, in at most 255 characters.")


class PartyTextTooLong(Unprocessable):
    """A text beyond what is kept of a party."""

    code = "party_text_too_long"
    message = N_(
        "Phone numbers have at most 64 characters, e-mail addresses 254, addresses 500, tax numbers"
        " 32, notes 2,000."
    )


class PartyKindRequired(Invalid):
    """Neither a customer nor a supplier."""

    code = "party_kind_required"
    message = N_("Say whether this is a customer, a supplier, or both.")


class UnknownCountry(Invalid):
    """Two letters that are no country of ISO 3166."""

    code = "country_unknown"
    message = N_("That is not a country. Use two capitals such as IN.")


class UnknownState(Invalid):
    """Not a state of that country, or a state without a country."""

    code = "state_unknown"
    message = N_("That is not a state of that country.")


class StateIsNotOfNumber(Invalid):
    """A GSTIN begins with the code of the state in which it is registered (Rule 10 of the CGST
    Rules).
    """

    code = "state_is_not_of_tax_number"
    message = N_("The first two figures of the GSTIN name another state.")


class InvalidTerms(Invalid):
    """Terms that are no number of days from 0 to 365."""

    code = "invalid_terms"
    message = N_("Payment terms are from 0 to 365 days.")


class PartyNameTaken(Conflict):
    """Another party of the agency has the name, whatever the case."""

    code = "party_name_taken"
    message = N_("A customer or supplier of this name is known already.")


class PartyInBooks(Conflict):
    """Documents name their party, and what was posted keeps its name; so the party that they mean
    keeps it too.
    """

    code = "party_in_books"
    message = N_("This name stands in the books, so it stays. Its capitals and spaces may change.")


class PartyChanged(PreconditionFailed):
    """The caller has seen an older state than the one that stands now."""

    code = "party_changed"
    message = N_(
        "Somebody has changed this customer or supplier since you opened it. Load it again, then"
        " repeat what you changed."
    )


class PartyChanges(TypedDict, total=False):
    """What may be said of a party: an absent field stays, None clears it (name, kind and archived
    cannot be cleared).
    """

    name: str
    is_customer: bool
    is_supplier: bool
    email: str | None
    phone: str | None
    address: str | None
    country: str | None
    state: str | None
    tax_number: str | None
    terms_days: int | None
    notes: str | None
    is_archived: bool


def create(actor: Actor, **said: Unpack[PartyChanges]) -> Party:
    """Note a customer or supplier.

    `country` is a code of ISO 3166, `state` a code of that country's states, `terms_days` from 0 to
    365.

    A tax number of India is a GSTIN, whose state is taken where none is named. Raises Forbidden;
    PartyNameRequired, PartyTextTooLong, PartyKindRequired, UnknownCountry, UnknownState,
    InvalidTaxNumber, StateIsNotOfNumber, InvalidTerms; PartyNameTaken.
    """
    actor.require("party.create")
    values = _checked({"name": "", "is_customer": False, "is_supplier": False} | dict(said))
    now = clock.now()
    party = Party(
        id=new_id(), created_by_user_id=actor.user_id, created_at=now, updated_at=now, **values
    )
    db.session.add(party)
    _flush()
    audit.record(
        actor,
        "party.created",
        entity_refs={"party_id": party.id},
        inputs={"fields": _told({name: (None, value) for name, value in values.items()})},
    )
    return party


def update(
    actor: Actor, party_id: Any, changes: PartyChanges, *, seen: datetime | None = None
) -> Party:
    """Change what is known of a party; what leaves it as it was is no event.

    `seen` is the `updated_at` that the caller has before her.

    A name that stands in the books stays, but for its capitals. Raises Forbidden, PartyNotFound,
    PartyChanged, PartyInBooks, and what `create` raises.
    """
    actor.require("party.update")
    party = queries.get_party(party_id, lock=True)
    if seen is not None and seen != party.updated_at:
        raise PartyChanged
    if "country" in changes and "state" not in changes and changes["country"] != party.country:
        changes = {**changes, "state": None}
    known = {name: getattr(party, name) for name in PartyChanges.__annotations__}
    values = _checked(known | dict(changes))
    changed = {name: (known[name], value) for name, value in values.items() if known[name] != value}
    if not changed:
        return party
    if "name" in changed and not _is_same_name(*changed["name"]) and has_postings(party.name):
        raise PartyInBooks
    for name, (_before, value) in changed.items():
        setattr(party, name, value)
    party.updated_at = clock.now()
    _flush()
    audit.record(
        actor,
        "party.updated",
        entity_refs={"party_id": party.id},
        inputs={"fields": _told(changed)},
    )
    return party


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    """The party as it will be, each value in its one spelling; the rules look at all of them
    together.
    """
    values = dict(row) | {name: _words(row.get(name), name) for name in LENGTHS if name != "name"}
    values["name"] = " ".join((row["name"] or "").split())
    if not 1 <= len(values["name"]) <= LENGTHS["name"]:
        raise PartyNameRequired
    if not values["is_customer"] and not values["is_supplier"]:
        raise PartyKindRequired
    terms = values.get("terms_days")
    if terms is not None and not 0 <= terms <= TERMS_MAX:
        raise InvalidTerms
    return values | _place(
        values.get("country") or None, values.get("state") or None, values["tax_number"]
    )


def _place(country: str | None, state: str | None, number: str | None) -> dict[str, str | None]:
    """Country, state and tax number, which must fit one another; a GSTIN tells the state."""
    if country is not None and country not in _countries():
        raise UnknownCountry
    if state is not None and state not in states(country or ""):
        raise UnknownState
    if number is not None and country == GSTIN_COUNTRY:
        number = read_gstin(number)
        if state is not None and state != state_of(number):
            raise StateIsNotOfNumber
        state = state_of(number)
    return {"country": country, "state": state, "tax_number": number}


def _countries() -> set[str]:
    return {str(code) for code in Locale("en").territories if len(str(code)) == 2} - {"ZZ"}


def _words(text: str | None, name: str) -> str | None:
    trimmed = (text or "").strip()
    if len(trimmed) > LENGTHS[name]:
        raise PartyTextTooLong
    return trimmed or None


def _is_same_name(before: str, after: str) -> bool:
    """Whether two names have one key; the database says so, because it makes the keys."""
    return bool(db.session.scalar(select(func.lower(before) == func.lower(after))))


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_parties_party_key" in str(error.orig):
            raise PartyNameTaken from None
        raise


def _told(changed: Mapping[str, tuple[Any, Any]]) -> list[dict[str, str | None]]:
    """Changes for the audit: field, before, after; of what is private only that it changed."""
    told: list[dict[str, str | None]] = []
    for name, (before, after) in changed.items():
        if before is None and after is None:
            continue
        told.append(
            {"field": name}
            if name in _PRIVATE
            else {"field": name, "before": _plain(before), "after": _plain(after)}
        )
    return told


def _plain(value: Any) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


__all__ = [
    "LENGTHS",
    "PLACES",
    "TERMS_MAX",
    "InvalidTaxNumber",
    "InvalidTerms",
    "PartyChanged",
    "PartyChanges",
    "PartyInBooks",
    "PartyKindRequired",
    "PartyNameRequired",
    "PartyNameTaken",
    "PartyNotFound",
    "PartyTextTooLong",
    "StateIsNotOfNumber",
    "UnknownCountry",
    "UnknownState",
    "create",
    "update",
]
