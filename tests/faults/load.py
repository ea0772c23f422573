"""Clients that read and write without pause, and the responses that they get."""

from __future__ import annotations

import http.client
import itertools
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask

from tests.faults.web import Web, web_processes, worker_process
from tests.people import People, Person
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db_connections import Purpose, parameters_for

CLIENTS = 20
PAUSE_S = 0.03
BROKEN = 0
"""Status of a response that did not arrive."""
TABLES = {"enquiry": "enquiries", "entry": "journal_entries", "draft": "invoices"}
"""Writes, each with the table of the row whose id the response has."""
READS = {
    "list": "/api/enquiries?limit=20",
    "report": "/api/reports/trial-balance",
    "person": "/api/auth/me",
    "page": "/enquiries",
}

DRAFT = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2024-06-10",
    "currency": "INR",
    "line_items": [{"description": "Dubai visa", "quantity": 1, "unit_price": "500.00"}],
}


@dataclass(frozen=True)
class Attempt:
    """One request and its response, if any. Times are those of `time.monotonic`."""

    kind: str
    began: float
    ended: float
    status: int
    retry_after: str | None = None
    detail: object = None
    id: str | None = None

    @property
    def is_success(self) -> bool:
        """Return True if the request had its effect."""
        return 200 <= self.status < 300

    @property
    def is_refusal(self) -> bool:
        """Return True for a 503 that says why and when to try again."""
        return self.status == 503 and self.retry_after is not None and self.detail is not None


class Client:
    """A person at a web process, by the API and by the browser."""

    def __init__(self, web: Web, person: Person) -> None:
        self._web, self._person = web, person
        cookie = person.browser.get_cookie("voyagent_session")
        assert cookie is not None
        self._cookie = f"{cookie.key}={cookie.value}"
        self._accounts = [
            account["id"]
            for account in person.api.get("/accounts?limit=200").json["items"]
            if not account["is_control"]
        ]

    def ask(self, kind: str, notes: str = "") -> Attempt:
        """Send one request and wait for its response; `notes` are those of an enquiry."""
        began = time.monotonic()
        method, path, body = self._request(kind, notes)
        sent = {"Cookie": self._cookie} if kind == "page" else {}
        person = None if kind == "page" else self._person
        try:
            answer = self._web.answer(method, path, body, person=person, **sent)
        except (OSError, http.client.HTTPException):
            return Attempt(kind, began, time.monotonic(), BROKEN)
        is_json = answer.headers.get_content_type() == "application/json"  # a proxy's error is not
        found = answer.json if is_json else {}
        return Attempt(
            kind,
            began,
            time.monotonic(),
            answer.status,
            answer.headers["Retry-After"],
            found.get("detail") or answer.content[:80],
            found.get("id"),
        )

    def _request(self, kind: str, notes: str) -> tuple[str, str, Any]:
        if kind in READS:
            return "GET", READS[kind], None
        if kind == "enquiry":
            return "POST", "/api/enquiries", {"customer_name": "Ravi", "notes": notes or None}
        if kind == "draft":
            return "POST", "/api/invoices", DRAFT
        debit, credit = self._accounts[:2]
        lines = [
            {"account_id": debit, "currency": "INR", "debit_amount": "10.00"},
            {"account_id": credit, "currency": "INR", "credit_amount": "10.00"},
        ]
        entry = {"narration": "By hand", "entry_date": "2024-06-10", "lines": lines}
        return "POST", "/api/journal-entries", entry


class Load:
    """Clients, by default twenty, that take turns at all kinds of reads and writes."""

    def __init__(self, web: Web, people: Sequence[Person]) -> None:
        self._clients = [Client(web, person) for person in people]
        self.attempts: list[Attempt] = []

    @contextmanager
    def running(self, clients: int = CLIENTS) -> Iterator[None]:
        """Keep the clients busy until the block ends."""
        over = threading.Event()

        def work(number: int) -> None:
            client = self._clients[number % len(self._clients)]
            kinds = itertools.cycle([*READS, *TABLES])
            for kind in itertools.islice(kinds, number, None):
                self.attempts.append(client.ask(kind))
                if over.wait(PAUSE_S):
                    return

        with ThreadPoolExecutor(clients) as pool:
            working = [pool.submit(work, number) for number in range(clients)]
            try:
                yield
            finally:
                over.set()
            for one in working:
                one.result()

    def send(self, kinds: Iterable[str], notes: Callable[[], str] = str) -> list[Attempt]:
        """Send one request of each kind, eight at a time; return the responses."""
        numbered = list(enumerate(kinds))
        with ThreadPoolExecutor(8) as pool:
            sent = list(
                pool.map(
                    lambda pair: self._clients[pair[0] % len(self._clients)].ask(pair[1], notes()),
                    numbered,
                )
            )
        self.attempts += sent
        return sent

    def failed_in(self, since: float, until: float = float("inf")) -> list[Attempt]:
        """Return the failures of requests that were sent and answered in a period."""
        return [
            attempt
            for attempt in self.attempts
            if since <= attempt.began and attempt.ended < until and not attempt.is_success
        ]

    def seconds_until_success(self, since: float, *kinds: str) -> float:
        """Return the seconds from a moment to the first success that began after it."""
        return (
            min(
                attempt.ended
                for attempt in self.attempts
                if attempt.is_success
                and attempt.began >= since
                and attempt.kind in (kinds or (*READS, *TABLES))
            )
            - since
        )

    def check_refusals(self) -> Counter[int]:
        """Check that every failure is a complete 503 or a broken connection.

        Returns the number of responses by status.
        """
        wrong = [
            attempt
            for attempt in self.attempts
            if not (attempt.is_success or attempt.is_refusal or attempt.status == BROKEN)
        ]
        assert wrong == [], (len(wrong), wrong[:3])
        return Counter(attempt.status for attempt in self.attempts)

    def check_stored(self, settings: Settings, *, exactly: bool = False) -> int:
        """Check that each acknowledged write is in the database; return their number.

        With `exactly` no other row may be in the tables.
        """
        acknowledged: dict[str, set[str]] = {table: set() for table in TABLES.values()}
        for attempt in self.attempts:
            if attempt.is_success and attempt.kind in TABLES and attempt.id is not None:
                acknowledged[TABLES[attempt.kind]].add(attempt.id)
        with psycopg.connect(**parameters_for(settings, Purpose.MIGRATE)) as owner:
            for table, ids in acknowledged.items():
                found = {
                    id_ for (id_,) in owner.execute(f"select id::text from {table}").fetchall()
                }
                assert ids <= found, f"{len(ids - found)} acknowledged rows of {table} are lost"
                assert not exactly or ids == found, f"{len(found - ids)} refused rows of {table}"
        return sum(map(len, acknowledged.values()))


@dataclass
class Site:
    """The running program: two web processes, a worker, and people of two agencies."""

    web: Web
    worker: subprocess.Popen[bytes]
    logs: tuple[Path, ...]
    people: list[Person]

    def __post_init__(self) -> None:
        self.load = Load(self.web, self.people)
        self._processes = set(self.web.workers())

    def check_processes(self) -> None:
        """Check that no process of the program has ended."""
        assert set(self.web.workers()) == self._processes, self.web.log_end()
        assert self.worker.poll() is None, self.logs[-1].read_text()[-3000:]

    def log_bytes(self) -> int:
        """Return the size of all logs of the program."""
        return sum(log.stat().st_size for log in self.logs)

    def turn_s(self) -> float:
        """Return the seconds of a turn of the assistant."""
        return self.web.turn(self.people[0])[1]


@contextmanager
def site(settings: Settings, folder: Path) -> Iterator[Site]:
    """Run the program until the block ends."""
    app = create_app(settings)
    people = [
        People(app).sign_up("Alice Owner", agency="Alice Travels"),
        People(app).sign_up("Charlie Stranger", agency="Charlie Tours"),
    ]
    with (
        worker_process(settings, folder) as worker,
        web_processes(settings, folder, processes=2) as web,
    ):
        yield Site(web, worker, (web.log, folder / "worker.log"), people)


def check_books(app: Flask) -> None:
    """Check books and audit logs of all agencies with the commands of the program."""
    for command in (["books", "check"], ["audit", "verify"]):
        done = app.test_cli_runner().invoke(args=command)
        assert done.exit_code == 0, done.output
