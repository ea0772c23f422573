"""State of an installation, and rules for what needs attention.

The limits are those of `deploy/prometheus/alerts.yml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voyagent.kernel.errors import N_
from voyagent.kernel.figures import Figures
from voyagent.kernel.queues import FIRST, MORE

JOBS_WAITING_MAX = 100
JOB_AGE_MAX_S = 60
TURNS_WAITING_MAX = 20
MAILS_WAITING_MAX = 50
MAIL_AGE_MAX_S = 15 * 60
RUN_AGE_MAX = timedelta(hours=26)
"""Age above which a backup or check, which runs every night, is too old."""


@dataclass(frozen=True, slots=True)
class Process:
    """A kind of process and its release, with the number of database connections.

    `kind` is `web`, `worker` or `command`. All processes of the same kind and release count
    together.
    """

    kind: str
    release: str
    connections: int


@dataclass(frozen=True, slots=True)
class TaskLoad:
    """Numbers of open jobs of a task in one queue.

    `waiting` jobs are due, `scheduled` jobs are due later, and `running` jobs are being done.
    """

    task: str
    queue: str
    waiting: int
    scheduled: int
    running: int


@dataclass(frozen=True, slots=True)
class Overview:
    """State of the whole installation.

    `server_version` is that of PostgreSQL. `revision` is that of the schema, and
    `revision_of_release` the newest one that the release has. `given_up` is the number of mails
    that were given up within a day.
    """

    at: datetime
    release: str
    revision: str
    revision_of_release: str
    server_version: str
    held_since: datetime | None
    figures: Figures
    workers: int
    given_up: int
    processes: Sequence[Process] = ()
    tasks: Sequence[TaskLoad] = ()

    @property
    def releases(self) -> list[str]:
        """Return the releases of the web servers and workers that run."""
        return sorted({one.release for one in self.processes if one.kind != "command"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that needs attention: a sentence with placeholders, and their values."""

    code: str
    sentence: str
    values: dict[str, object] = field(default_factory=dict)


def attention(now: Overview) -> list[Finding]:
    """Return what needs the operator's attention, the most urgent first."""
    return [*_of_installation(now), *_of_queues(now), *_of_runs(now)]


def _of_installation(now: Overview) -> Iterator[Finding]:
    if now.held_since is not None:
        yield Finding("hold", N_("The installation is on hold: nothing is sent to the outside."))
    if not now.figures.number("writable"):
        yield Finding("read_only", N_("The database accepts no writes."))
    if now.revision != now.revision_of_release:
        yield Finding(
            "revision",
            N_("The schema is at revision %(found)s, and this release has %(own)s."),
            {"found": now.revision, "own": now.revision_of_release},
        )
    if len(now.releases) > 1:
        yield Finding(
            "releases",
            N_("Processes of different releases run: %(releases)s."),
            {"releases": ", ".join(now.releases)},
        )


def _of_queues(now: Overview) -> Iterator[Finding]:
    figures = now.figures
    if not now.workers:
        yield Finding("no_worker", N_("No worker runs."))
    if figures.number("jobs_waiting") > JOBS_WAITING_MAX:
        yield Finding(
            "jobs_waiting",
            N_("%(number)s jobs wait."),
            {"number": figures.number("jobs_waiting")},
        )
    if max(figures.number(f"oldest_job:{queue}") for queue in (FIRST, MORE)) > JOB_AGE_MAX_S:
        yield Finding("job_late", N_("A job has been due for more than a minute."))
    if failed := figures.number("jobs_failed"):
        yield Finding("jobs_failed", N_("Failed jobs: %(number)s."), {"number": failed})
    if figures.number("turns_waiting") > TURNS_WAITING_MAX:
        yield Finding(
            "turns_waiting",
            N_("%(number)s messages to the assistant wait."),
            {"number": figures.number("turns_waiting")},
        )
    waiting = figures.number("mails_waiting") + figures.number("mails_delayed")
    if waiting > MAILS_WAITING_MAX or figures.number("mail_oldest") > MAIL_AGE_MAX_S:
        yield Finding("mails_waiting", N_("Mails wait: %(number)s."), {"number": waiting})
    if now.given_up:
        yield Finding(
            "mails_given_up",
            N_("Mails given up within a day: %(number)s."),
            {"number": now.given_up},
        )


def _of_runs(now: Overview) -> Iterator[Finding]:
    for name, is_late, has_findings in (
        ("backup", N_("There is no backup of the last 26 hours."), ""),
        (
            "books",
            N_("The books were not checked within the last 26 hours."),
            N_("The last check of the books has findings: %(number)s."),
        ),
        (
            "audit",
            N_("The audit logs were not checked within the last 26 hours."),
            N_("The last check of the audit logs has findings: %(number)s."),
        ),
    ):
        at = now.figures.time(f"last_run:{name}")
        if at is None or now.at - at > RUN_AGE_MAX:
            yield Finding(f"{name}_late", is_late)
        if number := now.figures.number(f"findings:{name}"):
            yield Finding(f"{name}_findings", has_findings, {"number": number})
