"""Protocol of mail drivers, and the two errors that they raise."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol


class MailNotSent(Exception):
    """The mail was not accepted; a later attempt may succeed.

    `reason` is the class name of the exception that was the cause. `reason` contains no e-mail
    address.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRefused(MailNotSent):
    """The mail was rejected permanently because of its recipient or its text."""


class MailDriver(Protocol):
    """Protocol of mail drivers."""

    def send(self, message: EmailMessage) -> None:
        """Send one message, which has all its headers. Raises MailNotSent, MailRefused."""
