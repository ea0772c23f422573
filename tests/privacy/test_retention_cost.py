"""A night's statements read what is over, however many younger rows there are."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.alone import app, owners, settings  # noqa: F401 - plans depend on all rows
from tests.people import Person
from voyagent.kernel import clock
from voyagent.privacy.service.retention import _STATEMENTS, REMOVED

FEW, MANY, BATCH = 100, 4_000, 20
PAGES_MORE_MAX = 10
"""Pages that a statement may read more when the table has MANY more rows: deeper indexes."""

# Rows whose period is not over or which stay, by kind. `:n` rows are added, numbered from `:from`.
NUMBERS = "generate_series(cast(:from as int), cast(:from as int) + cast(:n as int) - 1) n"
TURN = (
    "insert into chat_sessions (tenant_id, id, created_by_user_id) values (:t, :s, :u) on conflict"
    " do nothing",
    "insert into chat_turns (tenant_id, id, session_id, number, user_id, kind, status,"
    " finished_at) values (:t, 't-cost', :s, 1, :u, 'message', 'done', now() - interval '99 days')"
    " on conflict do nothing",
)
TRIP = "cast(md5(cast(:t as text) || n) as uuid)"
SECRET = "sha256(convert_to(cast(:t as text) || n, 'UTF8'))"
YOUNG: dict[str, tuple[str, ...]] = {
    "enquiries": (
        (
            "insert into enquiries (tenant_id, id, created_by_user_id, customer_name, updated_at)"
            " select :t, gen_random_uuid(), :u, case when n % 2 = 0 then :removed else 'Uma' end,"
            " case when n % 2 = 0 then now() - interval '9 years' else now() end from " + NUMBERS
        ),
    ),
    "conversations": (
        (
            "insert into chat_sessions (tenant_id, id, created_by_user_id, last_message_at) select"
            " :t, gen_random_uuid(), :u, now() from " + NUMBERS
        ),
    ),
    "turn_events": (
        *TURN,
        (
            "insert into chat_events (tenant_id, session_id, seq, turn_id, kind, data, created_at)"
            " select :t, :s, n, 't-' || n, case when n % 2 = 0 then 'final' else 'text_delta' end,"
            " '{}', case when n % 2 = 0 then now() - interval '99 days' else now() end from "
            + NUMBERS
        ),
    ),
    "turn_steps": (
        *TURN,
        (
            "insert into chat_turn_steps (tenant_id, turn_id, number, kind, outcome) select :t,"
            " 't-cost', n, 'move', '{}' from " + NUMBERS
        ),
    ),
    "turn_costs": (
        (
            "insert into turn_costs (tenant_id, id, session_id, turn_id, number, model,"
            " input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, estimated,"
            " cost_usd, day) select :t, gen_random_uuid(), :s, 't-cost', n, 'm', 1, 1, 0, 0, false,"
            " 0, current_date from " + NUMBERS
        ),
    ),
    "passports": (
        (
            "insert into trips (tenant_id, id, created_by_user_id, title, currency, updated_at)"
            f" select :t, {TRIP}, :u, 'Goa', 'INR', now() - interval '9 years' from {NUMBERS}"
        ),
        (
            "insert into trip_passengers (tenant_id, id, trip_id, full_name) select :t,"
            f" gen_random_uuid(), {TRIP}, 'Uma' from {NUMBERS}"
        ),
    ),
    "mails": (
        (
            "insert into mails (tenant_id, id, kind, locale, created_at, due_at, useless_at,"
            " sent_at) select :t, gen_random_uuid(), 'invoice', 'en', now(), now(), now(), now()"
            " from " + NUMBERS
        ),
    ),
    "sessions": (
        (
            "insert into auth_sessions (tenant_id, id, user_id, channel, expires_at) select :t,"
            " gen_random_uuid(), :u, 'api', now() from " + NUMBERS
        ),
        (
            "insert into refresh_tokens (tenant_id, id, session_id, token_hash, expires_at) select"
            f" :t, gen_random_uuid(), (select id from auth_sessions where tenant_id = :t limit 1),"
            f" {SECRET}, now() from {NUMBERS}"
        ),
    ),
    "credentials": (
        (
            "insert into one_time_tokens (tenant_id, id, user_id, purpose, email, token_hash,"
            " expires_at) select :t, gen_random_uuid(), :u, 'verify_email', 'u@v.example',"
            f" {SECRET}, now() from {NUMBERS}"
        ),
        (
            "insert into invites (tenant_id, id, invited_by_user_id, email, role, token_hash,"
            " status, expires_at) select :t, gen_random_uuid(), :u, 'u@v.example', 'agent',"
            f" {SECRET}, 'revoked', now() from {NUMBERS}"
        ),
        (
            "insert into revoked_tokens (tenant_id, token_id, expires_at) select :t, n, now() from "
            + NUMBERS
        ),
    ),
    "audit_text": (
        (
            "insert into audit_events (tenant_id, seq, id, actor_kind, kind, status, started_at,"
            " recorded_at, prev_hash, hash) select :t, 100000 + n, gen_random_uuid(), 'human', 'x',"
            " 'succeeded', now(), now(), '', '' from " + NUMBERS
        ),
        (
            "insert into audit_private (tenant_id, seq, salt, parts) select :t, 100000 + n,"
            " decode(repeat('00', 16), 'hex'), '{}' from " + NUMBERS
        ),
    ),
}


def pages(connection: sa.Connection, statement: str, values: dict[str, Any]) -> int:
    """Return the pages that a statement of the program reads."""
    connection.execute(sa.text("set local role voyagent_app"))
    found = connection.scalar(
        sa.text(f"explain (analyze, buffers, format json) {statement}"), values
    )
    connection.execute(sa.text("reset role"))
    (root,) = found if not isinstance(found, str) else json.loads(found)
    return int(root["Plan"]["Shared Hit Blocks"] + root["Plan"]["Shared Read Blocks"])


@pytest.mark.parametrize("kind", YOUNG)
def test_younger_rows_make_a_night_no_more_expensive(
    alice: Person, owner_engine: sa.Engine, kind: str
) -> None:
    agency = alice.actor.tenant_id
    before = clock.now() - timedelta(days=30)
    given = {"t": agency, "u": alice.actor.user_id, "s": agency, "removed": REMOVED}
    values = {"before": before, "removed": REMOVED, "most": BATCH, "few": BATCH}
    tables = {statement.split()[2] for statement in YOUNG[kind]}
    with owner_engine.connect() as connection, connection.begin() as transaction:
        connection.execute(
            sa.text("select set_config('app.tenant', cast(:t as text), true)"), {"t": agency}
        )
        for way in ("seqscan", "bitmapscan", "sort", "hashjoin"):  # best for the tables of tests
            connection.execute(sa.text(f"set local enable_{way} = off"))
        read = []
        for first, number in ((1, FEW), (FEW + 1, MANY)):
            for statement in YOUNG[kind]:
                connection.execute(sa.text(statement), given | {"from": first, "n": number})
            for table in tables:
                connection.execute(sa.text(f"analyze {table}"))
            read.append([pages(connection, one, values) for one in _STATEMENTS[kind]])
        transaction.rollback()
    few, many = read
    assert all(late <= early + PAGES_MORE_MAX for early, late in zip(few, many, strict=True)), read


def test_every_kind_with_many_rows_is_measured() -> None:
    """Names of passengers are found by reading trips; erased customers are few."""
    assert _STATEMENTS.keys() - YOUNG.keys() == {"passengers", "tax_identity"}
