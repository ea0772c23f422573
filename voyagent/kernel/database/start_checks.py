"""Checks of the database before a process begins to serve.

The checks are about the login, row-level security, the schema and settings. Each check is a SELECT
with one column: null if all is well, otherwise a description of the problem.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import structlog

from voyagent.kernel import clock, db_connections
from voyagent.kernel.config import ConfigurationError, Settings
from voyagent.kernel.database.connection_budget import connections_to_server
from voyagent.kernel.database.sql_files import NOT_APPLIED, read_files
from voyagent.kernel.db import Base
from voyagent.kernel.db_address import libpq_parameters
from voyagent.kernel.db_connections import APP_ROLE, Purpose
from voyagent.kernel.events import POLL_S
from voyagent.kernel.program_files import FILES

MIGRATIONS = FILES / "migrations" / "versions"
SCHEMA_FROM = "0205"
"""The lowest revision of the schema on which this release runs."""

UPGRADE_FROM = "0118"
"""The revision of the release before, whose processes may run while this release migrates."""

SCHEMA_TO = max(path.name.partition("_")[0] for path in MIGRATIONS.glob("[0-9]*.py"))
"""The newest migration of this release.

The release also runs on a newer schema, as long as `installation.code_from` is not newer.
"""

EXIT_CODE = 4
"""Exit code of a refused start; gunicorn does not restart a worker that ends with it."""

VERSION_MIN = 150000
NAMES_MAX = 5
CLOCK_WARNS_S, CLOCK_REFUSES_S = 5, 60
_FUNCTION = re.compile(r"^create (?:or replace )?(?:function|aggregate) app\.(\w+)", re.MULTILINE)
# A role, table or column is missing, or the login may not use it.
_NO_PRIVILEGE = "42501"
_EXPECTED = frozenset({"22023", "3F000", "42703", "42704", "42P01", _NO_PRIVILEGE})


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the database.

    `sentence` explains a failure, and the result of `sql` replaces `{found}` in it. If `refuses` is
    true, a failure prevents the start; otherwise it is logged as a warning.
    """

    name: str
    sql: str
    sentence: str
    refuses: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a check; `sentence` is empty if it passed."""

    name: str
    sentence: str = ""
    refuses: bool = False


class StartRefused(Exception):
    """The database is not as the program needs it.

    The message has a sentence for each failed check.
    """


_LOGIN_CHECKS = (
    Check(
        "role",
        f"select case when current_user <> '{APP_ROLE}' then current_user::text end",
        f"The sessions of {{variable}} run as {{found}} instead of {APP_ROLE}: run `flask"
        " migrate-up`, which gives its login this role, and do not let a pooler change it.",
    ),
    Check(
        "bound by row-level security",
        "select string_agg(rolname || case when rolsuper then ' is a superuser' else ' has"
        " BYPASSRLS' end, ' and ') from pg_roles where rolname in (current_user, session_user)"
        " and (rolsuper or rolbypassrls)",
        "Row-level security does not bind the login of {variable}, because {found}: use a login"
        f" without these rights that is a member of {APP_ROLE}.",
    ),
    Check(
        "owns nothing",
        "select min(relname) from pg_class where relnamespace = 'public'::regnamespace and"
        " relkind in ('r', 'p') and pg_has_role(session_user, relowner, 'member') and not (select"
        " rolsuper from pg_roles where rolname = session_user)",
        "The login of {variable} has the rights of the owner of the table {found}: use another"
        " login, and name that of the owner in VOYAGENT_DB_ADMIN_URL only.",
    ),
    Check(
        "not a member of a role for functions",
        "select string_agg(rolname, ', ' order by rolname) from pg_roles where rolname in"
        " ('voyagent_lookup', 'voyagent_eraser', 'voyagent_mover') and pg_has_role(session_user,"
        " oid, 'member') and not (select rolsuper from pg_roles where rolname = session_user)",
        "The login of {variable} is a member of {found}, which may do more than the program: revoke"
        " this role from it.",
    ),
    Check(
        "settings of the session",
        "select nullif(concat_ws(', ', case when current_setting('statement_timeout') = '0' then"
        " 'no statement_timeout' end, case when current_setting('lock_timeout') = '0' then 'no"
        " lock_timeout' end, case when current_setting('timezone') <> 'UTC' then 'the time zone '"
        " || current_setting('timezone') end), '')",
        "The sessions of {variable} have {found}: run `flask migrate-up`, which stores the settings"
        " of its login, and do not let a pooler change them.",
    ),
)
_ISOLATION = Check(
    "isolation of reads",
    "select case when current_setting('default_transaction_isolation') <> 'repeatable read' then"
    " current_setting('default_transaction_isolation') end",
    "Transactions of {variable} are {found} instead of repeatable read: run `flask migrate-up`,"
    " which stores the settings of its login.",
)
_TABLE_GRANTS = Check(
    "grants on tables",
    "select string_agg(distinct name, ', ' order by name) from unnest(%(tables)s::text[]) name left"
    " join pg_class c on c.relname = name and c.relnamespace = 'public'::regnamespace where c.oid"
    " is null or not has_table_privilege(c.oid, 'select') or (name not in ('installation',"
    " 'agency_deletions', 'heartbeat') and not has_table_privilege(c.oid, 'insert'))",
    f"The role {APP_ROLE} may not read or fill {{found}}: run `flask migrate-up`, or restore the"
    " dump with its grants.",
)
_CONNECTIONS = Check(
    "number of connections",
    "select case when %(all_connections)s > available then format('%%s connections, %%s each, and"
    " the server has %%s', %(all_connections)s, %(connections)s, available) end from (select"
    " current_setting('max_connections')::int -"
    " current_setting('superuser_reserved_connections')::int -"
    " coalesce(current_setting('reserved_connections', true)::int, 0) as available) server",
    "{instances} processes like this one may open {found} for them: raise max_connections of the"
    " server, use a connection pooler, or lower VOYAGENT_DB_POOL_SIZE or VOYAGENT_INSTANCES.",
)
_SERVER_CHECKS = (
    Check(
        "version",
        "select case when current_setting('server_version_num')::int < %(version_min)s then"
        " current_setting('server_version') end",
        "The server has PostgreSQL {found}: version 15 or newer is necessary.",
    ),
    Check(
        "extensions",
        "select string_agg(name, ' and ') from unnest(array['pg_trgm', 'btree_gin']) name where"
        " not exists (select from pg_extension where extname = name)",
        "The database does not have the extension {found}: run `flask migrate-up`.",
    ),
    Check(
        "row-level security is forced",
        "select string_agg(relname, ', ' order by relname) from pg_class c where relkind in ('r',"
        " 'p') and relnamespace = 'public'::regnamespace and exists (select from pg_attribute a"
        " where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped) and not"
        " (relrowsecurity and relforcerowsecurity)",
        "Row-level security is not forced for {found}: enable and force it before the start.",
    ),
    _TABLE_GRANTS,
    Check(
        "grants on functions",
        "select string_agg(distinct name, ', ' order by name) from unnest(%(functions)s::text[])"
        " name left join pg_proc p on p.proname = name and p.pronamespace = to_regnamespace('app')"
        " where p.oid is null or (p.prorettype <> 'trigger'::regtype and not"
        " has_function_privilege(p.oid, 'execute'))",
        f"The role {APP_ROLE} may not call {{found}} in the schema app: run `flask migrate-up`, or"
        " restore the dump with its grants.",
    ),
    Check(
        "clock",
        "select case when abs(extract(epoch from clock_timestamp()) - %(now)s) > %(clock_refuses)s"
        " then round(extract(epoch from clock_timestamp()) - %(now)s)::text end",
        "The clock of the database differs by {found} s from the clock of this computer: correct"
        " the wrong one.",
    ),
    Check(
        "exact clock",
        "select case when abs(extract(epoch from clock_timestamp()) - %(now)s) between"
        " %(clock_warns)s and %(clock_refuses)s then round(extract(epoch from clock_timestamp()) -"
        " %(now)s)::text end",
        "The clock of the database differs by {found} s from the clock of this computer.",
        refuses=False,
    ),
    Check(
        "accepts writes",
        "select case when pg_is_in_recovery() then 'a standby' when"
        " current_setting('transaction_read_only')::boolean then 'read-only' end",
        "The server is {found}: writes are refused until it accepts them.",
        refuses=False,
    ),
    _CONNECTIONS,
)
# These read tables, so they come last: without a schema the server refuses them.
_SCHEMA = Check(
    "revision of the schema",
    "select case when max(version_num) is null then '' when max(version_num) < %(schema_from)s or"
    " max(version_num) > %(schema_to)s and (select code_from from installation) > %(schema_to)s"
    " then max(version_num) end from alembic_version",
    "{schema}",
)
_FUNCTIONS = Check(
    "functions of the schema",
    "select case when max(version_num) <= %(schema_to)s then (select string_agg(path, ', ' order by"
    " path) from app.sql_files where sha256 = %(not_applied)s) end from alembic_version",
    "The migration is not finished, because {found} is not applied: run `flask migrate-up`.",
)
_UNBOUND = Check(
    "no agency, no rows",
    "select case when exists (select from users) then 'people' end",
    "Without an agency the program can read {found} of all agencies: row-level security has been"
    " changed.",
)
_HOLD = Check(
    "not on hold",
    "select to_char(held_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI') from installation where"
    " hold is not null",
    "The installation was restored and is on hold since {found} UTC: mails, approved acts and turns"
    " wait until `flask release`.",
    refuses=False,
)

_ROLE = _LOGIN_CHECKS[0]
_PRIVILEGES = frozenset(_LOGIN_CHECKS[1:4])
_OF_SCHEMA = frozenset(
    check for check in _SERVER_CHECKS if check.name.startswith(("extensions", "grants"))
) | {_FUNCTIONS}
log = structlog.get_logger(__name__)


@contextmanager
def configured_or_exit() -> Iterator[None]:
    """Print the sentence of a ConfigurationError, and exit with EXIT_CODE."""
    try:
        yield
    except ConfigurationError as error:
        sys.stderr.write(f"Voyagent did not start: {error}\n")
        sys.exit(EXIT_CODE)


def check_start(settings: Settings) -> list[Result]:
    """Run all checks and return their results; each failure has a sentence.

    Checks that mean nothing because the role or the schema is wrong are left out.
    Raises psycopg.OperationalError if a database is unreachable.
    """
    checks: tuple[Check, ...] = (
        *_LOGIN_CHECKS,
        *_SERVER_CHECKS,
        _SCHEMA,
        _FUNCTIONS,
        _UNBOUND,
        _HOLD,
    )
    results = _run(settings, Purpose.WEB, "VOYAGENT_DB_URL", checks)
    if settings.has_read_login:
        of_reads = _run(
            settings, Purpose.READ, "VOYAGENT_DB_READ_URL", (*_LOGIN_CHECKS, _ISOLATION)
        )
        results += [replace(result, name=f"{result.name} (reads)") for result in of_reads]
    if settings.reads_standbys:
        results += _of_standbys(settings)
    return [*results, _notifications(settings)]


def require_start(settings: Settings) -> None:
    """Run all checks and log the warnings.

    Raises:
        StartRefused: a check failed that must pass.
        psycopg.OperationalError: a database is unreachable.
    """
    failed = [result for result in check_start(settings) if result.sentence]
    if refused := [result.sentence for result in failed if result.refuses]:
        raise StartRefused(" ".join(refused))
    for result in failed:
        log.warning("start.warning", check=result.name, sentence=result.sentence)


def _notifications(settings: Settings) -> Result:
    if settings.db_listen_url is not None:
        is_wrong = db_connections.is_pooled(settings, Purpose.LISTEN)
        sentence = (
            "VOYAGENT_DB_LISTEN_URL is the address of a connection pooler, which passes no"
            " notifications on: set it to the address of the server itself."
        )
    else:
        is_wrong = not db_connections.is_notified(settings)
        sentence = (
            "VOYAGENT_DB_URL is the address of a connection pooler and VOYAGENT_DB_LISTEN_URL is"
            f" not set: processes look for news every {POLL_S} s instead of being notified."
        )
    refuses = is_wrong and settings.db_listen_url is not None
    return Result("notifications", sentence if is_wrong else "", refuses)


def _of_standbys(settings: Settings) -> list[Result]:
    """Check each standby.

    A standby that does not answer is a warning, because other servers answer its reads.
    """
    results = []
    for name, parameters in db_connections.plain_parameters_of_standbys(settings).items():
        variable = f"VOYAGENT_DB_READ_URL at {name}"
        try:
            found = _run_at(
                name, parameters, settings, Purpose.STANDBY, variable, (*_LOGIN_CHECKS, _ISOLATION)
            )
        except psycopg.OperationalError:
            sentence = f"The server of {variable} does not answer: other servers answer its reads."
            found = [Result("answers", sentence)]
        if db_connections.is_known_pooler(name):
            sentence = f"{variable} is a connection pooler: name the standby itself."
            found.append(Result("no pooler", sentence, refuses=True))
        results += [replace(result, name=f"{result.name} (standby {name})") for result in found]
    return results


def _run(
    settings: Settings, purpose: Purpose, variable: str, checks: Sequence[Check]
) -> list[Result]:
    address = db_connections.address_of(settings, purpose)
    parameters = db_connections.plain_parameters(settings, purpose)
    return _run_at(address, parameters, settings, purpose, variable, checks)


def _run_at(
    address: str,
    parameters: Mapping[str, Any],
    settings: Settings,
    purpose: Purpose,
    variable: str,
    checks: Sequence[Check],
) -> list[Result]:
    with psycopg.connect(**parameters, autocommit=True) as connection:
        # Behind a pooler the settings must be those of the login, so they are not set here.
        set_up: tuple[str, list[str] | None] = (
            ("select 1", None)
            if db_connections.note_pooler(address, connection)
            else db_connections.set_up(settings, purpose)
        )
        begun, found, error = _ask(settings, connection, set_up, checks)
    if error is not None and not begun:
        reason = str(error).splitlines()[0]
        sentence = (
            f"The login of {variable} may not use the role {APP_ROLE} ({reason}): run `flask"
            " migrate-up`."
        )
        return [Result("role", sentence, refuses=True)]
    answers = dict(zip(checks, found, strict=False))
    if error is not None and error.sqlstate == _NO_PRIVILEGE:
        answers[_TABLE_GRANTS] = answers.get(_TABLE_GRANTS) or "alembic_version"
    elif error is not None and _SCHEMA not in answers:
        answers[_SCHEMA] = ""
    if answers[_ROLE] is not None:
        answers = {_ROLE: answers[_ROLE]}  # the other checks would judge a wrong role
    results = []
    for check in checks:
        if check not in answers or (answers.get(_SCHEMA) is not None and check in _OF_SCHEMA):
            continue  # only a schema that fits can be judged
        answer = answers[check]
        if answer is None:
            results.append(Result(check.name))
            continue
        sentence = check.sentence.format(
            found=answer if check is _CONNECTIONS else _shortened(answer),
            variable=variable,
            schema=_schema(answer),
            instances=settings.instances,
        )
        refuses = check.refuses and not (
            (check in _PRIVILEGES and _has_one_login(settings))
            or (check is _CONNECTIONS and not settings.is_production)
        )
        results.append(Result(check.name, sentence, refuses))
    return results


def _ask(
    settings: Settings,
    connection: psycopg.Connection[Any],
    set_up: tuple[str, list[str] | None],
    checks: Sequence[Check],
) -> tuple[bool, list[str | None], psycopg.Error | None]:
    """Execute `set_up` and the checks until a statement raises a database error.

    The first value is True if the SQL statement in `set_up` succeeded. The second value is the list
    of the results of the checks that ran: None if the check passed, else a description of the
    problem. The third value is the database error, or None.
    """
    connections = connections_to_server(settings, db_connections.purpose_of_process())
    values = {
        "tables": [table.name for table in Base.metadata.sorted_tables] + ["procrastinate_jobs"],
        "functions": sorted(_functions()),
        "now": clock.own().timestamp(),
        "clock_warns": CLOCK_WARNS_S,
        "clock_refuses": CLOCK_REFUSES_S,
        "connections": connections,
        "all_connections": connections * settings.instances,
        "version_min": VERSION_MIN,
        "schema_from": SCHEMA_FROM,
        "schema_to": SCHEMA_TO,
        "not_applied": NOT_APPLIED,
    }
    error: psycopg.Error | None = None
    begun = connection.cursor()
    asked: list[psycopg.Cursor[Any]] = []
    try:
        with connection.pipeline():
            begun.execute(*set_up)
            for check in checks:
                of_check = {
                    key: value for key, value in values.items() if f"%({key})s" in check.sql
                }
                asked.append(connection.cursor().execute(check.sql, of_check or None))
    except psycopg.Error as failure:
        if failure.sqlstate not in _EXPECTED:
            raise
        error = failure
    rows = (cursor.fetchone() for cursor in asked if cursor.description is not None)
    return begun.description is not None, [row[0] if row else None for row in rows], error


def _functions() -> set[str]:
    """Return the names of the functions in the schema `app` that the SQL files create."""
    return {name for file in read_files() for name in _FUNCTION.findall(file.source.decode())}


def _shortened(found: str) -> str:
    """Return a list of names as text: `a, b and 3 others` above NAMES_MAX names."""
    names = found.split(", ")
    if len(names) <= NAMES_MAX:
        return found
    return f"{', '.join(names[:NAMES_MAX])} and {len(names) - NAMES_MAX} others"


def _schema(revision: str) -> str:
    if not revision:
        return "The database does not have the schema of this release: run `flask migrate-up`."
    if revision < SCHEMA_FROM:
        return (
            f"The schema is at revision {revision}, and this release needs {SCHEMA_FROM}: run"
            " `flask migrate-up`."
        )
    return (
        f"The schema is at revision {revision}, and this release knows revisions up to {SCHEMA_TO}:"
        " start the release that belongs to the schema."
    )


def _has_one_login(settings: Settings) -> bool:
    """Return True if changes of the schema use the program's own login.

    This is usual on a developer's computer. In production the result is always False.
    """
    logins = {
        libpq_parameters(address or "").get("user")
        for address in (settings.db_url, settings.migration_url)
    }
    return len(logins) == 1 and not settings.is_production
