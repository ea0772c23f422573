"""The operator's page in a browser: sign-in, state, failed jobs and agencies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg

from tests.e2e.browsing import LOOKS, Visit, sign_up, visiting
from tests.e2e.conftest import OPERATOR_TOKEN, Site
from voyagent.kernel.db_connections import Purpose, parameters_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FAILED = """
with made as (
  insert into procrastinate_jobs (queue_name, task_name, args, status, attempts)
  select 'default', 'privacy.retention', jsonb_build_object('tenant_id', id), 'doing', 10
    from tenants order by id desc limit 1 returning id)
select count(*) from made
"""


def fail_a_job(site: Site) -> None:
    """Let a job of the newest agency fail for good."""
    with psycopg.connect(**parameters_for(site.settings, Purpose.MIGRATE)) as owner:
        owner.execute(FAILED)
        owner.execute("update procrastinate_jobs set status = 'failed' where attempts = 10")


def test_an_operator_sees_the_state_and_runs_a_job_again(browser: Browser, site: Site) -> None:
    with visiting(browser, LOOKS[0], base_url=site.address) as visit:
        sign_up(visit.page)
    fail_a_job(site)
    with visiting(browser, *LOOKS, base_url=site.address) as visit:
        as_operator(visit)


def as_operator(visit: Visit) -> None:
    """Sign in with the token, look at each page, and run a failed job again."""
    page = visit.page
    page.goto("/operator")
    visit.looks_right()
    page.get_by_label("Token").fill(OPERATOR_TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="State of the installation").wait_for()
    page.get_by_text(re.compile(r"Failed jobs: \d")).wait_for()
    visit.looks_right()
    page.get_by_role("link", name="Agencies").click()
    agency = page.get_by_role("link", name="Malabar Gulf Travels").first
    agency.wait_for()
    visit.looks_right()
    agency.click()
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
