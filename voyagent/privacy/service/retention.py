"""Retention periods of an agency, and what happens to data whose period is over."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor, system_actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import current_tenant
from voyagent.privacy.errors import PeriodTooShort
from voyagent.privacy.rules.retention import KINDS, days_of
from voyagent.privacy.rules.spellings import by_size, exact_pattern_of, joined, pattern_of
from voyagent.settings.queries import get_settings
from voyagent.trips.rules.details import PASSENGER_FIELDS
from voyagent.trips.service import passengers

ROWS_MAX = 5000
REMOVED = "–"
"""The text that replaces the name in an old enquiry or of an old passenger."""
WORDS_SIZE, TEXTS_SIZE = 2_000, 50_000
"""Characters of the expression and of the texts in one statement that replaces names."""
SEARCHED_MAX = 200_000_000
"""Most characters of all names, multiplied by those of all texts, that are searched in a trip.

A search at this limit took 8 to 16 s on a busy machine.
"""
COMPILED_SIZE = 3_000
"""Characters of text whose search for a name takes as long as compiling its expression."""
TRIPS_S = 1.0
"""Seconds after which a batch begins with no further trip."""
_REPLACED = text(
    "select old, app.without_words(new, array[cast(:word as text)], :removed) as new"
    " from unnest(cast(:old as text[]), cast(:new as text[])) t(old, new)"
)

# A trip ends with its last service; a trip without services ends when it was last changed.
_OVER = (
    "coalesce((select max(coalesce(l.ends_on, l.starts_on)) from trip_lines l where l.tenant_id ="
    " t.tenant_id and l.trip_id = t.id), t.updated_at::date) < cast(:before as date)"
)
# Under row-level security no index serves `coalesce`, which may leak values. `least` and `greatest`
# of times do not.
_TEMPLATES: dict[str, tuple[str, ...]] = {
    # The condition has the text of REMOVED as a literal, as the index ix_enquiries_named does.
    # PostgreSQL would not use the index for a parameter.
    "enquiries": (
        "update enquiries set customer_name = :removed, customer_email = null, customer_phone ="
        " null, origin = null, destination = null, notes = null where id in (select e.id from"
        " enquiries e where e.updated_at < :before and (e.depart_date is null or e.depart_date <"
        " cast(:before as date)) and (e.customer_name <> '–' or num_nonnulls(e.customer_email,"
        " e.customer_phone, e.origin, e.destination, e.notes) > 0) and not exists (select from"
        " invoices i where i.tenant_id = e.tenant_id and i.enquiry_id = e.id) order by e.updated_at"
        " limit :most)",
    ),
    "conversations": (
        "delete from chat_sessions where id in (select s.id from chat_sessions s where"
        " greatest(s.last_message_at, s.created_at) < :before and not exists (select from"
        " chat_turns t where t.tenant_id = s.tenant_id and t.session_id = s.id and t.status in"
        " ('queued', 'running')) and not exists (select from approvals a where a.tenant_id ="
        " s.tenant_id and a.session_id = s.id and (a.status = 'pending' or a.effect_status in"
        " ('waiting', 'running'))) limit :few)",
    ),
    # The event `final` stays: it tells a client that connects again that its message was handled.
    "turn_events": (
        "delete from chat_events where (session_id, seq) in (select e.session_id, e.seq from"
        " chat_events e left join chat_turns t on t.tenant_id = e.tenant_id and t.id = e.turn_id"
        " where e.created_at < :before and e.kind <> 'final' and (t.id is null or t.finished_at <"
        " :before) limit :most)",
    ),
    "turn_steps": (
        "delete from chat_turn_steps where (turn_id, number) in (select s.turn_id, s.number from"
        " chat_turn_steps s join chat_turns t on t.tenant_id = s.tenant_id and t.id = s.turn_id"
        " where s.finished_at < :before and t.finished_at is not null limit :most)",
    ),
    "turn_costs": (
        "delete from turn_costs where id in (select id from turn_costs where created_at < :before"
        " limit :most)",
    ),
    "passports": (
        "with old as (update trip_passengers set date_of_birth = null, nationality = null,"
        " passport_sealed = null, passport_last4 = null, passport_expiry = null where id in (select"
        " p.id from trip_passengers p join trips t on t.tenant_id = p.tenant_id and t.id ="
        " p.trip_id where num_nonnulls(p.date_of_birth, p.nationality, p.passport_sealed,"
        " p.passport_expiry) > 0 and OVER limit :most) returning id), gone as (delete from"
        " person_keys where id in (select id from old)) select count(*) from old",
    ),
    # The ids of the trips from which `_passengers` removes the names.
    "passengers": (
        "select t.id from trips t where OVER and (exists (select from trip_passengers p where"
        " p.tenant_id = t.tenant_id and p.trip_id = t.id and p.full_name <> :removed) or exists"
        " (select from trip_lines l where l.tenant_id = t.tenant_id and l.trip_id = t.id and"
        " l.details ?| cast(:fields as text[]))) order by t.id limit :few",
    ),
    "mails": (
        "delete from mails where id in (select id from mails where created_at < :before and sealed"
        " is null limit :most)",
    ),
    "sessions": (
        "delete from refresh_tokens where id in (select r.id from auth_sessions s join"
        " refresh_tokens r on r.tenant_id = s.tenant_id and r.session_id = s.id where"
        " least(s.ended_at, s.expires_at) < :before limit :most)",
        "delete from auth_sessions where id in (select id from auth_sessions where"
        " least(ended_at, expires_at) < :before limit :most)",
    ),
    "credentials": (
        "delete from one_time_tokens where id in (select id from one_time_tokens where expires_at <"
        " :before limit :most)",
        "delete from invites where id in (select id from invites where expires_at < :before limit"
        " :most)",
        "delete from revoked_tokens where token_id in (select token_id from revoked_tokens where"
        " expires_at < :before limit :most)",
        "delete from api_keys where id in (select id from api_keys where least(revoked_at,"
        " expires_at) < :before limit :most)",
    ),
    # Events are numbered by time, so no night reads more than the oldest texts.
    "audit_text": (
        "delete from audit_private where seq in (select seq from (select p.seq, e.recorded_at from"
        " audit_private p join audit_events e on e.tenant_id = p.tenant_id and e.seq = p.seq order"
        " by p.seq limit :most) oldest where recorded_at < :before)",
    ),
    "tax_identity": (
        "with over as (update erasures set identity_sealed = null where id in (select id from"
        " erasures where identity_sealed is not null and identity_until < cast(:today as date)"
        " limit :most) returning party_id), gone as (delete from person_keys where id in (select"
        " party_id from over)) select count(*) from over",
    ),
}
_STATEMENTS = {
    kind: tuple(one.replace("OVER", _OVER) for one in statements)
    for kind, statements in _TEMPLATES.items()
}
"""SQL statements by kind; each changes the rows of one batch, of at most ROWS_MAX rows.

Of several statements, a later one runs only if no earlier one finds a row. Indexes limit what a
night reads to the rows whose period is over, except for the names of `passengers`: the statement
reads the trips of the agency.
"""


def read_periods() -> list[Row]:
    """Return the agency's retention periods in days.

    Rows: kind, days, default, minimum, label, act. `act` is a sentence about what happens to the
    data at the end of the period.
    """
    chosen = get_settings().retention
    return [
        {
            "kind": kind,
            "days": days_of(kind, chosen),
            "default": rule.default,
            "minimum": rule.least,
            "label": rule.label,
            "act": rule.act,
        }
        for kind, rule in KINDS.items()
    ]


def choose(actor: Actor, periods: Mapping[str, int | None]) -> list[Row]:
    """Set retention periods in days; None restores the default. Returns all periods.

    A change needs a password entered just now, because the program removes data for good. No API
    key may change a period.

    Raises Forbidden, NotFresh, PeriodTooShort.
    """
    actor.require("privacy.manage")
    for kind, days in periods.items():
        if days is not None and days < KINDS[kind].least:
            raise PeriodTooShort
    settings = get_settings(lock=True)
    wanted = {
        kind: days for kind, days in {**settings.retention, **periods}.items() if days is not None
    }
    changed = [
        {
            "field": f"retention.{kind}",
            "before": str(days_of(kind, settings.retention)),
            "after": str(days_of(kind, wanted)),
        }
        for kind in periods
        if days_of(kind, settings.retention) != days_of(kind, wanted)
    ]
    if changed:
        actor.require_step_up("privacy.set_retention")
    settings.retention = wanted
    db.session.flush()
    if changed:
        audit.record(
            actor,
            "retention.changed",
            entity_refs={"settings_id": actor.tenant_id},
            inputs={"fields": changed},
        )
    return read_periods()


def apply(kinds: tuple[str, ...] = tuple(KINDS)) -> dict[str, int]:
    """Delete or overwrite one batch of data whose period is over, for each kind.

    Returns a mapping from kind to the number of changed rows. A kind without changed rows has no
    key.
    """
    chosen, now = get_settings().retention, clock.now()
    done: dict[str, int] = {}
    for kind in kinds:
        values: dict[str, Any] = {
            "before": now - timedelta(days=days_of(kind, chosen)),
            "today": now.date(),
            "removed": REMOVED,
            "most": ROWS_MAX,
            "few": 50,
            "fields": [*PASSENGER_FIELDS],
        }
        if number := _batch(kind, values):
            done[kind] = number
    if done:
        audit.record(
            system_actor(current_tenant(db.session)), "retention.applied", outputs={"rows": done}
        )
    return done


def _batch(kind: str, values: Mapping[str, Any]) -> int:
    """Execute the statements of a kind until one changes rows; return how many rows."""
    for statement in _STATEMENTS[kind]:
        result: Any = db.session.execute(text(statement), values)
        if kind == "passengers":
            number = _passengers(result.scalars().all())
        else:
            number = result.scalar_one() if result.returns_rows else result.rowcount
        if number:
            return int(number)
    return 0


def _passengers(trip_ids: Sequence[UUID]) -> int:
    """Remove the names of passengers of trips; return the number of changed rows.

    After TRIPS_S seconds, the other trips are left to the next batch, so that the work is
    committed.
    """
    ends_at, number = time.monotonic() + TRIPS_S, 0
    for trip_id in trip_ids:
        number += passengers.remove_names(trip_id, removed=REMOVED, replaced=_without_names)
        if time.monotonic() >= ends_at:
            break
    return number


def _without_names(names: Collection[str], texts: Collection[str]) -> Mapping[str, str]:
    """Map each text to the text without the names, in statements of limited time.

    A trip may have hundreds of passengers and services, so the texts and names are divided among
    several statements. Each statement has one expression, because the database would compile
    several again for every text (`spellings.PERSON_SIZE_MAX`). The expression is short, because the
    time for each name that it finds grows with its length. If all statements would take longer than
    SEARCHED_MAX allows, each text becomes REMOVED.
    """
    size = sum(map(len, texts)) + COMPILED_SIZE
    if sum(map(len, names)) * size > SEARCHED_MAX:
        return dict.fromkeys(texts, REMOVED)
    every = sorted(names, key=lambda name: (-len(name), name))
    # In "Deepa Nair, Rahul Nair" the end of one name and the start of the next are a spelling of
    # the second name, so all names are replaced as they are written first.
    patterns = [*map(exact_pattern_of, every), *(pattern_of("name", name) for name in every)]
    words = joined((pattern for pattern in patterns if pattern), size_max=WORDS_SIZE)
    new = {one: one for one in texts}
    for some in by_size(texts, TEXTS_SIZE):
        for word in words:
            values = {"old": some, "new": [new[one] for one in some]}
            found = db.session.execute(_REPLACED, values | {"word": word, "removed": REMOVED})
            new.update((row.old, row.new) for row in found)
    return new
