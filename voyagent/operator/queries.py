"""Reads of the operator's page: figures, failed jobs, waiting mails and agencies.

Of an agency's data only the name, dates and numbers are read: no name of a customer, and no
contents or recipient of a mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from voyagent.identity.service.errors import AgencyNotFound
from voyagent.kernel import clock, failed_jobs, tenancy
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import SCHEMA_TO
from voyagent.kernel.db import db
from voyagent.kernel.db_connections import Purpose, release_of
from voyagent.kernel.failed_jobs import FailedJob
from voyagent.kernel.figures import read_figures
from voyagent.mail.queries import MailState, given_up_mails, waiting_mails
from voyagent.operator.errors import JobNotFound
from voyagent.operator.rules import Overview, Process, TaskLoad

PAGE_ROWS = 50
FIRST = UUID(int=0)
GIVEN_UP_WITHIN = timedelta(days=1)
UNKNOWN = "?"
"""Release of a process that does not name it."""
_PROCESSES = {Purpose.WEB: "web", Purpose.WORKER: "worker", Purpose.COMMAND: "command"}
_CONNECTIONS = text(
    "select split_part(application_name, ' ', 1) as purpose,"
    " split_part(application_name, ' ', 2) as release, count(*) as connections"
    " from pg_stat_activity where datname = current_database()"
    " and split_part(application_name, ' ', 1) = any(:purposes)"
    " group by 1, 2 order by 1, 2"
)
_TASKS = text(
    "select task_name as task, queue_name as queue,"
    " count(*) filter (where status = 'todo' and (scheduled_at is null or scheduled_at <= now()))"
    " as waiting,"
    " count(*) filter (where status = 'todo' and scheduled_at > now()) as scheduled,"
    " count(*) filter (where status = 'doing') as running"
    " from procrastinate_jobs where status in ('todo', 'doing')"
    " group by 1, 2 order by 3 desc, 1, 2 limit :most"
)
_SERVER = text("select current_setting('server_version')")
_HOLD = text("select held_since from installation")
_GIVEN_UP = text("select app.mails_given_up(:since)")
_MAILS = text("select id, name, waiting, oldest, given_up from app.mails_by_agency(:since, :most)")
_NAMES = text("select id, name from app.agency_names(:ids)")
_AGENCIES = text("select * from app.agencies_page(:place, :is_back, :most)")
_SIZES = text("select id, people, invoices, events, answers from app.agency_sizes(:ids)")


@dataclass(frozen=True, slots=True)
class AgencyMails:
    """Number of mails of an agency that wait, and of those given up within a day.

    `oldest` is the time of the oldest mail that waits, or None.
    """

    id: UUID
    name: str
    waiting: int
    oldest: datetime | None
    given_up: int


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency with its size: the numbers of people, invoices and audit events.

    `answers` is the number of responses of language models since yesterday.
    """

    id: UUID
    name: str
    is_active: bool
    deletion_asked_at: datetime | None
    people: int
    invoices: int
    events: int
    answers: int


@dataclass(frozen=True, slots=True)
class AgencyPage:
    """A page of agencies, in the order of their ids.

    `before` and `after` are the arguments with which `read_agencies` returns the page before and
    the page after; None if there is no such page.
    """

    items: list[Agency]
    before: UUID | None
    after: UUID | None


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of failed jobs, the newest first.

    `before` is the argument with which `read_failed_jobs` returns the next page of older jobs; None
    if there are no older jobs.
    """

    items: list[FailedJob]
    before: int | None


def read_overview(settings: Settings) -> Overview:
    """Return the state of the installation.

    The call does not take longer as the installation gets older.
    """
    figures, now = read_figures(settings.worker_stalled_s), clock.now()
    return Overview(
        at=now,
        release=release_of(settings),
        revision=next((label for (label,) in figures.labelled("revision")), ""),
        revision_of_release=SCHEMA_TO,
        server_version=db.session.scalar(_SERVER) or "",
        held_since=db.session.scalar(_HOLD),
        figures=figures,
        workers=figures.workers,
        given_up=db.session.scalar(_GIVEN_UP, {"since": now - GIVEN_UP_WITHIN}) or 0,
        processes=[
            Process(_PROCESSES[Purpose(row.purpose)], row.release or UNKNOWN, row.connections)
            for row in db.session.execute(_CONNECTIONS, {"purposes": list(_PROCESSES)})
        ],
        tasks=[TaskLoad(*row) for row in db.session.execute(_TASKS, {"most": PAGE_ROWS})],
    )


def read_mails() -> list[AgencyMails]:
    """Return the agencies with the most mails that wait or were given up within a day."""
    asked = {"since": clock.now() - GIVEN_UP_WITHIN, "most": PAGE_ROWS}
    return [AgencyMails(*row) for row in db.session.execute(_MAILS, asked)]


def read_failed_jobs(before: int | None) -> JobPage:
    """Return the failed jobs with an id below `before`, the newest first."""
    found = failed_jobs.list_failed(before, PAGE_ROWS + 1)
    items = found[:PAGE_ROWS]
    return JobPage(items, items[-1].id if len(found) > PAGE_ROWS else None)


def get_failed_job(job_id: int) -> FailedJob:
    """Return a failed job. Raises JobNotFound."""
    found = failed_jobs.find_failed(job_id)
    if found is None:
        raise JobNotFound
    return found


def names_of(agencies: set[UUID]) -> dict[UUID, str]:
    """Return the names of agencies by id."""
    return {row.id: row.name for row in db.session.execute(_NAMES, {"ids": list(agencies)})}


def read_agencies(*, before: UUID | None, after: UUID | None) -> AgencyPage:
    """Return the agencies after or before an id, in the order of their ids.

    Without an id the first page is returned. If both are given, `after` is ignored.
    """
    is_back = before is not None
    place = before or after or FIRST
    rows = _agencies(place, is_back=is_back, most=PAGE_ROWS + 1)
    has_more = len(rows) > PAGE_ROWS
    items = (rows[-PAGE_ROWS:] if is_back else rows[:PAGE_ROWS]) if has_more else rows
    has_earlier = has_more if is_back else after is not None
    has_later = True if is_back else has_more
    return AgencyPage(
        items,
        before=items[0].id if items and has_earlier else None,
        after=items[-1].id if items and has_later else None,
    )


def read_agency(tenant_id: UUID) -> Agency:
    """Return an agency. Raises AgencyNotFound."""
    before = UUID(int=max(tenant_id.int - 1, 0))
    found = _agencies(before, is_back=False, most=1)
    if not found or found[0].id != tenant_id:
        raise AgencyNotFound
    return found[0]


def read_mails_of(agency: Agency) -> tuple[list[MailState], list[MailState]]:
    """Return the mails of an agency that wait, and those that were given up.

    Each list has at most PAGE_ROWS mails. The call binds the transaction to the agency.
    """
    tenancy.bind(db.session(), agency.id)
    return waiting_mails(PAGE_ROWS), given_up_mails(PAGE_ROWS)


def _agencies(place: UUID, *, is_back: bool, most: int) -> list[Agency]:
    asked = {"place": place, "is_back": is_back, "most": most}
    rows = db.session.execute(_AGENCIES, asked).all()
    ids = [row.id for row in rows]
    sizes = {row.id: row for row in db.session.execute(_SIZES, {"ids": ids})}
    return [
        Agency(
            row.id,
            row.name,
            row.is_active,
            row.deletion_asked_at,
            sizes[row.id].people,
            sizes[row.id].invoices,
            sizes[row.id].events,
            sizes[row.id].answers,
        )
        for row in rows
    ]
