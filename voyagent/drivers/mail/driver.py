"""Protocol of mail drivers, and their two failures."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol


class MailNotSent(Exception):
    """The mail was not accepted and may be later.

    `reason` contains no address.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRefused(MailNotSent):
    """The mail will never be accepted: its recipient or its text is refused."""


class MailDriver(Protocol):
    """A driver of mail."""

    def send(self, message: EmailMessage) -> None:
        """Send one message, complete with sender and recipient.

        Raises MailNotSent, MailRefused.
        """
