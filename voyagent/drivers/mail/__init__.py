"""Mail drivers: SMTP, files or the terminal, as selected by `VOYAGENT_MAIL_URL`.

| URL | driver |
|---|---|
| `smtps://user:password@host:465` | SMTP over TLS |
| `smtp://user:password@host:587` | SMTP with STARTTLS, to a server on another computer |
| `smtp://127.0.0.1:1025` | SMTP without encryption, to a server on this computer |
| `file:///folder` | each mail is a file `*.eml` that only its owner can read |
| `console:` | each mail is printed on standard output |

After an `smtp:` URL, `?tls=starttls` demands STARTTLS and `?tls=none` switches encryption off,
whichever computer the server is on. In production `file:`, `console:` and an unencrypted connection
to another computer are refused. If the variable is not set, mails are written to `mail/` in the
data folder. In production without the variable, no mail is sent, and all mails stay in the outbox.

In the user name and the password write @ as %40, / as %2F and : as %3A. Certificates are checked
against the certificate authorities of the system.
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
    """Return the mail driver that the settings select.

    In production without `VOYAGENT_MAIL_URL` the result is None, and an error is logged.
    """
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
