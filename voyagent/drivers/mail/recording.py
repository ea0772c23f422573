"""Mail driver for tests: it stores messages, and fails on request."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import EmailMessage

from voyagent.drivers.mail.driver import MailNotSent


@dataclass
class Recording:
    """Stores messages in `sent`, for tests.

    While `failures` has errors, each call removes the first error from the list and raises it, and
    stores no message.
    """

    sent: list[EmailMessage] = field(default_factory=list)
    failures: list[MailNotSent] = field(default_factory=list)

    def send(self, message: EmailMessage) -> None:
        """Add the message to `sent`, or remove and raise the first of `failures`."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(message)
