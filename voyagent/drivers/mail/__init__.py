"""Sending mail: by SMTP, into files, or onto the terminal, as `VOYAGENT_MAIL_URL` says.

| address | what it does |
|---|---|
| `smtps://user:password@host:465` | SMTP inside TLS |
| `smtp://user:password@host:587` | SMTP that goes over to TLS before anything is said
(`?tls=starttls`, the default for other computers) |
| `smtp://127.0.0.1:1025` | SMTP in the clear, the default on this computer; to another one only
with `?tls=none` and never in production |
| `file:///folder` | each mail a file `*.eml`, readable for its owner only; never in production |
| `console:` | each mail on standard output; never in production |

In user and password write @ as %40, / as %2F and : as %3A. Certificates are checked against the
system's authorities. Without an address mails are written to `mail/` in the data folder; in
production they wait in the outbox until there is one. Quirks: a server that answers 5xx to the
recipient or to the text has refused for good (`MailRefused`); all else, a wrong password too, may
be mended by the operator and is worth another try (`MailNotSent`). `recording.Recording` stands in
for all of them in tests.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog

from voyagent.drivers.mail.console import Console
from voyagent.drivers.mail.driver import MailDriver
from voyagent.drivers.mail.files import Files
from voyagent.drivers.mail.smtp import Smtp
from voyagent.kernel.config import Settings

__all__ = ["open_mail"]
log = structlog.get_logger(__name__)


def open_mail(settings: Settings) -> MailDriver | None:
    """Return the driver that the settings name; None in production without one."""
    if settings.mail_url is None and settings.is_production:
        log.error("mail.no_server", consequence="mails wait until VOYAGENT_MAIL_URL is set")
        return None
    if settings.mail_url is None:
        return Files(settings.data_dir / "mail")
    parts = urlsplit(settings.mail_url)
    if parts.scheme == "console":
        return Console()
    if parts.scheme == "file":
        return Files(Path(unquote(parts.path)))
    return Smtp.at(settings.mail_url)
