"""Each act records its event in its own transaction, or is rolled back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy.exc import DBAPIError

from tests.audit.acts import ACTS, Act, Left
from tests.audit.acts.registry import Doing
from tests.audit.acts.stage import Stage
from tests.audit_rows import EVENTS
from tests.conftest import ONE_PROCESS, fresh_database
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.housekeeping import AgenciesFailed

# Tables that belong to no agency: the revision of the schema, and the tables of the worker.
NOBODYS = (
    "alembic_version",
    "procrastinate_workers",
    "procrastinate_periodic_defers",
    "procrastinate_events",
)
# The table of what an event names; what is not here is no row.
NAMED = {
    "user_id": "users",
    "invite_id": "invites",
    "api_key_id": "api_keys",
    "by_api_key_id": "api_keys",
    "enquiry_id": "enquiries",
    "trip_id": "trips",
    "approval_id": "approvals",
    "invoice_id": "invoices",
    "bill_id": "bills",
    "supplier_credit_id": "supplier_credits",
    "payment_id": "payments",
    "journal_entry_id": "journal_entries",
    "check_id": "audit_checks",
}
COLUMNS = (
    "kind, status, error, actor_kind, actor_email, channel, approved_by, entity_refs, inputs,"
    " outputs, tenant_id, actor_id, xid"
)
by_name = pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)


@pytest.fixture(scope="module")
def settings(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of a database for these tests alone, because each reads every table."""
    with fresh_database(server_urls, tmp_path_factory.mktemp("acts")) as made:
        yield made


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Flask]:
    yield from listening(create_app(settings))


@pytest.fixture(scope="module")
def strict_app(settings: Settings) -> Iterator[Flask]:
    """An installation that requires a confirmed address to sign in."""
    changes = {"auth_skip_email_verification": False}
    yield from listening(create_app(settings.model_copy(update=changes)))


def listening(app: Flask) -> Iterator[Flask]:
    """Yield the application; its listener ends before its database is dropped."""
    yield app
    app.extensions["voyagent.listener"].close()


@pytest.fixture
def stage(
    act: Act, app: Flask, strict_app: Flask, owner_engine: sa.Engine, tmp_path: Path
) -> Stage:
    made = Stage(strict_app if act.strict else app, owner_engine, tmp_path)
    assert made.alice
    return made


@pytest.fixture(scope="module")
def owner_engine(settings: Settings) -> Iterator[sa.Engine]:
    """Connections as the schema's owner, kept open so that statements stay prepared."""
    engine = sa.create_engine(settings.db_admin_url or "", connect_args={"options": ONE_PROCESS})
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def tables(owner_engine: sa.Engine) -> list[str]:
    """Return every table with records of users."""
    with owner_engine.connect() as connection:
        found = connection.scalars(
            sa.text(
                "select relname from pg_class where relnamespace = 'public'::regnamespace and"
                " relkind in ('r', 'p') order by relname"
            )
        )
        return [name for name in found if name not in NOBODYS]


@contextmanager
def broken(engine: sa.Engine) -> Iterator[None]:
    """Let every write of an event fail and nothing else."""
    with engine.begin() as connection:
        connection.execute(sa.text("revoke insert on audit_events from voyagent_app"))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("grant insert on audit_events to voyagent_app"))


def contents(engine: sa.Engine, tables: list[str]) -> dict[str, str]:
    """Return the count and the sum of transactions of each table's rows, as a digest."""
    one = (
        "select '{0}' as name, count(*) || ':' || coalesce(sum(xmin::text::bigint), 0) as rows"
        " from {0}"
    )
    with engine.connect() as connection:
        found = connection.execute(sa.text(" union all ".join(one.format(name) for name in tables)))
        return {row.name: row.rows for row in found}


def now_in(engine: sa.Engine) -> int:
    """Return the number of a transaction; those that begin later have greater ones."""
    with engine.begin() as connection:
        return int(
            connection.execute(sa.text("select pg_current_xact_id()::xid::text")).scalar_one()
        )


def events_since(engine: sa.Engine, then: int) -> list[sa.RowMapping]:
    """Return the events of all agencies that later transactions wrote, in order."""
    statement = sa.text(
        f"select {COLUMNS} from {EVENTS} where xid::bigint > :then order by tenant_id, seq"
    )
    with engine.connect() as connection:
        return list(connection.execute(statement, {"then": then}).mappings())


def status_of(doing: Doing) -> int | None:
    """Return the status of an act.

    The status of a response, a command's exit code, None for success without a response, 500 for an
    error of the database, also in one of the agencies of a task.
    """
    try:
        answer = doing()
    except DBAPIError:
        return 500
    except AgenciesFailed as failed:
        return 500 if isinstance(failed.__cause__, DBAPIError) else None
    if isinstance(answer, Result):
        return 500 if isinstance(answer.exception, DBAPIError) else answer.exit_code
    return getattr(answer, "status_code", None)


def shape(event: sa.RowMapping) -> dict[str, Any]:
    return {
        name: event[name]
        for name in ("kind", "status", "error", "actor_kind", "actor_email", "channel")
    } | {"refs": set(event["entity_refs"])}


def wanted(left: Left, stage: Stage) -> dict[str, Any]:
    kind_of_actor = "system" if left.by is None else "agent" if left.via == "assistant" else "human"
    email = "" if left.by is None else stage.emails[left.by]
    expected = {
        "kind": left.kind,
        "status": left.status,
        "error": left.error,
        "actor_kind": kind_of_actor,
        "actor_email": email,
        "channel": left.via,
    }
    return expected | {"refs": set(left.refs)}


@by_name
def test_an_act_whose_event_cannot_be_written_is_rolled_back(
    act: Act, stage: Stage, tables: list[str]
) -> None:
    """The act spends nothing, and succeeds once events can be written again."""
    doing = act.prepare(stage)
    unchanged = [name for name in tables if name not in act.beside]
    before, then = contents(stage.engine, unchanged), now_in(stage.engine)
    with broken(stage.engine):
        status = status_of(doing)
    assert status == (None if act.tells_of_failure else 500)
    after = contents(stage.engine, unchanged)
    assert {name for name in unchanged if after[name] != before[name]} == set()
    assert events_since(stage.engine, then) == []
    if not act.tells_of_failure:
        leaves_its_events(act, stage, tables, doing)


@pytest.mark.parametrize(
    "act", [act for act in ACTS if act.tells_of_failure], ids=lambda act: act.name
)
def test_an_act_that_tells_of_failure_leaves_its_events_without_secrets(
    act: Act, stage: Stage, tables: list[str]
) -> None:
    leaves_its_events(act, stage, tables, act.prepare(stage))


def leaves_its_events(act: Act, stage: Stage, tables: list[str], doing: Doing) -> None:
    """Do the act; check its events, and that one transaction wrote them and its rows."""
    then = now_in(stage.engine)
    assert status_of(lambda: stage.keep(doing())) == act.answers
    events = events_since(stage.engine, then)
    if "party.created" not in {left.kind for left in act.leaves}:
        # The first booking at a supplier records it, and the acts of a stage share an agency.
        events = [event for event in events if event["kind"] != "party.created"]
    assert [shape(event) for event in events] == [wanted(left, stage) for left in act.leaves]
    for event, left in zip(events, act.leaves, strict=True):
        contents = {**event["inputs"], **event["outputs"]}
        assert {name: contents.get(name) for name in left.says} == dict(left.says)
        _is_about_what_is_there(stage, event, left)
        text = json.dumps(dict(event), default=str, ensure_ascii=False)
        assert [secret for secret in stage.secrets if secret in text] == []
    of_the_act = writers(stage.engine, tables, then)
    # A passport number is recorded as opened before it is sent, in a transaction of its own.
    earlier = {"passport.opened"} - {events[-1]["kind"]}
    (transaction,) = {event["xid"] for event in events if event["kind"] not in earlier}
    in_its_parts = act.in_savepoints and min(int(xid) for xid in of_the_act) > int(transaction)
    assert transaction in of_the_act or in_its_parts or stands_alone(act)


def _is_about_what_is_there(stage: Stage, event: sa.RowMapping, left: Left) -> None:
    """Check that ids name rows of this agency and that the actor's address fits."""
    for name, value in event["entity_refs"].items():
        if (name, event["kind"]) in {
            ("invoice_id", "invoice.discarded"),
            ("bill_id", "bill.discarded"),
        }:
            assert not stage.sql(f"select 1 from {NAMED[name]} where id::text = :i", i=value), (
                "it is gone, and its event stays"
            )
        elif name in NAMED:
            assert stage.sql(
                f"select 1 from {NAMED[name]} where tenant_id = :t and id::text = :i",
                t=event["tenant_id"],
                i=value,
            ), name
        elif name in {"tenant_id", "settings_id"}:
            assert value == str(event["tenant_id"])
        elif name == "session_id" and event["kind"] != "chat.wiped":
            table = "auth_sessions" if event["kind"].startswith("auth.") else "chat_sessions"
            assert stage.sql(
                f"select 1 from {table} where tenant_id = :t and id::text = :i",
                t=event["tenant_id"],
                i=value,
            ), name
    for given, name in ((event["actor_id"], left.by), (event["approved_by"], left.approved_by)):
        assert given == (stage.id_of(name) if name is not None else None)


def stands_alone(act: Act) -> bool:
    """True if no row of the act has the number of its transaction."""
    return (
        act.name in ALONE
        or {left.status for left in act.leaves} == {"rejected"}
        or {left.kind for left in act.leaves} == {"data.exported"}
        or "approvals.run_effect" in act.covers
    )


# Acts that change nothing but the audit: half a sign-in, a confirmation whose answer is a signed
# token, a file that was handed out; and those that take rows away. An effect writes within
# savepoints, each of which has a number of its own.
ALONE = {
    *(
        "sign_in_by_the_password_alone_where_a_code_is_asked_for",
        "sign_in_in_the_browser_up_to_the_code",
        "give_the_password_again",
    ),
    *(
        "export_the_audit",
        "export_the_audit_in_the_browser",
        "export_the_audit_as_an_archive",
        "export_the_agency",
        "wipe_a_conversation",
        "discard_a_failed_job",
    ),
    *(
        "export_a_person",
        "download_a_person",
        "download_a_person_as_pdf",
        "open_an_identity",
        "open_an_identity_on_the_page",
        "read_a_whole_passport_number",
        "release_a_record",
    ),
    *(
        "open_a_month_again",
        "open_a_month_again_on_its_page",
        "discard_a_bill_over_the_api",
        "discard_a_bill_in_the_browser",
    ),
    *("remove_the_logo", "remove_the_logo_in_the_browser"),
    *("remove_an_address_over_the_api", "remove_an_address_on_its_page"),
    *("remove_a_contact_over_the_api", "remove_a_contact_on_its_page"),
    *("remove_a_tax_number_over_the_api", "remove_a_tax_number_on_its_page"),
}


def writers(engine: sa.Engine, tables: list[str], then: int) -> set[str]:
    """Return the later transactions that wrote rows outside the tables of the audit."""
    names = sorted(set(tables) - {"audit_events", "audit_heads", "audit_private"})
    one = "select xmin::text as xid from {} where xmin::text::bigint > :then"
    statement = sa.text(" union ".join(map(one.format, names)))
    with engine.connect() as connection:
        return set(connection.scalars(statement, {"then": then}))
