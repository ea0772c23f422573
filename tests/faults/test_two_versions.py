"""Two releases bill on one schema, while it is upgraded."""

from __future__ import annotations

import http.client
import itertools
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from tests.conftest import fresh_database
from tests.faults.conftest import Report, Rounds
from tests.faults.load import check_books
from tests.faults.previous_release import ReleaseMissing, extract, run_command
from tests.faults.web import Web, web_processes, worker_process
from tests.people import PASSWORD
from voyagent.drivers.postgres.launcher import BACKUP_ROLE
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.database.start_checks import SCHEMA_TO, UPGRADE_FROM
from voyagent.kernel.db_connections import Purpose, parameters_for

CLIENTS, PHASE_S = 8, 30
AFTERWARDS = (["books", "link-parties"],)
"""Commands that docs/operations.md says to run after the upgrade."""
DAY, AMOUNT = "2024-06-10", "500.00"
LINES = [{"description": "Dubai visa", "quantity": 1, "unit_price": AMOUNT}]
HOTEL = {
    "kind": "hotel",
    "name": "Marsa Creek Hotel",
    "city": "Dubai",
    "country": "AE",
    "check_in": "2026-12-19",
    "check_out": "2026-12-23",
}


@dataclass
class Clerk:
    """A client of an agency who bills, is paid, pays, voids and cancels without pause."""

    token: str
    web: Web
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def work(self, over: threading.Event) -> None:
        """Repeat the round of acts until the event."""
        for number in itertools.count():
            if over.is_set():
                return
            try:
                self._round(number)
            except AssertionError as error:
                self.wrong.append(str(error))
                time.sleep(0.05)

    def _round(self, number: int) -> None:
        trip = self._ask("POST", "/trips", title=f"Dubai {number}", currency="INR")["id"]
        line = self._ask("POST", f"/trips/{trip}/lines", details=HOTEL, price=AMOUNT)["id"]
        invoice = self._invoice(trip)
        self._ask("POST", f"/invoices/{invoice}/receipts")
        bill = self._ask(
            "POST",
            "/bills",
            vendor_name="Malabar Tours",
            vendor_reference=secrets.token_hex(8),
            issue_date=DAY,
            currency="INR",
            line_items=LINES,
            trip_id=trip,
        )["id"]
        self._ask("POST", f"/bills/{bill}/receive")
        payment = self._ask(
            "POST",
            "/payments",
            direction="out",
            party_name="Malabar Tours",
            currency="INR",
            amount=AMOUNT,
            paid_on=DAY,
            account="bank",
        )["id"]
        parts = [{"document_id": bill, "amount": AMOUNT}]
        self._ask("POST", f"/payments/{payment}/allocate", allocations=parts)
        self._ask("POST", f"/invoices/{self._invoice(trip)}/void", reason="A mistake")
        self._ask("POST", f"/trips/{trip}/lines/{line}/cancel")
        assert self._ask("GET", f"/invoices/{invoice}")["status"] == "paid"
        self.done["rounds"] += 1

    def _invoice(self, trip: str) -> str:
        invoice = self._ask(
            "POST",
            "/invoices",
            customer_name="Deepa Krishnan",
            issue_date=DAY,
            currency="INR",
            line_items=LINES,
            trip_id=trip,
        )["id"]
        self._ask("POST", f"/invoices/{invoice}/issue")
        self.done["invoices"] += 1
        return str(invoice)

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        began = time.monotonic()
        sent = {"Authorization": f"Bearer {self.token}"}
        try:
            answer = self.web.answer(method, f"/api{path}", body, **sent)
        except (OSError, http.client.HTTPException) as error:
            raise AssertionError(f"{method} {path}: {error!r}") from None
        self.seconds.append(time.monotonic() - began)
        assert answer.status < 300, f"{method} {path}: {answer.status} {answer.content[:300]!r}"
        return answer.json


@contextmanager
def at_work(clerks: Sequence[Clerk]) -> Iterator[None]:
    """Keep the clients busy until the block ends, and check that every act succeeded."""
    over = threading.Event()
    with ThreadPoolExecutor(len(clerks)) as pool:
        working = [pool.submit(clerk.work, over) for clerk in clerks]
        try:
            yield
        finally:
            over.set()
        for one in working:
            one.result()
    wrong = [sentence for clerk in clerks for sentence in clerk.wrong]
    assert wrong == [], f"{len(wrong)} failed, such as {wrong[:3]}"


def signed_up(web: Web, name: str) -> str:
    """Sign up an agency; return the access token of its administrator."""
    answer = web.answer(
        "POST",
        "/api/auth/sign-up",
        {
            "email": f"{name.lower()}-{secrets.token_hex(5)}@example.com",
            "password": PASSWORD,
            "full_name": f"{name} Owner",
            "agency_name": f"{name} Travels",
        },
    )
    assert answer.status == 201, answer.content
    return str(answer.json["access_token"])


@pytest.fixture
def code(tmp_path: Path, report: Report) -> Path:
    """The code of the release before; without it the test is skipped."""
    try:
        folder = extract(tmp_path / "before")
    except ReleaseMissing as error:
        report(f"NOT TESTED, because {error}")
        pytest.skip(str(error))
    newest = max(path.name for path in (folder / "migrations" / "versions").glob("[0-9]*.py"))
    assert newest.startswith(UPGRADE_FROM), "UPGRADE_FROM is the revision of the release before"
    return folder


@pytest.fixture
def settings(server_urls: tuple[str, str], tmp_path: Path, code: Path) -> Iterator[Settings]:
    """A database that the release before has created."""

    def migrate(made: Settings) -> None:
        run_command(code, made, "migrate-up")

    with fresh_database(server_urls, tmp_path / "data", migrate) as made:
        backup_url = sa.make_url(made.db_admin_url or "").set(username=BACKUP_ROLE)
        yield made.model_copy(
            update={"db_backup_url": backup_url.render_as_string(hide_password=False)}
        )


def test_a_clone_without_the_release_before_says_what_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(ReleaseMissing, match=r"run `git fetch --depth 1 origin 0{40}`"):
        extract(tmp_path, "0" * 40)


def test_nobody_notices_an_upgrade(
    settings: Settings, code: Path, tmp_path: Path, rounds: Rounds, report: Report
) -> None:
    phase_s = rounds(PHASE_S)
    (passphrase := tmp_path / "passphrase").write_text("nine wooden spoons\n")
    upgrade = ["upgrade", str(tmp_path / "before.tar"), "--passphrase-file", str(passphrase)]
    for name in "old", "new":
        (tmp_path / name).mkdir()
    with web_processes(settings, tmp_path / "old", processes=1, root=code) as old:
        tokens = [signed_up(old, name) for name in ("Alice", "Charlie")]
        clerks = [Clerk(tokens[number % 2], old) for number in range(CLIENTS)]
        with worker_process(settings, tmp_path / "old", root=code), at_work(clerks):
            time.sleep(phase_s)
            done = create_app(settings).test_cli_runner().invoke(args=upgrade)
            assert done.exit_code == 0, done.output
            for command in AFTERWARDS:
                done = create_app(settings).test_cli_runner().invoke(args=command)
                assert done.exit_code == 0, done.output
            time.sleep(phase_s)
            with (
                worker_process(settings, tmp_path / "new"),
                web_processes(settings, tmp_path / "new", processes=1) as new,
            ):
                for clerk in clerks[::2]:
                    clerk.web = new
                time.sleep(phase_s)
                for clerk in clerks:
                    clerk.web = new
                time.sleep(phase_s)
                for clerk in clerks:
                    clerk.web = old
    with psycopg.connect(**parameters_for(settings, Purpose.MIGRATE)) as owner:
        found = owner.execute(
            "select max(version_num), (select count(*) from invoices where number is not null)"
            " from alembic_version"
        ).fetchone()
    invoices = sum(clerk.done["invoices"] for clerk in clerks)
    assert found == (SCHEMA_TO, invoices), "every acknowledged invoice is stored"
    check_books(create_app(settings))
    longest_s = max(max(clerk.seconds) for clerk in clerks)
    report(
        f"{sum(len(clerk.seconds) for clerk in clerks)} requests and {invoices} invoices, none"
        f" failed; the longest response took {longest_s:.1f} s"
    )
