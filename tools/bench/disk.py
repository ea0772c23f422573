"""Disk space of invoices with everything that they leave in the database.

Each invoice has two lines and is drafted, issued, printed and paid by the services, so that its
PDF, journal entries, stored sums, audit events and index entries are counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from tools.bench import cast
from tools.bench.cast import Person
from tools.bench.figures import Figure
from tools.bench.ground import Ground, Installation
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.service import drafts, issuing
from voyagent.billing.paper.documents import kept
from voyagent.billing.payments.service import payments
from voyagent.kernel.db import db, transaction

INVOICES = 1_000
PARTIES, DAYS = 50, 90
FIRST = 100
"""Invoices before the measurement, because the first rows of a table take a whole page."""
GROUPS = {
    "kept PDFs": ("kept_papers",),
    "journal": ("journal_entries", "postings"),
    "audit log": ("audit_events", "audit_private", "audit_heads"),
    "invoices and payments": (
        "invoices",
        "invoice_lines",
        "invoice_taxes",
        "payments",
        "allocations",
    ),
}
_SIZES = b"""
select c.relname, pg_total_relation_size(c.oid) from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
"""
_WAL = "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
MIB, MAX_MIB = 1024 * 1024, 50


def measure(ground: Ground) -> Iterator[Figure]:
    """Record a thousand paid invoices, and measure the growth of tables and indexes."""
    today = datetime.now(UTC).date()
    with ground.installation() as here:
        (person,) = cast.agencies(here, 1)
        _record(here, person, [today - timedelta(days=DAYS)] * FIRST)
        before, log = _sizes(here), here.count(_WAL)
        events = here.count("select count(*) from audit_events")
        days = (today - timedelta(days=DAYS - 1 - n * DAYS // INVOICES) for n in range(INVOICES))
        _record(here, person, days)
        after = _sizes(here)
        events = here.count("select count(*) from audit_events") - events
        grown = {table: after[table] - before[table] for table in after}
        yield Figure(
            f"{INVOICES:,} paid invoices: disk", sum(grown.values()) / MIB, "MiB", at_most=MAX_MIB
        )
        for name, tables in GROUPS.items():
            yield Figure(f"… of which {name}", sum(grown[table] for table in tables) / MIB, "MiB")
        yield Figure("… write-ahead log", (here.count(_WAL) - log) / MIB, "MiB")
        yield Figure("audit events for each", events / INVOICES)
        audit = sum(grown[table] for table in GROUPS["audit log"])
        yield Figure("disk of one audit event", audit / events, "bytes")


def _record(here: Installation, person: Person, days: Iterable[date]) -> None:
    """Draft, issue, print and pay an invoice for each day, in four transactions."""
    for number, day in enumerate(days):
        with here.app.app_context():
            with transaction(person.actor.tenant_id):
                invoice_id = drafts.draft_invoice(
                    person.actor,
                    customer_name=f"Customer {number % PARTIES}",
                    issue_date=day,
                    due_date=day,
                    line_items=[_line("Flight to Singapore"), _line("Hotel, three nights")],
                ).id
            with transaction(person.actor.tenant_id):
                issuing.issue_invoice(person.actor, invoice_id)
            with transaction(person.actor.tenant_id):
                kept.keep("invoice", invoice_id)
            with transaction(person.actor.tenant_id):
                payments.record_receipt(person.actor, invoice_id, None, day)
            db.session.remove()


def _line(description: str) -> LineItem:
    return LineItem(description=description, quantity=1, unit_price="18500.00", currency="INR")


def _sizes(here: Installation) -> dict[str, int]:
    """Return the bytes of each table with its indexes, after the work of autovacuum."""
    with here.as_owner() as connection:
        connection.execute("vacuum analyze")
        return {str(name): int(str(size)) for name, size in connection.execute(_SIZES).fetchall()}
