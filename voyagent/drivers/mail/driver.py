"""What a driver of mail does, and the two ways in which it fails."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol


class MailNotSent(Exception):
    """The mail was not taken now and may be later.

    `reason` is a word without anybody's address in it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailRefused(MailNotSent):
    """The mail will never be taken: its recipient or its text is refused."""


class MailDriver(Protocol):
    """Something that takes mail."""

    def send(self, message: EmailMessage) -> None:
        """Hand one message over, complete with sender and recipient.

        Raises MailNotSent, MailRefused.
        """
