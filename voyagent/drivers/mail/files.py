"""Mail written to a folder, one file per message, instead of being sent."""

from __future__ import annotations

import os
import secrets
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from voyagent.drivers.mail.driver import MailNotSent
from voyagent.kernel import clock


class Files:
    """Writes each mail to a file `<datetime>-<random>.eml`; the names sort by time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage) -> None:
        """Write the message to a file. Raises MailNotSent if the folder is not writable."""
        name = f"{clock.now():%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}"
        making = self._folder / f"{name}.part"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(message.as_bytes(policy=SMTP))
            making.rename(self._folder / f"{name}.eml")
        except OSError as error:
            raise MailNotSent(type(error).__name__) from None
