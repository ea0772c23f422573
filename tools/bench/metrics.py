"""Benchmark of `/internal/metrics`, from which the operator reads the metrics.

The URL is read from a new installation and from an installation with many finished turns, proposals
and jobs. A request must take about the same time in both.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.bench import cast, probes
from tools.bench.cast import Person
from tools.bench.figures import Figure
from tools.bench.ground import METRICS_TOKEN, Ground, Installation
from tools.bench.load import Call, always, take_turns
from voyagent.kernel.ids import new_id

AGENCIES, OVER = 5, 20_000
EVENTS = 5_000
READINGS = 120
GROWTH_MAX, STATEMENTS_MAX, READING_MAX_MS = 1.2, 1, 50
_READING = Call("GET", "/internal/metrics", {"X-Voyagent-Metrics-Token": METRICS_TOKEN})

# Statements that write finished records of an agency, `over` of each kind. One conversation has all
# the turns and proposals.
_PAST = (
    (
        b"insert into chat_sessions (tenant_id, id, created_by_user_id, last_message_at) select"
        b" %(tenant)s, gen_random_uuid(), %(user)s, now() - interval '2 days' from"
        b" generate_series(1, %(over)s)"
    ),
    (
        b"insert into chat_sessions (tenant_id, id, created_by_user_id, last_message_at) values"
        b" (%(tenant)s, %(session)s, %(user)s, now() - interval '2 days')"
    ),
    (
        b"insert into chat_turns (tenant_id, id, session_id, number, user_id, kind, status,"
        b" finished_at) select %(tenant)s, 't-' || n, %(session)s, n, %(user)s, 'message', 'done',"
        b" now() from generate_series(1, %(over)s) n"
    ),
    (
        b"insert into approvals (tenant_id, id, session_id, tool_call_id, tool_name, summary,"
        b" payload, arguments_hash, status, resolved_at) select %(tenant)s, 'ap-' || n,"
        b" %(session)s, n::text, 'note', 'note', '{}', repeat('0', 64), 'rejected', now() from"
        b" generate_series(1, %(over)s) n"
    ),
    (
        b"insert into mails (tenant_id, id, kind, locale, created_at, due_at, useless_at, sent_at)"
        b" select %(tenant)s, gen_random_uuid(), 'invitation', 'en', now(), now(), now(), now()"
        b" from generate_series(1, %(over)s)"
    ),
    (
        b"insert into procrastinate_jobs (queue_name, task_name, status) select 'default',"
        b" 'mail.send', 'succeeded' from generate_series(1, %(over)s)"
    ),
)


def measure(ground: Ground) -> Iterator[Figure]:
    """Measure requests to a new installation and to one with many finished records."""
    with ground.installation() as new, ground.installation() as old:
        cast.agencies(new, 1)
        for person in cast.agencies(old, AGENCIES):
            _live(old, person)
        with old.as_owner() as connection:
            connection.execute("vacuum analyze")  # the server does it by itself, later
        with new.serve() as young, old.serve() as aged:
            first, later = take_turns(
                [(young.port, always(_READING)), (aged.port, always(_READING))], rounds=READINGS
            )
        yield Figure("a reading of a new installation, p50", first.ms(0.5), "ms")
        yield Figure(
            f"a reading with {AGENCIES} agencies and {AGENCIES * OVER:,} of each that is over, p50",
            later.ms(0.5),
            "ms",
            at_most=READING_MAX_MS,
        )
        yield Figure(
            "… the second ÷ the first", later.ms(0.5) / first.ms(0.5), "×", at_most=GROWTH_MAX
        )
        yield Figure(
            "… statements", probes.statements(old, _READING, _READING), at_most=STATEMENTS_MAX
        )


def _live(here: Installation, person: Person) -> None:
    """Write audit events and finished turns, proposals, mails and jobs of an agency."""
    cast.write_events(here, person, EVENTS)
    values = {
        "tenant": person.actor.tenant_id,
        "user": person.actor.user_id,
        "session": new_id(),
        "over": OVER,
    }
    with here.as_owner() as connection:
        for statement in _PAST:
            connection.execute(statement, values)
