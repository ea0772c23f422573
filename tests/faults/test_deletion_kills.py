"""Kills of `flask agency delete` at random moments."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agencies.test_delete import delete, pass_days, rows_left
from tests.backup.conftest import Site, site_of
from tests.faults.commands import PATIENCE_S, Command
from tests.faults.conftest import Report, Rounds
from tests.faults.web import wait

KILLS = 50
KILLS_OF_ONE_AGENCY = 5
JOB = """
insert into procrastinate_jobs (queue_name, task_name, priority, lock, args, status)
  select 'default', 'mail.send', 0, null, jsonb_build_object('tenant_id', '{agency}'), state
    from unnest(array['todo', 'failed']::procrastinate_job_status[]) state
returning 1
"""


class Deletion:
    """An agency whose 30 days are over, with jobs and a signed statement."""

    def __init__(self, site: Site, name: str) -> None:
        self._site = site
        self.person = site.filled(name)
        self.agency = str(self.person.actor.tenant_id)
        assert site.run("audit", "sign", "--agency", self.agency).exit_code == 0
        assert delete(site, self.person).exit_code == 0
        pass_days(site, self.person, 31)
        site.ask(JOB.format(agency=self.agency))
        self.before, self.jobs_before = self.business_rows(), self.jobs()
        self._files = (site.folder / f"{self.agency}-{n}.zip" for n in itertools.count())

    def start(self) -> Command:
        """Start the command; each run names a new file."""
        return Command(self._site, "agency", "delete", self.agency, "--audit-to", next(self._files))

    def business_rows(self) -> dict[str, int]:
        """Return the number of rows by table, without those of the audit log."""
        found = rows_left(self._site, self.person)
        return {name: n for name, n in found.items() if not name.startswith("audit_")}

    def wait_until_empty(self, table: str, command: Command) -> None:
        """Wait until a running command has deleted the rows of one table."""
        some = f"select 1 from {table} where tenant_id = '{self.agency}' limit 1"
        wait(lambda: not self._site.ask(some), command.log, PATIENCE_S)

    def state(self) -> str:
        """Check that nothing is lost before the deletion has begun, and all after its end."""
        self._site.end_sessions()
        asked = "select finished_at is not null, document from agency_deletions where id"
        found = self._site.ask(f"{asked} = '{self.agency}'")
        if not found:
            assert self.business_rows() == self.before
            assert self.jobs() == self.jobs_before
            return "whole"
        ((is_finished, document),) = found
        if not is_finished:
            return "begun"
        assert rows_left(self._site, self.person) == {}
        assert self.jobs() == 0
        assert {"signature", "kid"} <= json.loads(document).keys()
        return "deleted"

    def jobs(self) -> int:
        """Return the number of jobs of the agency."""
        counted = "select count(*)::int from procrastinate_jobs where args->>'tenant_id'"
        ((found,),) = self._site.ask(f"{counted} = '{self.agency}'")
        return int(found)


@pytest.fixture
def site(server_urls: tuple[str, str], tmp_path: Path) -> Iterator[Site]:
    """An installation without agencies."""
    with site_of(server_urls, tmp_path) as made:
        yield made


def test_a_killed_deletion_leaves_the_whole_agency_or_is_finished_by_the_next_run(
    site: Site, seeded: random.Random, rounds: Rounds, report: Report
) -> None:
    other = site.filled("Other")
    site.drain()
    rows_of_other = rows_left(site, other)
    first = Deletion(site, "First")
    whole_s = first.start().finish()
    assert first.state() == "deleted"
    ends, kills = Counter[str](), rounds(KILLS)
    while kills > 0:
        dying = Deletion(site, f"Dying {kills}")
        for number in range(min(kills, KILLS_OF_ONE_AGENCY)):
            kills -= 1
            command = dying.start()
            if number % 2:
                tables = sorted(dying.before.keys() - {"tenants"})
                dying.wait_until_empty(seeded.choice(tables), command)
                command.kill_after(0, with_children=False)
            else:  # the first third is the start of Python
                moment_s = seeded.uniform(whole_s / 3, whole_s * 1.05)
                command.kill_after(moment_s, with_children=False)
            ends[dying.state()] += 1
            if dying.state() == "deleted":
                break
        else:
            dying.start().finish()
            assert dying.state() == "deleted"
        for arguments in ("books", "check"), ("audit", "verify"):
            done = site.run(*arguments)
            assert done.exit_code == 0, done.output
        assert rows_left(site, other) == rows_of_other
    report(f"{whole_s:.1f} s; states after kills: {dict(sorted(ends.items()))}")
