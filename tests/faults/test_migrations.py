"""Every migration after the baseline down and up again, with rows in every table.

Nothing is left behind, and nothing is lost but what only the newer schema can store: the tables and
columns that the migration itself adds.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from functools import partial

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask
from pydantic import SecretStr

from tests.faults.catalogue import checksums, differences, things
from tests.faults.conftest import Report, Rounds
from tests.kernel.filling import fill
from tests.people import People, Person
from tests.worker import work_off
from voyagent.billing.core.models.invoices import Invoice
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db
from voyagent.parties.models import Party
from voyagent.settings.models import TenantSettings
from voyagent.trips.models import TripPassenger
from voyagent.trips.service import passports

AGENCIES, ENQUIRIES, ENTRIES, EVENTS = 3, 10_000, 25_000, 50_000  # an entry is two postings
BULK = [
    """
    insert into enquiries (tenant_id, id, created_by_user_id, customer_name, pax_count, status,
      created_at, updated_at)
      select cast(:t as uuid), gen_random_uuid(), cast(:u as uuid), 'Customer ' || n, 1 + n % 6,
      'new', now() - n * interval '1 minute', now()
        from generate_series(1, :enquiries) n
    """,
    """
    with made as (
      insert into journal_entries (tenant_id, id, entry_date, narration, source_type, source_id,
      purpose, line_count)
        select cast(:t as uuid), gen_random_uuid(), date '2026-02-01' + n % 300, 'Bulk', 'bulk',
          gen_random_uuid(), 'bulk', 2
          from generate_series(1, :entries) n returning id, entry_date)
    insert into postings (tenant_id, entry_id, line_no, account_id, currency, debit_minor,
      credit_minor, effective_date)
      select cast(:t as uuid), made.id, line, a.id, 'INR', case line when 1 then 500 else 0 end,
      case line when 2 then 500 else 0 end, made.entry_date
        from made, generate_series(1, 2) line join accounts a on a.tenant_id = cast(:t as uuid)
          and a.purpose = (array['bank', 'capital'])[line]
    """,
    """
    select app.audit((select jsonb_agg(to_jsonb(e) || jsonb_build_object('id', gen_random_uuid()))
      from (
      select e.* from audit_events e, generate_series(1, :events)
      where e.tenant_id = cast(:t as uuid) limit :events) e))
    """,
]


REWRITTEN = {
    "0114": {"idempotency_keys.kept", "idempotency_keys.headers", "idempotency_keys.body"},
    "0110": {"parties.tax_number", "parties.search", "invoices.customer_tax_number"},
    "0103": {
        "tenant_settings.bank_details",
        "invoices.customer_pan",
        "trip_passengers.passport_sealed",
    },
}
"""Columns that take the decrypted values on the way down, or are made of them, by migration."""
Checksums = dict[tuple[str, str], tuple[int, str]]


@pytest.fixture
def owner(doomed: Settings) -> Iterator[sa.Engine]:
    engine = sa.create_engine(sa.make_url(doomed.db_admin_url or ""), poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def grow(settings: Settings, person: Person, share: float) -> None:
    """Insert a third of the rows for an agency, with row security."""
    application = sa.create_engine(
        sa.make_url(settings.db_url or ""),
        connect_args={"options": "-c role=voyagent_app -c statement_timeout=0"},
    )
    sizes = {
        name: int(n * share / AGENCIES)
        for name, n in (("enquiries", ENQUIRIES), ("entries", ENTRIES), ("events", EVENTS))
    }
    with application.begin() as connection:
        connection.execute(
            sa.text("select set_config('app.tenant', :t, true)"), {"t": str(person.actor.tenant_id)}
        )
        for statement in BULK:
            connection.execute(
                sa.text(statement),
                {"t": str(person.actor.tenant_id), "u": str(person.actor.user_id), **sizes},
            )
    application.dispose()


def populate(app: Flask, settings: Settings, share: float) -> list[Person]:
    """Create agencies with a row in every table, and many rows in some."""
    made = []
    for number in range(AGENCIES):
        alice = People(app).sign_up(f"Alice{number} Owner", agency=f"Moving {secrets.token_hex(4)}")
        fill(alice, partial(work_off, app, settings))
        grow(settings, alice, share)
        made.append(alice)
    return made


def lost(before: Checksums, after: Checksums, *, but: Collection[str] = ()) -> list[str]:
    """Return the columns that exist before and after but have other values.

    `but` names columns that a migration rewrites.
    """
    return [
        f"{table}.{column}"
        for table, column in sorted(before.keys() & after.keys())
        if before[table, column] != after[table, column] and f"{table}.{column}" not in but
    ]


def personal(app: Flask, people: list[Person]) -> list[str | None]:
    """Return what the program reads from the columns that are sealed."""
    found: list[str | None] = []
    keyring = app.extensions["voyagent.keyring"]
    for person in people:
        with person.acting():
            found.append(db.session.scalars(sa.select(TenantSettings)).one().bank_details)
            parties = db.session.scalars(sa.select(Party).order_by(Party.id))
            found += (party.tax_number for party in parties)
            for invoice in db.session.scalars(sa.select(Invoice).order_by(Invoice.id)):
                found += [invoice.customer_pan, invoice.customer_tax_number]
            for traveller in db.session.scalars(
                sa.select(TripPassenger).order_by(TripPassenger.id)
            ):
                found.append(passports.opened(keyring, traveller.id, traveller.passport_sealed))
    return found


def down(app: Flask, revision: str) -> None:
    with app.app_context():
        flask_migrate.downgrade(revision=revision)


def up(app: Flask, revision: str) -> None:
    with app.app_context():
        flask_migrate.upgrade(revision=revision)


def holds(app: Flask, *command: str) -> None:
    """Check that a command of the program finds no error."""
    result = app.test_cli_runner().invoke(args=command)
    assert result.exit_code == 0, result.output


def test_every_migration_can_be_reverted_with_rows_in_every_table(
    doomed: Settings, owner: sa.Engine, rounds: Rounds, report: Report
) -> None:
    key = SecretStr(secrets.token_urlsafe(32))
    settings = doomed.model_copy(update={"audit_signing_key": key})
    app = create_app(settings)
    people = populate(app, doomed, rounds(10) / 10)
    first, values = checksums(owner), personal(app, people)
    assert {"HDFC 50100012345678", "27AAPFU0939F1ZV", "AAPFU0939F", "Z1234567"} <= set(values)
    assert {
        table
        for (table, _), (n, _sum) in first.items()
        if not n and not table.startswith("procrastinate_")
    } == set()
    script = ScriptDirectory("migrations")
    *revisions, baseline = [one.revision for one in script.walk_revisions()]  # newest first
    assert revisions, "there is a migration after the baseline"
    known = {revisions[0]: things(owner)}
    wrong: dict[str, list[str]] = {}
    checked = 0

    def judge(what: str, found: list[str]) -> None:
        wrong.update({what: found} if found else {})

    for revision, before in zip(revisions, [*revisions[1:], baseline], strict=True):
        above, but = checksums(owner), REWRITTEN.get(revision, ())
        down(app, before)
        below = checksums(owner)
        judge(f"the way down from {revision} changes what stays", lost(above, below, but=but))
        known[before] = things(owner)
        up(app, revision)
        again = checksums(owner)
        judge(
            f"{revision} down and up again is another schema",
            differences(things(owner), known[revision]),
        )
        stays = {column: again[column] for column in again.keys() & below.keys()}
        judge(f"{revision} down and up again loses rows", lost(above, stays, but=but))
        judge(f"the way up to {revision} changes what stood", lost(below, again))
        if revision == revisions[0]:  # the program of today reads the schema of today
            holds(app, "books", "check")
            holds(app, "audit", "verify")
        down(app, before)
        judge(f"{revision} leaves something behind", differences(things(owner), known[before]))
        checked += len(below)
    lowest = checksums(owner)
    for revision in reversed(revisions):
        up(app, revision)
        judge(
            f"{revision} going up is another schema than going down",
            differences(things(owner), known[revision]),
        )
    last = checksums(owner)
    lasting = {column: last[column] for column in last.keys() & lowest.keys()}
    judge("rows are missing at the end", lost(first, lasting, but=set().union(*REWRITTEN.values())))
    assert wrong == {}
    app = create_app(settings)  # processes are stopped before a downgrade and started after it
    assert personal(app, people) == values
    smoke = populate(app, doomed, 0)
    holds(app, "books", "check")
    holds(app, "audit", "verify")
    rows = {table: n for (table, _), (n, _sum) in first.items()}
    report(
        f"{len(revisions)} migrations down, up and down one by one, then all up: {len(first)}"
        f" columns of {len(rows)} tables with {sum(rows.values())} rows, {checked} checksums"
        f" compared, {len(known[revisions[0]])} things in the catalogue; {len(smoke)} agencies"
        " begin anew"
    )
