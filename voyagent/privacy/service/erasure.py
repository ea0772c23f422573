"""Erase the data of a person and leave the books and the audit chain whole."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock, person_keys
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.time_limits import TimeLimit
from voyagent.ledger.service import names
from voyagent.parties import queries as parties
from voyagent.privacy.errors import (
    IdentityNotKept,
    PersonHasOpenRecords,
    ReasonRequired,
)
from voyagent.privacy.models import Erasure
from voyagent.privacy.queries import person
from voyagent.privacy.queries.person import Links
from voyagent.privacy.rules.register import MENTIONS, Holding, Mention
from voyagent.privacy.rules.retention import days_of
from voyagent.privacy.rules.spellings import joined, pattern_of
from voyagent.privacy.service.searches import searching
from voyagent.settings.queries import get_settings
from voyagent.trips.service import lines as trip_lines, passports

PURPOSE = "tax_identity"
REASON_MAX = 500
ERASE_S = 30.0
"""Most seconds of the changes of an erasure, after the search for the person."""
_IDENTITY = ("name", "address", "country", "state", "tax_number", "pan")


def _without_words(table: str, mention: Mention) -> str:
    """Return SQL that replaces a person's names in confirmed records of others."""
    ids = f":linked_{mention.kind}"
    if mention.posted:
        texts = ", ".join(f"'{one}'" for one in mention.texts)
        return (
            f"select app.replace_words('{table}', array[{texts}], '{mention.record}',"
            f" cast({ids} as uuid[]), :names, :pseudonym)"
        )
    new = ", ".join(
        f"{one} = app.without_words({one}, :names, :pseudonym)" for one in mention.texts
    )
    return f"update {table} set {new} where {mention.record} = any({ids})"  # noqa: S608 - of the register


_STEPS = (
    # Deletes each conversation with its messages, turns, events and requests.
    "delete from chat_sessions where id = any(:conversations)",
    "update enquiries set customer_name = :pseudonym, customer_email = null, customer_phone = null,"
    " notes = null where id = any(:enquiries)",
    "update trip_passengers set full_name = :pseudonym, date_of_birth = null, nationality = null,"
    " passport_sealed = null, passport_last4 = null, passport_expiry = null where id ="
    " any(:passengers)",
    "update trips set title = left(app.without_words(title, :words, :pseudonym), 200), notes ="
    " null, sent_to = case when sent_to is not null then :pseudonym end where id = any(:trips)",
    "update enquiries set origin = left(app.without_words(origin, :words, :pseudonym), 128),"
    " destination = left(app.without_words(destination, :words, :pseudonym), 128) where id ="
    " any(:enquiries)",
    # Other people's trips and enquiries keep everything but the names of the person.
    "update trips set title = left(app.without_words(title, :names, :pseudonym), 200), notes ="
    " app.without_words(notes, :names, :pseudonym), sent_to = app.without_words(sent_to, :names,"
    " :pseudonym) where id = any(:joined)",
    "update enquiries set origin = left(app.without_words(origin, :names, :pseudonym), 128),"
    " destination = left(app.without_words(destination, :names, :pseudonym), 128), notes ="
    " app.without_words(notes, :names, :pseudonym) where id = any(:mentions)",
    # The contacts of the party are removed, and those contacts of a linked party that have a name
    # or contact detail of the person.
    "delete from party_contacts where party_id = :party_id or party_id = any(:linked_party)"
    " and app.without_words(concat_ws(' ', name, email, phone), :words, '') <>"
    " concat_ws(' ', name, email, phone)",
    *(_without_words(holding.table, mention) for holding, mention in MENTIONS),
    "delete from party_addresses where party_id = :party_id",
    "delete from party_tax_numbers where party_id = :party_id",
    "update received_cheques set"
    " cheque_no = app.without_words(cheque_no, :words, :pseudonym),"
    " drawee_bank = app.without_words(drawee_bank, :words, :pseudonym),"
    " note = app.without_words(note, :words, :pseudonym),"
    " return_reason = app.without_words(return_reason, :words, :pseudonym)"
    " where party_id = :party_id",
    "update party_merges set reason = app.without_words(reason, :words, :pseudonym)"
    " where :party_id in (from_id, into_id)",
    "delete from audit_private where seq = any(:events)",
)
# These steps run while nobody can write the name into the books.
_STEPS_IN_BOOKS = (
    "select app.pseudonymise_party(:key, :pseudonym, :words)",
    "update parties set name = :pseudonym, name_key = null, email = null, phone = null,"
    " address = null, country = null, state = null, tax_number = null,"
    " tax_number_sealed = null, tax_number_digests = null,"
    " pan_sealed = null, pan_digest = null, external_id = null, credit_limit_minor = null,"
    " credit_limit_currency = null, is_on_hold = false, terms_days = null, notes = null,"
    " is_archived = true, updated_at = :now where id = :party_id",
    # Files are encrypted too, and can be requested again.
    "delete from report_files where tenant_id = :tenant_id",
    # Stored responses are encrypted, so nobody knows whom they name. The keys stay: a deleted key
    # would let its request run again. It is the last step, because the others wait for requests
    # that use the same rows.
    "update idempotency_keys set kept = 'erased', status = null, headers = null, body = null where"
    " tenant_id = :tenant_id and kept in ('sealed', 'answer')",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The effect of an erasure, by table, with the records that prevent it.

    `goes` are the tables whose rows would change, and `stays` the tables in which data stays.
    `blocked_by` are the records that prevent the erasure. `unreplaced` are records of the
    person and confirmed records of others that name the person in a spelling that the erasure does
    not find.
    `identity_until` is the last day on which the identity is kept for tax authorities; None if it
    is not kept.
    """

    goes: list[tuple[Holding, int]]
    stays: list[tuple[Holding, int]]
    blocked_by: list[Row]
    unreplaced: list[Row]
    identity_until: date | None


def plan(actor: Actor, party_id: UUID) -> Plan:
    """Return the effect that an erasure would have; erase nothing.

    Raises Forbidden, PartyNotFound, SearchesBusy, SearchTimedOut.
    """
    actor.require("privacy.read")
    with searching(actor, "privacy.read"):
        return plan_of(person.links_of(party_id), actor)


def erase(keyring: Keyring, actor: Actor, party_id: UUID, *, reason: str) -> Erasure:
    """Erase the data of a person.

    All report files (`reports.models.ReportFile`) and all responses stored for idempotency are
    deleted, also those of other people: they may name the person, and they cannot be searched,
    because they are encrypted. A second erasure of the person changes nothing and returns the first
    erasure. The documents and the name of the person are locked, so that nobody posts under the
    name meanwhile. PersonHasOpenRecords is raised if the name would remain in the books.

    Raises Forbidden, NotFresh, ReasonRequired, PartyNotFound, SearchesBusy, SearchTimedOut,
    PersonHasOpenRecords.
    """
    actor.require_step_up("privacy.erase")
    why = reason.strip()
    if not 1 <= len(why) <= REASON_MAX:
        raise ReasonRequired
    with searching(actor, "privacy.erase", erases=True) as limit:
        return _erase(keyring, actor, party_id, why, limit)


def _erase(keyring: Keyring, actor: Actor, party_id: UUID, why: str, limit: TimeLimit) -> Erasure:
    party = parties.get_party(party_id, lock=True)
    if (done := person.erasure_of(party_id)) is not None:
        return done
    person.lock_documents(party.party_key)
    links = person.links_of(party_id)
    todo = plan_of(links, actor)
    if todo.blocked_by:
        raise PersonHasOpenRecords
    limit.restart(ERASE_S)
    now, pseudonym = clock.now(), f"Person {secrets.randbelow(10**10):010}"
    identity = {name: getattr(party, name) for name in _IDENTITY}
    sealed = sealed_identity(keyring, party_id, identity) if todo.identity_until else None
    numbers = _passports(keyring, links.passengers)
    values = links.parameters | {
        "name": party.name,
        "pseudonym": pseudonym,
        "words": [*numbers, *person.patterns_of(links, has_address=True)],
        "names": [*numbers, *person.patterns_of(links)],
        "now": now,
        "tenant_id": actor.tenant_id,
    }
    db.session.flush()
    db.session.expire_all()
    for trips, words in ((links.trips, values["words"]), (links.joined, values["names"])):
        new = partial(_without_words_in, words=words, pseudonym=pseudonym)
        trip_lines.replace_texts(trips, new)
    for step in _STEPS:
        db.session.execute(text(step), values)
    names.lock_name(links.key)
    if person.has_new_documents(links):
        raise PersonHasOpenRecords
    for step in _STEPS_IN_BOOKS:
        db.session.execute(text(step), values)
    if person.is_named_in_books(links.key):
        raise PersonHasOpenRecords
    person_keys.destroy(links.passengers)
    counts = {one.table: number for one, number in todo.goes}
    erasure = Erasure(
        party_id=party_id,
        pseudonym=pseudonym,
        reason=why,
        erased_by_user_id=actor.user_id,
        erased_at=now,
        counts=counts,
        identity_sealed=sealed,
        identity_until=todo.identity_until,
    )
    db.session.add(erasure)
    db.session.flush()
    audit.record(
        actor,
        "privacy.erased",
        entity_refs={"party_id": party_id, "erasure_id": erasure.id},
        inputs={"pseudonym": pseudonym},
        outputs={"rows": counts, "identity_until": todo.identity_until},
    )
    return erasure


def _without_words_in(
    texts: Collection[str], *, words: list[str], pseudonym: str
) -> dict[str, str]:
    """Map each text to the text in which a pseudonym replaces the words of the person.

    `words` are the expressions that find them.
    """
    statement = text(
        "select old, app.without_words(old, :words, :pseudonym) as new"
        " from unnest(cast(:texts as text[])) old"
    )
    values = {"words": words, "pseudonym": pseudonym, "texts": list(texts)}
    return {row.old: row.new for row in db.session.execute(statement, values)}


def _passports(keyring: Keyring, passengers: list[UUID]) -> list[str]:
    """Return expressions that find the passport numbers of passengers in texts."""
    rows = db.session.execute(
        text(
            "select id, passport_sealed from trip_passengers where id = any(:ids) and"
            " passport_sealed is not null"
        ),
        {"ids": passengers},
    )
    numbers = [passports.opened(keyring, row.id, bytes(row.passport_sealed)) for row in rows]
    patterns = (pattern_of("passport", number) for number in numbers if number)
    return joined(pattern for pattern in patterns if pattern)


def sealed_identity(keyring: Keyring, party_id: UUID, identity: Row) -> bytes:
    """Return name, address, tax number and PAN of a party, encrypted with its key."""
    known = json.dumps({name: identity.get(name) for name in _IDENTITY})
    return person_keys.seal(keyring, party_id, PURPOSE, known.encode())


def open_identity(keyring: Keyring, actor: Actor, party_id: UUID) -> Row:
    """Return name, address, tax number and PAN of an erased person.

    The audit log records the call. The agency keeps this identity for tax authorities until the
    statutory period is over. Raises Forbidden, PartyNotFound, IdentityNotKept.
    """
    actor.require("privacy.export")
    parties.get_party(party_id)
    erasure = person.erasure_of(party_id)
    sealed = erasure.identity_sealed if erasure is not None else None
    plain = (
        person_keys.unseal(keyring, party_id, PURPOSE, sealed, person_keys.key_of(party_id))
        if sealed is not None
        else None
    )
    if plain is None:
        raise IdentityNotKept
    audit.record(actor, "privacy.identity_opened", entity_refs={"party_id": party_id})
    # An identity that an earlier release kept has no PAN.
    found: Row = dict.fromkeys(_IDENTITY) | json.loads(plain)
    return found


def plan_of(links: Links, actor: Actor) -> Plan:
    """Return the effect that an erasure of the person would have.

    `links` are the records of the person.
    """
    counted = person.counts(links)
    days = days_of("tax_identity", get_settings().retention)
    return Plan(
        goes=[pair for pair in counted if pair[0].erasure != "stays"],
        stays=[pair for pair in counted if pair[0].why],
        blocked_by=person.open_records(links),
        unreplaced=person.unreplaced(links),
        identity_until=(
            clock.today(actor.timezone) + timedelta(days=days)
            if person.is_in_books(links)
            else None
        ),
    )
