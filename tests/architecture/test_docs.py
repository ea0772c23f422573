"""Documentation must match the code.

Packages, settings, limits, metrics, links and decisions are compared.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import click
import flask_migrate.cli
import pytest
from flask import Flask
from pydantic import SecretStr

from tests.processes import gunicorn_settings
from voyagent import cli
from voyagent.__main__ import web
from voyagent.approvals.service import deciding, time_limits
from voyagent.assistant import schemas
from voyagent.assistant.api import event_stream
from voyagent.assistant.queries import interpretation
from voyagent.billing.core.queries import kept_papers
from voyagent.billing.core.service import charges
from voyagent.billing.payments.service import deducting
from voyagent.drivers.paper import processes, tables, typesetter
from voyagent.drivers.suppliers import guard
from voyagent.http import buffering, intake, sending
from voyagent.identity.rules import passwords
from voyagent.imports.service import files as imports
from voyagent.kernel import housekeeping, queues, sheets
from voyagent.kernel.config import Settings
from voyagent.kernel.database import copy_export, read_connections, session_pool
from voyagent.kernel.database.connection_budget import connections_of
from voyagent.kernel.db_connections import Purpose
from voyagent.kernel.limits import Quota, long_work, places, throttles
from voyagent.kernel.text import amounts, passages
from voyagent.privacy.service import erasure, retention, searches
from voyagent.reports import tasks as report_tasks
from voyagent.reports.queries import checks
from voyagent.reports.service import files as report_files
from voyagent.settings.models import TenantSettings

ROOT = Path(__file__).resolve().parents[2]
TOUR = (ROOT / "docs" / "tour.md").read_text()
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
LIMITS = (ROOT / "docs" / "limits.md").read_text()
SECURITY = (ROOT / "docs" / "security.md").read_text()
MANUALS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
DECISIONS = ROOT / "docs" / "decisions"
ITEMS_OF_LEVEL_2 = 246
"""Items of levels 1 and 2 in chapters V1 to V16 of ASVS 5.0.0."""
ITEM = r"^\| (\d+\.\d+\.\d+) \|[^|]*\| \**([a-z ]+?)\** \|[^|]*\|[^|]*\|$"
RESULTS = ["met", "partly", "not met", "operator", "not applicable"]
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives"]
KNOWN_TO_EVERYBODY = {
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs",
    "pyproject.toml",
    "package.json",
    "package-lock.json",
    "babel.cfg",
    "voyagent",
}


def _tracked() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return listing.stdout.split()


@pytest.mark.parametrize(
    "room",
    sorted(path.name for path in (ROOT / "voyagent").iterdir() if (path / "__init__.py").exists()),
)
def test_the_tour_names_every_package(room: str) -> None:
    assert f"`voyagent/{room}/`" in TOUR


def test_the_tour_names_every_top_level_entry() -> None:
    top = {name.split("/")[0] for name in _tracked()}
    hidden_or_known = {
        name for name in top if name.startswith((".", "requirements")) or name in KNOWN_TO_EVERYBODY
    }
    missing = {
        name
        for name in top - hidden_or_known
        if f"`{name}`" not in TOUR and f"`{name}/`" not in TOUR
    }
    assert not missing


def test_every_package_docstring_states_its_purpose() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "voyagent").rglob("*.py")
        if not path.read_text().lstrip().startswith('"""')
    ]
    assert silent == []


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_operations_page_lists_every_setting(name: str) -> None:
    variable = "VOYAGENT_" + name.upper()
    short = "…_" + name.upper().removeprefix("AUTH_ARGON2_")
    assert f"`{variable}`" in OPERATIONS or f"`{short}`" in OPERATIONS


def test_the_operations_page_lists_no_other_setting() -> None:
    tables = re.findall(r"^\| (`(?:VOYAGENT_|PORT)[^|]*)\|", OPERATIONS, re.MULTILINE)
    listed = {name for cell in tables for name in re.findall(r"`(VOYAGENT_\w+)`", cell)}
    assert listed <= {"VOYAGENT_" + name.upper() for name in Settings.model_fields}


def test_the_program_has_the_version_of_its_wheel() -> None:
    """Otherwise a new release would show the version of the one before."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert Settings.model_fields["version"].default == project["version"]
    assert f"| `{project['version']}`; the commit from which" in OPERATIONS


def test_no_process_reads_a_setting_past_the_settings() -> None:
    """Otherwise a variable would not work as a file, or not in every process."""
    sources = [ROOT / "wsgi.py", ROOT / "gunicorn.conf.py", *(ROOT / "voyagent").rglob("*.py")]
    read = {
        name
        for source in sources
        for name in re.findall(
            r"os\.(?:environ\.get\(|environ\[|getenv\()\s*\"(\w+)", source.read_text()
        )
    }
    assert "VOYAGENT_PARENT_PID" in read
    settings = {"VOYAGENT_" + name.upper() for name in Settings.model_fields}
    assert read & (settings | {"PORT", "ANTHROPIC_API_KEY"}) == set()


def test_the_operations_page_lists_every_metric() -> None:
    source = "".join(
        (ROOT / "voyagent" / room / "metrics.py").read_text() for room in ("kernel", "http")
    )
    families = set(re.findall(r'"(voyagent_[a-z_]+)"', source))
    assert len(families) > 10
    assert {family for family in families if f"`{family}`" not in OPERATIONS} == set()


@pytest.mark.parametrize("throttle", throttles.ALL, ids=lambda throttle: throttle.name)
def test_the_page_of_limits_lists_every_rate_limit(throttle: throttles.Throttle) -> None:
    (row,) = re.findall(
        rf"^\| `{throttle.name}`[^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$",
        LIMITS,
        re.MULTILINE,
    )
    shared = throttle.bucket and throttle is not throttles.SIGN_IN
    assert [cell.strip() for cell in row] == [
        "shared with `sign_in`" if shared else _in_words_of_accounts(throttle),
        _in_words(throttle.agency),
        _in_words(throttle.address),
        _in_words(throttle.overall),
    ]


def _in_words_of_accounts(throttle: throttles.Throttle) -> str:
    words = _in_words(throttle.account)
    if not throttle.everywhere:
        return words
    return f"{words} from one agency, {_in_words(throttle.everywhere)} from all"


@pytest.mark.parametrize("is_known", [True, False])
def test_the_page_of_limits_lists_the_shares_of_an_overall_limit(is_known: bool) -> None:
    place = f"{'a known' if is_known else 'an unknown'} place"
    ceiling = throttles.CEILINGS[is_known]
    assert f"| {place} that is busy | {ceiling.busy:.0%} |".replace("%", " %") in LIMITS
    assert f"| {place} | {ceiling.quiet:.0%} |".replace("%", " %") in LIMITS
    assert f"more than {throttles.BUSY_ABOVE:.0%} of".replace("%", " %") in LIMITS


_MIB = 1024 * 1024
_THREADS = gunicorn_settings()["threads"]
FIGURES = {
    "exports": (
        copy_export.SLOTS,
        copy_export.AGENCY_SLOTS,
        copy_export.AGENCY_WAITING,
        copy_export.WAIT_S,
        copy_export.ADDRESS_SLOTS,
    ),
    "polling": (long_work.POLLING, long_work.AGENCY_POLLING),
    "searches": (
        long_work.SEARCHES,
        long_work.SEARCHES_WAITING,
        long_work.ERASURES_WAITING,
        searches.WAIT_S,
        searches.SEARCH_S,
        erasure.ERASE_S,
        searches.SEARCH_REFUSED_S,
        searches.ERASURE_REFUSED_S / 60,
    ),
    "files": (
        copy_export.SLOTS,
        copy_export.SMALL_ROWS,
        sheets.ROWS_IN_REQUEST,
        copy_export.AGENCY_SLOTS,
        copy_export.FILES_WAITING,
    ),
    "typesetters": (processes.PROCESSES, processes.WAIT_S),
    "document_memory": (
        processes.MEMORY_MAX // _MIB,
        typesetter.KEPT_BYTES_MAX // _MIB,
        typesetter.DOCUMENTS_MAX,
    ),
    "document_time": (processes.CPU_MAX_S, processes.TIME_MAX_S),
    "slow_client": (
        copy_export.FLOOR_BYTES_PER_S // 1024,
        copy_export.FLOOR_CHECK_S,
        copy_export.AWAITED_BYTES_PER_S // 1024,
        copy_export.AWAITED_OVER_S,
    ),
    "export_time": (copy_export.TIME_LIMIT_S,),
    "reads": (read_connections.WAIT_S, places.QUEUE_MAX),
    "writes": (session_pool.WAIT_S, places.QUEUE_MAX),
    "imports": (
        imports.WAIT_S,
        long_work.IMPORTS,
        long_work.SMALL_ROWS,
        long_work.AGENCY_POLLING,
        long_work.POLLING,
    ),
    "jobs": (
        sum(places for names, places in queues.PLACES.items() if queues.FIRST in names),
        queues.PLACES[(queues.FIRST,)],
    ),
    "large_files": (sheets.ROWS_IN_REQUEST, queues.PLACES[(queues.REPORTS,)]),
    "large_files_open": (report_files.OPEN_MAX,),
    "large_file_memory": (report_tasks.MEMORY_MAX // _MIB,),
    "agency_time": (housekeeping.AGENCY_MAX_S,),
    "trip_names": (retention.SEARCHED_MAX // 1_000_000, retention.COMPILED_SIZE),
    "large_file_time": (report_tasks.TIME_MAX_S,),
    "large_file_kept": (report_files.KEPT_FOR.total_seconds() // 3600,),
    "file_rows": (sheets.LINES_MAX, tables.ROWS_MAX),
    "turns": (
        TenantSettings.__table__.c.rate_limit_per_minute.server_default.arg.text,
        TenantSettings.__table__.c.rate_limit_per_hour.server_default.arg.text,
    ),
    "streams": (Settings.model_fields["streams_max"].default, event_stream.PER_PERSON_MAX),
    "supplier_calls": (guard.HANGING_MAX,),
    "body": (
        intake.BODY_BYTES_MAX // 1024,
        intake.AUTH_BODY_BYTES_MAX // 1024,
        buffering.CHUNKS_MAX,
    ),
    "query": (intake.QUERY_BYTES_MAX // 1024, intake.QUERY_PAIRS_MAX),
    "json": (intake.DEPTH_MAX, intake.MEMBERS_MAX, intake.TOKENS_MAX),
    "fields": (intake.FIELDS_MAX, intake.PARTS_MAX),
    "kept_papers_checked": (kept_papers.CHECKED_MAX,),
    "field": (passages.FIELD_MAX, amounts.FIGURES_MAX),
    "unfinished_requests": (
        buffering.BUFFERED_BYTES_MAX // _MIB,
        buffering.HEADER_BYTES_MAX // 1024,
    ),
    "message": (schemas.MESSAGE_MAX, interpretation.READ_MAX),
    "slow_readers": (
        buffering.SLOW_READERS_MAX,
        sending.REST_BYTES_MAX // _MIB,
        sending.ADDRESS_RESTS_BYTES_MAX // _MIB,
        sending.RESTS_BYTES_MAX // _MIB,
        sending.WAITING_BYTES_MAX // _MIB,
        sending.READ_BYTES_PER_S // 1024,
        Settings.model_fields["http_send_s"].default,
    ),
    "charge_share": (charges.CHARGE_SHARE.percent,),
    "tds_share": (deducting.TDS_SHARE.percent,),
    "decisions": (deciding.BATCH_MAX, time_limits.DECISION_MAX_S),
    "long_decisions": (
        long_work.DECISIONS,
        long_work.AGENCY_DECISIONS_WAITING,
        long_work.DECISIONS_WAITING,
        time_limits.WAIT_S,
    ),
    "hashes": (
        passwords.WAIT_S,
        passwords.ADDRESS_WAITING_MAX,
        passwords.STRANGERS_WAITING_MAX,
    ),
}


def test_there_are_more_threads_than_may_wait() -> None:
    waiting = (
        Settings.model_fields["streams_max"].default,
        buffering.SLOW_READERS_MAX,
        3 * places.QUEUE_MAX,  # writes, writes without an agency, reads
        long_work.SEARCHES_WAITING + long_work.ERASURES_WAITING,
        long_work.DECISIONS_WAITING + 3 * long_work.POLLING,
        copy_export.EXPORTS_WAITING + 2 * copy_export.ALL_FILES_WAITING,
        passwords.ADDRESS_WAITING_MAX + passwords.STRANGERS_WAITING_MAX,
    )
    assert sum(waiting) <= _THREADS - 16


@pytest.mark.parametrize("name", FIGURES)
def test_the_page_of_limits_has_the_figures_of_the_code(name: str) -> None:
    (row,) = re.findall(rf"^\| `{name}`.*$", LIMITS, re.MULTILINE)
    numbers = row.replace(",", "").split()
    assert [each for each in FIGURES[name] if f"{float(each):.0f}" not in numbers] == []


def test_the_page_of_limits_has_no_other_limit() -> None:
    names = re.findall(r"^\| `([a-z_]+)`", LIMITS, re.MULTILINE)
    assert sorted(names) == sorted([*FIGURES, *(throttle.name for throttle in throttles.ALL)])


def test_the_operations_page_has_the_connections_of_each_process() -> None:
    settings = Settings(auth_secret=SecretStr("x" * 32))
    web, worker = (
        connections_of(settings, process).total() for process in (Purpose.WEB, Purpose.WORKER)
    )
    assert f"a web process opens up to {web} connections and a worker up to {worker}" in OPERATIONS


def test_actions_that_share_a_bucket_with_sign_in_have_its_limits() -> None:
    assert {one.account for one in throttles.ALL if one.bucket} == {throttles.SIGN_IN.account}


def test_the_operations_page_lists_every_check_of_the_books() -> None:
    table = OPERATIONS.split("| check | what must hold |\n")[1].split("\n\n")[0]
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, )?)+) \|", table, re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`([a-z_]+)`", row)]
    assert listed == list(checks.CHECKS)


def test_the_security_page_names_existing_tests() -> None:
    named = set(re.findall(r"`([\w/]+\.py)::(test_\w+)`", SECURITY))
    assert len(named) > 100
    files = {file: ROOT / "tests" / file for file, _ in named}
    assert [file for file, path in files.items() if not path.exists()] == []
    defined = {
        (file, test)
        for file, path in files.items()
        for test in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert named - defined == set()


def test_the_summary_of_the_security_page_equals_its_tables() -> None:
    summary, tables = SECURITY.split("## All items")
    rows = re.findall(ITEM, tables, re.MULTILINE)
    items = [item for item, _ in rows]
    assert len(items) == len(set(items)) == ITEMS_OF_LEVEL_2
    unmet, partly, operator = summary.split("## Items that are not met")[1].split("\n\n")[2:5]
    for result, part in {"not met": unmet, "partly": partly, "operator": operator}.items():
        listed = re.findall(r"\d+\.\d+\.\d+", part)
        assert listed == [item for item, said in rows if said == result]
    results = [result for _, result in rows]
    counts = re.findall(r"\d+", summary.split("## Items that are not met")[1].split("These")[0])
    assert [int(count) for count in counts] == [
        len(rows),
        *(results.count(result) for result in RESULTS),
    ]


@pytest.mark.parametrize("name", ["tour.md", "extend.md"])
def test_paths_in_backquotes_exist(name: str) -> None:
    text = re.sub(r"(?ms)^```.*?^```$", "", (ROOT / "docs" / name).read_text())
    paths = re.findall(r"`([\w.-]+/[\w./*-]*)`", text)
    assert len(paths) > 10
    assert [path for path in paths if not any(ROOT.glob(path))] == []


@pytest.mark.parametrize("page", MANUALS, ids=lambda page: page.stem)
def test_commands_in_the_manuals_exist(page: Path) -> None:
    commands = re.findall(
        r"(?:\bflask |(?:^|`|/)voyagent )([a-z][a-z-]+)(?: ([a-z][a-z-]*))?",
        page.read_text(),
        re.MULTILINE,
    )
    assert [words for words in commands if not _is_command(*words)] == []
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("0*.md")), ids=lambda page: page.stem)
def test_a_decision_has_its_four_sections_and_a_line_in_the_index(page: Path) -> None:
    title = page.read_text().splitlines()[0].removeprefix("# ")
    assert re.findall(r"^## (.*)$", page.read_text(), re.MULTILINE) == SECTIONS
    assert title.startswith(f"{int(page.name[:4])}. ")
    assert f"- [{title}]({page.name})\n" in (DECISIONS / "README.md").read_text()


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name[:4]) for page in sorted(DECISIONS.glob("0*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", [name for name in _tracked() if name.endswith(".md")])
def test_links_in_the_documentation_lead_to_a_file(name: str) -> None:
    page = ROOT / name
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def _is_command(name: str, sub: str) -> bool:
    app = Flask("docs")
    app.cli.add_command(flask_migrate.cli.db)
    app.cli.add_command(web)
    cli.register(app, Settings(auth_secret=SecretStr("x" * 32)))
    command = app.cli.commands.get(name)
    if not isinstance(command, click.Group):
        return command is not None
    return command.invoke_without_command or sub in command.commands


PERIODS = {throttles.MINUTE: "a minute", throttles.HOUR: "an hour", throttles.DAY: "a day"}


def _in_words(quotas: tuple[Quota, ...]) -> str:
    return ", ".join(f"{quota.amount} {PERIODS[quota.seconds]}" for quota in quotas)
