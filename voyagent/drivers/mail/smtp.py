"""Mail by SMTP (RFC 5321); encrypted by default, except to this computer."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from voyagent.drivers.mail.driver import MailNotSent, MailRefused
from voyagent.kernel.config import is_this_computer

TIMEOUT_S = 10.0
Tls = Literal["none", "starttls", "wrapped"]
_PORTS: dict[Tls, int] = {"none": 25, "starttls": 587, "wrapped": 465}


@dataclass(frozen=True, slots=True)
class Smtp:
    """Mail driver for one SMTP server; each mail uses a new connection."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)
    timeout_s: float = TIMEOUT_S

    @classmethod
    def at(cls, url: str) -> Self:
        """Return the driver for a validated URL."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        tls = _tls(parts.scheme, host, parse_qs(parts.query).get("tls", [""])[0])
        return cls(
            host,
            parts.port or _PORTS[tls],
            tls,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    def send(self, message: EmailMessage) -> None:
        """Send the message over a new connection.

        Raises MailRefused if the server permanently rejects the recipient or the text, and
        MailNotSent for any other failure. The texts of these errors contain neither an e-mail
        address nor the server's response.
        """
        try:
            with self._connect() as server:
                if self.tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
            raise (MailRefused if _is_final(error) else MailNotSent)(type(error).__name__) from None
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise MailNotSent(type(error).__name__) from None

    def _connect(self) -> smtplib.SMTP:
        if self.tls == "wrapped":
            return smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout_s, context=ssl.create_default_context()
            )
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)


def _tls(scheme: str, host: str, query: str) -> Tls:
    if scheme == "smtps":
        return "wrapped"
    if query == "none" or (not query and is_this_computer(host)):
        return "none"
    return "starttls"


def _is_final(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError) -> bool:
    """Return True for a 5xx response, which is permanent (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPDataError):
        return error.smtp_code >= 500
    return all(code >= 500 for code, _ in error.recipients.values())
