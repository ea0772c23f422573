"""A small mail server on loopback (RFC 5321), with configurable faults.

It offers TLS if asked to.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "postmaster@agency.example", "p@ss/w:rd"


@dataclass
class Taken:
    """Mail that the server has received."""

    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    body: str = ""
    in_tls: bool = False
    user: str = ""


@dataclass
class Behaviour:
    """Behaviour of the server.

    `replies` to a command replace its usual reply; `silent` sends nothing at all.
    """

    replies: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    wrapped: ssl.SSLContext | None = None
    starttls: ssl.SSLContext | None = None
    needs_user: bool = False
    smtputf8: bool = False


class SmtpServer(socketserver.ThreadingTCPServer):
    """A server on a free port of 127.0.0.1 that keeps the mail."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.behaviour = behaviour
        self.taken: list[Taken] = []
        self.commands: list[str] = []
        self.ended = threading.Event()

    @property
    def port(self) -> int:
        """Return the port."""
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that disconnect, which some tests do."""


@contextmanager
def serving(behaviour: Behaviour | None = None) -> Iterator[SmtpServer]:
    """Run a server for the block."""
    with SmtpServer(behaviour or Behaviour()) as server:
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()


class _Session(socketserver.BaseRequestHandler):
    server: SmtpServer

    def handle(self) -> None:
        behaviour = self.server.behaviour
        if behaviour.silent:
            self.server.ended.wait(10)
            return
        self.in_tls = behaviour.wrapped is not None
        if behaviour.wrapped is not None:
            self.request = behaviour.wrapped.wrap_socket(self.request, server_side=True)
        self.reading = self.request.makefile("rb")
        self.mail = Taken()
        self.user = ""
        self._say("220 loopback")
        while line := self.reading.readline():
            words = line.decode().strip()
            command = words.split(" ", 1)[0].upper()
            self.server.commands.append(command)
            if not self._answer(command, words):
                return

    def _answer(self, command: str, words: str) -> bool:
        behaviour = self.server.behaviour
        if command in behaviour.replies:
            self._say(behaviour.replies[command])
            return True
        if command == "EHLO":
            offers = ["STARTTLS"] if behaviour.starttls and not self.in_tls else []
            offers += ["AUTH PLAIN"] if behaviour.needs_user else []
            offers += ["SMTPUTF8"] if behaviour.smtputf8 else []
            self._say("250-loopback")
            for offer in offers:
                self._say(f"250-{offer}")
            self._say("250 8BITMIME")
        elif command == "STARTTLS":
            self._say("220 go on")
            assert behaviour.starttls is not None
            self.request = behaviour.starttls.wrap_socket(self.request, server_side=True)
            self.reading, self.in_tls = self.request.makefile("rb"), True
        elif command == "AUTH":
            _, user, password = base64.b64decode(words.rsplit(" ", 1)[1]).decode().split("\0")
            good = (user, password) == (USER, PASSWORD)
            self.user = user if good else ""
            self._say("235 welcome" if good else "535 no")
        elif command == "MAIL":
            self.mail = Taken(sender=words, in_tls=self.in_tls, user=self.user)
            self._say("530 who are you" if behaviour.needs_user and not self.user else "250 yes")
        elif command == "RCPT":
            self.mail.recipients.append(words)
            self._say("250 yes")
        elif command == "DATA":
            self._take()
        else:
            self._say("221 bye" if command == "QUIT" else "250 yes")
        return command != "QUIT"

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.reading.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        self.mail.body = b"".join(lines).decode()
        reply = self.server.behaviour.replies.get("END", "250 taken")
        if reply.startswith("2"):
            self.server.taken.append(self.mail)
        self._say(reply)

    def _say(self, line: str) -> None:
        self.request.sendall(f"{line}\r\n".encode())


def certificate(folder: Path) -> Path:
    """Create a self-signed certificate for 127.0.0.1 with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "loopback.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def in_tls(file: Path) -> ssl.SSLContext:
    """Return the server's TLS context with a certificate of `certificate`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
