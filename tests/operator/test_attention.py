"""Rules for what needs the operator's attention."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from voyagent.kernel.figures import Figures
from voyagent.operator import rules
from voyagent.operator.rules import Overview, Process, attention

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
LATE = int((NOW - rules.RUN_AGE_MAX - timedelta(seconds=1)).timestamp())
RUNS = dict.fromkeys(("last_run:backup", "last_run:books", "last_run:audit"), int(NOW.timestamp()))
QUIET = Overview(
    at=NOW,
    release="0.1.0",
    revision="0126",
    revision_of_release="0126",
    server_version="18.0",
    held_since=None,
    figures=Figures({"writable": 1, **RUNS}),
    workers=1,
    given_up=0,
    processes=(Process("web", "0.1.0", 3), Process("command", "0.0.9", 1)),
)


def codes(**changes: Any) -> list[str]:
    """Return the codes of what needs attention after a change of the quiet state."""
    figures = {**QUIET.figures.numbers, **changes.pop("figures", {})}
    return [found.code for found in attention(replace(QUIET, figures=Figures(figures), **changes))]


def test_a_quiet_installation_needs_no_attention() -> None:
    at_the_limits = {
        "jobs_waiting": rules.JOBS_WAITING_MAX,
        "oldest_job:default": rules.JOB_AGE_MAX_S,
        "oldest_job:reports": 10_000,
        "turns_waiting": rules.TURNS_WAITING_MAX,
        "mails_waiting": 20,
        "mails_delayed": rules.MAILS_WAITING_MAX - 20,
        "mail_oldest": rules.MAIL_AGE_MAX_S,
        "last_run:backup": LATE + 1,
    }
    assert codes() == codes(figures=at_the_limits) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"held_since": NOW}, "hold"),
        ({"figures": {"writable": 0}}, "read_only"),
        ({"revision": "0125"}, "revision"),
        (
            {"processes": (Process("web", "0.1.0", 3), Process("worker", "0.0.9", 3))},
            "releases",
        ),
        ({"workers": 0}, "no_worker"),
        ({"figures": {"jobs_waiting": rules.JOBS_WAITING_MAX + 1}}, "jobs_waiting"),
        ({"figures": {"oldest_job:default": rules.JOB_AGE_MAX_S + 1}}, "job_late"),
        ({"figures": {"oldest_job:more": rules.JOB_AGE_MAX_S + 1}}, "job_late"),
        ({"figures": {"jobs_failed": 1}}, "jobs_failed"),
        ({"figures": {"turns_waiting": rules.TURNS_WAITING_MAX + 1}}, "turns_waiting"),
        ({"figures": {"mails_waiting": 20, "mails_delayed": 31}}, "mails_waiting"),
        ({"figures": {"mail_oldest": rules.MAIL_AGE_MAX_S + 1}}, "mails_waiting"),
        ({"given_up": 1}, "mails_given_up"),
        *(
            ({"figures": {f"last_run:{name}": LATE}}, f"{name}_late")
            for name in ("backup", "books", "audit")
        ),
        *(
            ({"figures": {f"findings:{name}": 1}}, f"{name}_findings")
            for name in ("books", "audit")
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_trouble_needs_attention(changes: dict[str, Any], code: str) -> None:
    assert codes(**changes) == [code]


def test_a_run_that_never_was_is_late() -> None:
    empty = replace(QUIET, figures=Figures({"writable": 1}))
    assert [found.code for found in attention(empty)] == ["backup_late", "books_late", "audit_late"]
