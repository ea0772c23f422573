"""Mail in the worker's folder, parsed as a mail program does."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from flask import Flask

from tests.worker import work_off


@dataclass(frozen=True)
class Received:
    """One mail, with the first link in its text and that link's token.

    Both are empty if there is no link.
    """

    message: EmailMessage
    kind: str
    subject: str
    text: str
    html: str
    link: str
    token: str


def newest(app: Flask, *, to: str, kind: str | None = None) -> Received:
    """Run due jobs and return the newest mail to an address, optionally of one kind.

    Fails if there is none.
    """
    found = received(app, to=to, kind=kind)
    assert found, f"no mail of kind {kind or 'any'} to {to}"
    return found[-1]


def received(app: Flask, *, to: str, kind: str | None = None) -> list[Received]:
    """Run due jobs and return every mail to an address, oldest first."""
    settings = app.extensions["voyagent.settings"]
    work_off(app, settings)
    return received_in(settings.data_dir / "mail", to=to, kind=kind)


def received_in(folder: Path, *, to: str, kind: str | None = None) -> list[Received]:
    """Return every mail to an address in any folder.

    It is for programs that run by themselves. The mail's id gives its order; file times do not move
    in a test with a stopped clock.
    """
    mails = sorted(
        (_read(file) for file in folder.glob("*.eml") if _recipient(file) == to),
        key=lambda mail: str(mail.message["Message-ID"]),
    )
    return [mail for mail in mails if kind in (None, mail.kind)]


@cache
def _recipient(file: Path) -> str:
    """Return the address of a mail, which is read once: a folder has thousands."""
    headers = BytesHeaderParser(policy=email.policy.default).parsebytes(file.read_bytes())
    return str(headers["To"])


def _read(file: Path) -> Received:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    text = plain.get_content().replace("\r\n", "\n")
    # The last line is the site's own address.
    found = re.search(r"https?://\S+", text.rpartition("-- \n")[0])
    link = found.group() if found else ""
    token = parse_qs(urlsplit(link).query).get("token", [""])[0]
    return Received(
        message,
        str(message["Voyagent-Mail"]),
        str(message["Subject"]),
        text,
        html.get_content(),
        link,
        token,
    )
