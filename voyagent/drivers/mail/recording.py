"""The stand-in for tests: keeps what it is given, and fails when it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import EmailMessage

from voyagent.drivers.mail.driver import MailNotSent


@dataclass
class Recording:
    """Holds sent messages in `sent`; the errors in `failures` are raised first, one a call."""

    sent: list[EmailMessage] = field(default_factory=list)
    failures: list[MailNotSent] = field(default_factory=list)

    def send(self, message: EmailMessage) -> None:
        """Keep the message. Raises the next failure, if there is one."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
