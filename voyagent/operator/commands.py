"""Operator's command `flask status`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from voyagent.http.commands import with_database
from voyagent.http.extensions import installed
from voyagent.kernel.config import Settings
from voyagent.kernel.queues import FIRST, MORE, REPORTS
from voyagent.operator.queries import AgencyMails, read_mails, read_overview
from voyagent.operator.rules import Overview, attention


@click.command("status")
@with_database
def status() -> None:
    """Print the state of the installation, as the operator's page shows it.

    The exit code is 1 if something needs attention.
    """
    now = read_overview(installed(Settings, "settings"))
    for line in _lines(now, read_mails()):
        click.echo(line)
    findings = attention(now)
    for found in findings:
        click.echo(f"attention: {found.sentence % found.values}")
    if findings:
        raise SystemExit(1)


def _lines(now: Overview, mails: list[AgencyMails]) -> Iterator[str]:
    figures = now.figures
    yield f"release: {now.release}, schema {now.revision}, PostgreSQL {now.server_version}"
    for one in now.processes:
        yield f"process: {one.kind} {one.release}, connections {one.connections}"
    yield f"workers: {now.workers}"
    states = ("waiting", "running", "scheduled", "failed")
    yield "jobs: " + ", ".join(f"{state} {figures.number(f'jobs_{state}')}" for state in states)
    for queue in (FIRST, MORE, REPORTS):
        yield f"queue {queue}: oldest due job {figures.number(f'oldest_job:{queue}')} s"
    for task in now.tasks:
        yield (
            f"task {task.task} in {task.queue}: waiting {task.waiting}, running {task.running},"
            f" scheduled {task.scheduled}"
        )
    yield (
        f"mails: waiting {figures.number('mails_waiting')}, delayed"
        f" {figures.number('mails_delayed')}, given up within a day {now.given_up}"
    )
    for row in mails:
        yield f"mails of {row.id}: waiting {row.waiting}, given up {row.given_up}"
    for name in ("backup", "books", "audit"):
        at = figures.time(f"last_run:{name}")
        findings = "" if name == "backup" else f", findings {figures.number(f'findings:{name}')}"
        yield f"{name}: never" if at is None else f"{name}: {at:%Y-%m-%d %H:%M} UTC{findings}"
