"""Web processes of the program on a free port, observed from outside."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.assistant.line import INVOICE
from tests.people import Person
from tests.processes import ROOT, end, worker_environment
from voyagent.http.metrics import TOKEN_HEADER
from voyagent.kernel.config import Settings

PATIENCE_S = 60
FRAME = re.compile(rb"id: (\d+)\nevent: agent_event\ndata: ([^\n]+)\n\n")
LISTENS, HAS_ENDED = (
    "0A",
    ("06", "07"),
)  # states of a socket in /proc/net/tcp: the last two are TIME_WAIT and CLOSE


@dataclass(frozen=True)
class Answer:
    """A response that was read to its end."""

    status: int
    headers: Message
    content: bytes

    @property
    def json(self) -> Any:
        """Return the body, read as JSON."""
        return json.loads(self.content)


class Web:
    """gunicorn with several processes, as in production."""

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        processes: int,
        variables: Mapping[str, str],
        app: str = "wsgi:app",
        *,
        graceful_s: int = 2,
        root: Path = ROOT,
    ) -> None:
        self.port = free_port()
        self.processes = processes
        self.broken = self.away = 0
        self.started_s = 0.0
        self.log = folder / "web.log"
        self._numbers = folder / "numbers"
        self._metrics_token = secrets.token_hex(16)
        self._command = [
            sys.executable,
            "-m",
            "gunicorn",
            app,
            "--workers",
            str(processes),
            "--bind",
            f"127.0.0.1:{self.port}",
            "--graceful-timeout",
            str(graceful_s),
        ]
        self._environment = worker_environment(settings) | {
            "VOYAGENT_METRICS_DIR": str(self._numbers),
            "VOYAGENT_METRICS_TOKEN": self._metrics_token,
            "VOYAGENT_AUTH_SKIP_EMAIL_VERIFICATION": "true",
            "VOYAGENT_LIMIT_SCALE": "10000",
            "VOYAGENT_CONNECTIONS_PER_ADDRESS": "10000",
            "PYTHONPATH": str(root),
            **variables,
        }
        self._root = root
        self.start()

    def start(self) -> None:
        """Start the processes, or start them again on the same port."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, cwd=self._root, env=self._environment, stdout=log, stderr=log
            )

    def log_end(self) -> str:
        """Return the end of the log."""
        return self.log.read_text()[-3000:]

    def workers(self) -> list[int]:
        """Return the ids of the worker processes."""
        return [
            int(pid)
            for pid in (
                Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
                .read_text()
                .split()
            )
        ]

    def wait(self, within_s: float = PATIENCE_S) -> float:
        """Wait until each process has served a request; return the seconds.

        A process that is still starting has counted none.
        """
        return wait(self._is_whole, self.log_end, within_s)

    def _is_whole(self) -> bool:
        assert self.process.poll() is None, self.log_end()
        try:
            well = self.ask("GET", "/health/db", {}, None) == 200
        except (OSError, http.client.HTTPException):
            return False
        serving = {
            int(file.stem.rpartition("_")[2]) for file in self._numbers.rglob("histogram_*.db")
        } & set(self.workers())
        return well and len(serving) == self.processes

    def open(
        self, person: Person, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send a request over a connection of its own; the response is not read yet."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {
            "Authorization": f"Bearer {person.access_token}",
            "Content-Type": "application/json",
        } | headers
        connection.request(method, f"/api{path}", None if body is None else json.dumps(body), sent)
        return connection, connection.getresponse()

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None
    ) -> int:
        """Send one request over a connection of its own and return its status."""
        return self._request(method, path, headers, body).status

    def answer(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        person: Person | None = None,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> Answer:
        """Send one request from an address of this computer, with a person's token."""
        if person is not None:
            headers["Authorization"] = f"Bearer {person.access_token}"
        return self._request(method, path, headers, body, source=source)

    def form(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Submit the form of a page."""
        sent = {"Content-Type": "application/x-www-form-urlencoded"} | headers
        return self._request("POST", path, sent, urlencode(fields))

    def turn(self, person: Person) -> tuple[float, float]:
        """Send a message in a new conversation.

        Return the seconds until its first event and until its final event.
        """
        made = self.answer("POST", "/api/chat/sessions", person=person)
        assert made.status == 201, made.content
        session_id = made.json["session_id"]
        since = time.monotonic()
        connection, answer = self.open(
            person, "POST", f"/chat/sessions/{session_id}/messages", {"message": INVOICE}
        )
        try:
            assert answer.status == 200, answer.read()
            received, first_s = b"", 0.0
            while time.monotonic() - since < PATIENCE_S and (chunk := answer.read1(65536)):
                received += chunk
                if not first_s and FRAME.search(received):
                    first_s = time.monotonic() - since
                if b'"final"' in received:
                    return first_s, time.monotonic() - since
        finally:
            connection.close()
        raise AssertionError(json.dumps(received.decode()[-500:]))

    def insist(self, person: Person, path: str, body: dict[str, Any]) -> int:
        """Send under one key until there is a response.

        A client does so after a broken connection.
        """
        return self.insist_on(person, path, body)[0]

    def insist_on(
        self, person: Person, path: str, body: dict[str, Any], *, hangs_up: bool = False
    ) -> tuple[int, Any]:
        """Send under one key until there is a response; return status and body.

        With `hangs_up` the client does not wait for the first response and repeats at once.
        """
        headers = {
            "Authorization": f"Bearer {person.access_token}",
            "Idempotency-Key": secrets.token_hex(8),
        }
        if hangs_up:
            self._send("POST", f"/api{path}", headers, body).close()
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                answer = self._request("POST", f"/api{path}", headers, body)
            except (OSError, http.client.HTTPException):
                self.broken += 1
                time.sleep(0.05)
                continue
            if answer.status != 503:
                return answer.status, answer.json
            self.away += 1
        raise AssertionError("no answer")

    def _request(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: dict[str, Any] | str | None,
        *,
        source: str = "127.0.0.1",
    ) -> Answer:
        connection = self._send(method, path, headers, body, source=source)
        try:
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: dict[str, Any] | str | None,
        *,
        source: str = "127.0.0.1",
    ) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=30, source_address=(source, 0)
        )
        try:
            sent = json.dumps(body) if isinstance(body, dict) else body
            connection.request(
                method,
                path,
                sent,
                {"Connection": "close", "Content-Type": "application/json", **headers},
            )
        except BaseException:
            connection.close()
            raise
        return connection

    def connections_in_use(self) -> int:
        """Return the database connections in use in all processes.

        They are read from the metrics, which are up to five seconds old.
        """
        metrics = self.metrics()
        found = re.findall(
            r"^voyagent_db_connections_in_use\{[^}]*\} ([0-9.]+)$", metrics, re.MULTILINE
        )
        assert found, metrics[:500]
        return sum(int(float(value)) for value in found)

    def metrics(self) -> str:
        """Return the metrics of all processes in Prometheus text format."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                "GET",
                "/internal/metrics",
                None,
                {"Connection": "close", TOKEN_HEADER: self._metrics_token},
            )
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def figure(self, name: str) -> int:
        """Return the sum of a figure of /proc/*/status over the worker processes."""
        found = 0
        for pid in self.workers():
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            found += int(dict(line.split(":", 1) for line in lines)[name].split()[0])
        return found

    def files(self) -> int:
        """Return the number of open files of the worker processes."""
        return sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.workers())

    def sockets(self) -> dict[int, str]:
        """Return the server's open connections by client port, with the inode of each."""
        found = {}
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, state, *rest = line.split()
            if (
                int(local.split(":")[1], 16) == self.port
                and state != LISTENS
                and state not in HAS_ENDED
            ):
                found[int(remote.split(":")[1], 16)] = rest[5]
        return found

    def server_of(self, port: int) -> int | None:
        """Return the process that serves a client port, or None."""
        wanted = f"socket:[{self.sockets().get(port)}]"
        for pid in self.workers():
            for file in Path(f"/proc/{pid}/fd").iterdir():
                try:
                    if str(file.readlink()) == wanted:
                        return pid
                except FileNotFoundError:
                    continue  # closed while we looked
        return None


@contextmanager
def web_processes(
    settings: Settings,
    folder: Path,
    *,
    processes: int,
    app: str = "wsgi:app",
    graceful_s: int = 2,
    root: Path = ROOT,
    **variables: str,
) -> Iterator[Web]:
    """Run web processes until the block ends; `variables` are for their environment.

    `graceful_s` is the time in seconds for the drain and for the requests under way after it.
    `root` is the folder of the code.
    """
    web = Web(settings, folder, processes, variables, app, graceful_s=graceful_s, root=root)
    try:
        web.started_s = web.wait()
        yield web
    finally:
        end(web.process, within_s=20)


def free_port() -> int:
    """Return a port that no client of another server gets before the new one listens."""
    while True:
        port = secrets.choice(range(10_000, 32_000))  # below the ports of clients
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def worker_process(
    settings: Settings, folder: Path, *, app: str = "wsgi", root: Path = ROOT, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker until the block ends; its log is `worker.log` in the folder.

    `root` is the folder of the code.
    """
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", app, "worker"],
            cwd=root,
            env=worker_environment(settings) | {"PYTHONPATH": str(root)} | variables,
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            end(process, within_s=15)


def wait(ready: Callable[[], bool], why: Callable[[], str], within_s: float = PATIENCE_S) -> float:
    """Poll until ready and return the seconds; fail with `why` at the timeout."""
    since = time.monotonic()
    while time.monotonic() - since < within_s:
        if ready():
            return time.monotonic() - since
        time.sleep(0.02)
    raise AssertionError(why())


def is_cut(line: socket.socket) -> bool:
    """True if the server has closed the connection, seen without reading."""
    return bool(line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) or socket_state(line) != 1


def socket_state(line: socket.socket) -> int:
    """Return the TCP state; 1 is an established connection."""
    return line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
