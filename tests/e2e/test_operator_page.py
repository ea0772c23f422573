"""The operator's page in a browser: sign-in, state, failed jobs and agencies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.conftest import fresh_database
from tests.e2e.browsing import LOOKS, PASSWORD, Look, Visit, expect, visiting
from tests.e2e.conftest import Site, site_of
from voyagent.kernel.db_connections import Purpose, parameters_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TOKEN = "operators-token-" + "0" * 32
FAILED = """
with made as (
  insert into procrastinate_jobs (queue_name, task_name, args, status, attempts)
  select 'default', 'privacy.retention', jsonb_build_object('tenant_id', id), 'doing', 10
    from tenants returning id)
select count(*) from made
"""


@pytest.fixture(scope="module")
def installation(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A program of its own with an operator's token."""
    with fresh_database(server_urls, tmp_path_factory.mktemp("data")) as settings:
        logs = tmp_path_factory.mktemp("operated")
        yield from site_of(settings, logs, VOYAGENT_OPERATOR_TOKEN=TOKEN)


def sign_up(visit: Visit) -> None:
    """Create an agency."""
    page = visit.page
    page.goto("/sign-up")
    page.get_by_label("Agency name").fill("Malabar Gulf Travels")
    page.get_by_label("Your name").fill("Neha Sharma")
    page.get_by_label("E-mail").fill("neha@malabargulf.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create agency").click()
    expect(page).to_have_url(re.compile(r"/$"))


def fail_a_job(installation: Site) -> None:
    """Let a job of each agency fail for good."""
    parameters = parameters_for(installation.settings, Purpose.MIGRATE)
    with psycopg.connect(**parameters) as owner:
        owner.execute(FAILED)
        owner.execute("update procrastinate_jobs set status = 'failed' where attempts = 10")


def test_an_operator_sees_the_state_and_runs_a_job_again(
    browser: Browser, installation: Site
) -> None:
    with visiting(browser, LOOKS[0], base_url=installation.address) as visit:
        sign_up(visit)
    for look in LOOKS:
        fail_a_job(installation)
        with visiting(browser, look, base_url=installation.address) as visit:
            as_operator(visit, look)


def as_operator(visit: Visit, look: Look) -> None:
    """Sign in with the token, look at each page, and run a failed job again."""
    page = visit.page
    page.goto("/operator")
    visit.looks_right()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="State of the installation").wait_for()
    page.get_by_text(re.compile(r"Failed jobs: \d")).wait_for()
    visit.looks_right()
    page.get_by_role("link", name="Agencies").click()
    page.get_by_role("link", name="Malabar Gulf Travels").wait_for()
    visit.looks_right()
    page.get_by_role("link", name="Malabar Gulf Travels").click()
    page.get_by_role("heading", name="Mails given up").wait_for()
    visit.looks_right()
    page.get_by_role("link", name="Failed jobs").click()
    page.get_by_role("heading", name="Failed jobs").wait_for()
    visit.looks_right()
    page.get_by_role("button", name="Run again").first.click()
    page.get_by_text("The job runs again.").wait_for()
    visit.looks_right()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Token").wait_for()
