"""Services of parties: add, change and archive customers and suppliers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack, cast
from uuid import UUID

from babel.core import Locale
from sqlalchemy import Table, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock, resealing
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.errors import N_, Conflict, Invalid, PreconditionFailed, Unprocessable
from voyagent.kernel.housekeeping import in_agencies
from voyagent.kernel.ids import new_id
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.money import Money
from voyagent.kernel.resealing import SealedColumn
from voyagent.kernel.tenancy import current_tenant
from voyagent.ledger.queries.party_lines import has_postings
from voyagent.ledger.service.names import lock_name
from voyagent.parties import queries
from voyagent.parties.models import (
    TAX_NUMBER,
    Party,
    PartyTaxNumber,
    pan_digest,
    tax_number_digests,
)
from voyagent.parties.queries import PartyNotFound
from voyagent.parties.service import merges
from voyagent.taxes.rules.numbers import (
    COUNTRY as GSTIN_COUNTRY,
    InvalidTaxNumber,
    pan_of,
    read_gstin,
    read_pan,
    state_of,
)
from voyagent.taxes.rules.tables import states

SEALED = (
    SealedColumn(
        "parties",
        "tax_number_sealed",
        TAX_NUMBER,
        clear="tax_number",
        hashed="tax_number_digests",
        hashes=tax_number_digests,
    ),
    SealedColumn("parties", "pan_sealed", TAX_NUMBER, hashed="pan_digest", hashes=pan_digest),
    SealedColumn(
        "party_tax_numbers",
        "number_sealed",
        TAX_NUMBER,
        hashed="number_digests",
        hashes=tax_number_digests,
    ),
)
TERMS_MAX = 365
LINKED_AT_ONCE = 2000
"""Most rows of each table that `link` changes in one transaction."""
LENGTHS = {
    "name": 255,
    "email": 254,
    "phone": 64,
    "address": 500,
    "tax_number": 32,
    "pan": 32,
    "external_id": 64,
    "notes": 2000,
}
"""Maximum length of each text, in characters."""
ERROR_FIELDS = {
    **dict.fromkeys(("party_name_required", "party_name_taken", "party_in_books"), "name"),
    "party_kind_required": "is_customer",
    "invalid_terms": "terms_days",
    "country_unknown": "country",
    "state_unknown": "state",
    **dict.fromkeys(("tax_number_invalid", "state_is_not_of_tax_number"), "tax_number"),
    **dict.fromkeys(("pan_invalid", "pan_is_not_of_tax_number", "pan_is_not_of_merged"), "pan"),
    "external_id_taken": "external_id",
    "invalid_amount": "credit_limit",
}
"""The form field at which each error is shown, by error code."""
# Personal details are not recorded in the audit trail, because it can never be changed or deleted:
# of these fields an event has only the names.
_PRIVATE = frozenset(LENGTHS)
_CREDIT = frozenset({"credit_limit", "is_on_hold"})
_OF_PAN = frozenset({"pan", "tax_number"})
_PARTIES = cast("Table", Party.__table__)
_KINDS = ("is_customer", "is_supplier")


class PartyNameRequired(Unprocessable):
    """The name is missing."""

    code = "party_name_required"
    message = N_("Enter a name of at most 255 characters.")


class PartyTextTooLong(Unprocessable):
    """A text is longer than allowed."""

    code = "party_text_too_long"
    message = N_(
        "Phone numbers and the ID in another program have at most 64 characters, e-mail addresses"
        " 254, addresses 500, tax numbers 32, notes 2,000."
    )


class PartyKindRequired(Invalid):
    """The party is neither a customer nor a supplier."""

    code = "party_kind_required"
    message = N_("Choose customer, supplier or both.")


class UnknownCountry(Invalid):
    """The text is not a country code of ISO 3166."""

    code = "country_unknown"
    message = N_("Enter a country code of two capital letters, such as IN.")


class UnknownState(Invalid):
    """The text is not a state code of the country."""

    code = "state_unknown"
    message = N_("This state does not belong to the country.")


class StateIsNotOfNumber(Invalid):
    """The state differs from the state in the GSTIN (Rule 10 of the CGST Rules)."""

    code = "state_is_not_of_tax_number"
    message = N_(
        "The first two digits of the GSTIN belong to another state. Check the GSTIN and the state."
    )


class InvalidPan(InvalidTaxNumber):
    """The text is not a PAN."""

    code = "pan_invalid"
    message = N_("This PAN is not valid. Check each character.")


class PanIsNotOfNumber(Invalid):
    """The PAN differs from the PAN in the GSTIN."""

    code = "pan_is_not_of_tax_number"
    message = N_("The GSTIN contains another PAN. Check the GSTIN and the PAN.")


class InvalidTerms(Invalid):
    """The payment terms are not a number of days from 0 to 365."""

    code = "invalid_terms"
    message = N_("Payment terms are from 0 to 365 days.")


class PartyNameTaken(Conflict):
    """Another party has the same name, ignoring case.

    An import raises this error if its file has a party of this name without an `external_id`.
    Elsewhere it means that the other party was added at the same moment.
    """

    code = "party_name_taken"
    message = N_("A customer or supplier with this name already exists.")


class PartyAmbiguous(Conflict):
    """Several parties have the name, so the caller must give the id of one.

    `candidates` has the row of each of them.
    """

    code = "party_ambiguous"
    message = N_("Several customers or suppliers have this name. Choose one.")

    def __init__(self, found: Sequence[Party]) -> None:
        super().__init__()
        self.candidates = [queries.row_of(party) for party in found]
        self.beside = {"candidates": [_candidate(row) for row in self.candidates]}


class ExternalIdTaken(Conflict):
    """Another party of the agency has the same id in another program."""

    code = "external_id_taken"
    message = N_("Another customer or supplier has this ID.")


class PartyInBooks(Conflict):
    """The name is used in the books and cannot change.

    Journal entries store the name as text.
    """

    code = "party_in_books"
    message = N_("This name has postings, so only capital and small letters in it can change.")


class PartyChanged(PreconditionFailed):
    """The party has changed since the caller read it."""

    code = "party_changed"
    message = N_(
        "This customer or supplier was changed after you opened it. Reload it, then repeat your"
        " changes."
    )


class PartyMismatch(Unprocessable):
    """The name is not that of the party with the given id."""

    code = "party_mismatch"
    message = N_("The name and the id belong to different customers or suppliers.")


@dataclass(frozen=True, slots=True)
class NamedParty:
    """The party of a document: id, name and payment terms.

    `name` is the name as the document prints it. `id` is None in a preview, and for a document that
    an earlier release stored: the database then finds the party by its name. `terms_days` is None
    if the party has no payment terms.
    """

    id: UUID | None
    name: str
    terms_days: int | None = None


class PartyChanges(TypedDict, total=False):
    """Changes of a party: a field whose key is absent is unchanged.

    None clears a field. The name, the kind, `is_on_hold` and `is_archived` cannot be cleared.
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
    pan: str | None
    terms_days: int | None
    credit_limit: Money | None
    is_on_hold: bool
    external_id: str | None
    notes: str | None
    is_archived: bool


def create(
    actor: Actor, *, origin: Literal["person", "import"] = "person", **changes: Unpack[PartyChanges]
) -> Party:
    """Add a customer or supplier, or complete one that was made for a document.

    A party that `party_of` made has only a name. The details are added to it, and it stays the
    customer or supplier of its documents. Any other party with the name is a namesake: the new
    party is then another person or firm.

    `country` is a code of ISO 3166. `state` is a state code of that country. `terms_days` is a
    number from 0 to 365. If the country is India, the tax number must be a GSTIN, which determines
    the state if none is given, and must contain the PAN if there is one.

    To set `credit_limit` or `is_on_hold`, the actor needs the permission `party.set_credit`:
    otherwise everybody who may edit a customer could lift the limit that stops an invoice.

    Raises Forbidden, PartyNameRequired, PartyTextTooLong, PartyKindRequired, UnknownCountry,
    UnknownState, InvalidTaxNumber, StateIsNotOfNumber, InvalidPan, PanIsNotOfNumber, InvalidTerms,
    InvalidAmount, PartyNameTaken, ExternalIdTaken, PanIsNotOfMerged.
    """
    actor.require("party.create")
    values = _checked({"name": "", "is_customer": False, "is_supplier": False} | dict(changes))
    if values.get("credit_limit") is not None or values.get("is_on_hold"):
        actor.require("party.set_credit")
    made = queries.find_automatic(values["name"])
    if made is not None:
        merges.lock()
        merges.check_pan(made.id, values["pan"] or queries.pan_in(values["tax_number"]))
        kinds = {name: values[name] or getattr(made, name) for name in _KINDS}
        _change(actor, made, values | kinds | {"origin": origin})
        return made
    now, party_id = clock.now(), new_id()
    party = Party(
        id=party_id,
        name_key=_name_key(party_id, values["name"]),
        origin=origin,
        created_by_user_id=actor.user_id,
        created_at=now,
        updated_at=now,
        **values,
    )
    db.session.add(party)
    _flush()
    _record_new(actor, party.id, values)
    return party


def party_of(
    actor: Actor,
    kind: Literal["customer", "supplier"],
    *,
    party_id: UUID | None = None,
    name: str | None = None,
) -> NamedParty:
    """Return the party of a document to write, by its id, by its name, or by both.

    The name alone finds the one active party with this name, ignoring case, or the archived one if
    none is active. If there is none, it is made, with the origin `document`. The document prints
    the name as it was typed, or the party's own name if only the id is given. A party of the other
    kind becomes a party of `kind`, too.

    The caller has checked that the actor may write the document.

    Raises PartyNameRequired, PartyNotFound, PartyMismatch, PartyAmbiguous.
    """
    typed = None if name is None else _name(name)
    if party_id is not None:
        party = queries.get_party(party_id)
        if typed is not None and not _is_same_name(typed, party.name):
            raise PartyMismatch
    elif typed is not None:
        party = find_one(typed) or _make(actor, kind, typed)
    else:
        raise PartyNameRequired
    if not getattr(party, f"is_{kind}"):
        party = queries.get_party(party.id, lock=True)
        _change(actor, party, {f"is_{kind}": True})
    return NamedParty(party.id, typed or party.name, party.terms_days)


def find_one(name: str) -> Party | None:
    """Return the party that a name means, or None. Raises PartyAmbiguous."""
    found = queries.find_named(name)
    if len(found) > 1:
        raise PartyAmbiguous(found)
    return found[0] if found else None


def update(
    actor: Actor, party_id: UUID, changes: PartyChanges, *, seen: datetime | None = None
) -> Party:
    """Change a party; if no value differs, nothing is stored or audited.

    `seen` is the `updated_at` that the caller has read. If the party was changed since,
    PartyChanged is raised. If the books use the name, only the case of its letters can change. The
    PAN may not differ from that of a record merged with the party (`merges.check_pan`).

    Raises Forbidden, PartyNotFound, PartyChanged, PartyInBooks, and the errors of `create`.
    """
    actor.require("party.update")
    if not _OF_PAN.isdisjoint(changes):
        merges.lock()  # before the row, as by a merge
    party = queries.get_party(party_id, lock=True)
    if seen is not None and seen != party.updated_at:
        raise PartyChanged
    if "country" in changes and "state" not in changes and changes["country"] != party.country:
        changes = {**changes, "state": None}
    known = {name: getattr(party, name) for name in PartyChanges.__annotations__}
    values = _checked(known | dict(changes))
    changed = {name for name, value in values.items() if known[name] != value}
    if not _CREDIT.isdisjoint(changed):
        actor.require("party.set_credit")
    if not _OF_PAN.isdisjoint(changed):
        pan = values["pan"] or queries.pan_in(values["tax_number"])
        if pan and queries.further_pans([party_id]) - {pan}:
            raise PanIsNotOfNumber
        merges.check_pan(party_id, pan)
    if "name" in changed and not _is_same_name(known["name"], values["name"]):
        lock_name(party.party_key)
        if has_postings(party.party_key):
            raise PartyInBooks
    if party.origin in queries.AUTOMATIC and changed:
        values["origin"] = "person"
    _change(actor, party, values)
    return party


def link(agencies: Sequence[UUID]) -> int:
    """Store the ids of parties in rows that earlier releases wrote without them.

    Returns the number of these rows. If a name has no party, a party is made. The work is done in
    transactions of a few thousand rows of one agency. The audit log has no event of it, because
    nobody has acted and no fact changes.

    Raises AgenciesFailed.
    """
    numbers: list[int] = []

    def link_some() -> int:
        numbers.append(db.session.scalar(select(func.app.link_parties(LINKED_AT_ONCE))) or 0)
        return numbers[-1]

    in_agencies(lambda: agencies, link_some, more=bool, agency_max_s=math.inf)
    return sum(numbers)


def reseal(keyring: Keyring) -> int:
    """Encrypt tax numbers and PANs of parties with the current secret.

    One call changes up to 500 parties and 500 further tax numbers that are unencrypted or encrypted
    with an earlier secret. Returns the number of these rows.
    """
    return resealing.reseal(keyring, Party, "tax_number", "pan") + resealing.reseal(
        keyring, PartyTaxNumber, "number"
    )


def _make(actor: Actor, kind: str, name: str) -> Party:
    """Make a party with a name and return it.

    If another transaction has just made a party with this name, that party is returned.
    """
    values = {"name": name, "is_customer": kind == "customer", "is_supplier": kind == "supplier"}
    new = insert(_PARTIES).values(
        tenant_id=current_tenant(db.session),
        id=new_id(),
        origin="document",
        created_by_user_id=actor.user_id,
        **values,
    )
    made_id = db.session.scalar(new.on_conflict_do_nothing().returning(_PARTIES.c.id))
    if made_id is not None:
        _record_new(actor, made_id, values | {"origin": "document"})
    party = find_one(name)
    assert party is not None  # parties are never deleted, and this statement sees the other one
    return party


def _name_key(party_id: UUID, name: str) -> str | None:
    """Return the `name_key` of a party, or None if no other has its name as key."""
    return name.lower() if queries.is_key_taken(name, besides=party_id) else None


def _candidate(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the fields that distinguish a party from its namesakes, for the API."""
    names = ("name", "address", "phone", "email", "tax_number", "external_id")
    return {"id": str(row["id"])} | {name: row[name] for name in names}


def _change(actor: Actor, party: Party, values: Mapping[str, Any]) -> None:
    """Store the values that differ, and record an audit event if any does."""
    known = {name: getattr(party, name) for name in values}
    changed = {name: (known[name], value) for name, value in values.items() if known[name] != value}
    if not changed:
        return
    if "name" in changed and not _is_same_name(party.name, values["name"]):
        party.name_key = _name_key(party.id, values["name"])
    for name, (_before, value) in changed.items():
        setattr(party, name, value)
    party.updated_at = clock.now()
    _flush()
    audit.record(
        actor,
        "party.updated",
        entity_refs={"party_id": party.id},
        inputs={"fields": _audit_changes(changed)},
    )


def _record_new(actor: Actor, party_id: UUID, values: Mapping[str, Any]) -> None:
    audit.record(
        actor,
        "party.created",
        entity_refs={"party_id": party_id},
        inputs={"fields": _audit_changes({name: (None, value) for name, value in values.items()})},
    )


def _name(typed: str | None) -> str:
    """Return a name without surplus spaces. Raises PartyNameRequired."""
    name = " ".join((typed or "").split())
    if not 1 <= len(name) <= LENGTHS["name"]:
        raise PartyNameRequired
    return name


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a party in normal form, or raise an error.

    Values that depend on each other, such as country, state and tax number, must agree.
    """
    values = dict(row) | {name: _words(row.get(name), name) for name in LENGTHS if name != "name"}
    values["name"] = _name(row["name"])
    if not values["is_customer"] and not values["is_supplier"]:
        raise PartyKindRequired
    terms = values.get("terms_days")
    if terms is not None and not 0 <= terms <= TERMS_MAX:
        raise InvalidTerms
    if values.get("credit_limit") is not None:
        values["credit_limit"].within(0)
    values |= read_place(
        values.get("country") or None, values.get("state") or None, values["tax_number"]
    )
    values["pan"] = _pan(values["pan"], values["country"], values["tax_number"])
    return values


def _pan(pan: str | None, country: str | None, number: str | None) -> str | None:
    """Return a valid PAN that agrees with the GSTIN."""
    if pan is None:
        return None
    try:
        pan = read_pan(pan)
    except InvalidTaxNumber:
        raise InvalidPan from None
    if number is not None and country == GSTIN_COUNTRY and pan != pan_of(number):
        raise PanIsNotOfNumber
    return pan


def read_place(country: str | None, state: str | None, number: str | None) -> dict[str, str | None]:
    """Return consistent country, state and tax number; a GSTIN determines the state.

    Raises UnknownCountry, UnknownState, InvalidTaxNumber, StateIsNotOfNumber.
    """
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
    """Return True if both names have the same key, as the database computes it."""
    return bool(db.session.scalar(select(func.lower(before) == func.lower(after))))


def _flush() -> None:
    try:
        db.session.flush()
    except IntegrityError as error:
        if "uq_parties_party_key" in str(error.orig):
            raise PartyNameTaken from None
        if "uq_parties_external_id" in str(error.orig):
            raise ExternalIdTaken from None
        raise


def _audit_changes(changed: Mapping[str, tuple[Any, Any]]) -> list[dict[str, str | None]]:
    """Return the changes for the audit log.

    A change of a private field has the name of the field without the values.
    """
    entries: list[dict[str, str | None]] = []
    for name, (before, after) in changed.items():
        if before is None and after is None:
            continue
        entries.append(
            {"field": name}
            if name in _PRIVATE
            else {"field": name, "before": _plain(before), "after": _plain(after)}
        )
    return entries


def _plain(value: Any) -> str | None:
    if isinstance(value, Money):
        return f"{value.currency} {value.wire}"
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


__all__ = [
    "ERROR_FIELDS",
    "LENGTHS",
    "TERMS_MAX",
    "ExternalIdTaken",
    "InvalidPan",
    "InvalidTaxNumber",
    "InvalidTerms",
    "NamedParty",
    "PanIsNotOfNumber",
    "PartyAmbiguous",
    "PartyChanged",
    "PartyChanges",
    "PartyInBooks",
    "PartyKindRequired",
    "PartyMismatch",
    "PartyNameRequired",
    "PartyNameTaken",
    "PartyNotFound",
    "PartyTextTooLong",
    "StateIsNotOfNumber",
    "UnknownCountry",
    "UnknownState",
    "create",
    "find_one",
    "link",
    "party_of",
    "read_place",
    "reseal",
    "update",
]
