"""Mail printed on the terminal, for development."""

from __future__ import annotations

import sys
from email.message import EmailMessage

_RULE = "-" * 72


class Console:
    """Prints headers and text of each mail on standard output."""

    def send(self, message: EmailMessage) -> None:
        """Print the message."""
        head = "".join(f"{name}: {message[name]}\n" for name in ("From", "To", "Subject", "Date"))
        body = message.get_body(("plain", "html"))
        text = body.get_content() if isinstance(body, EmailMessage) else ""
        sys.stdout.write(f"{_RULE}\n{head}\n{text}{_RULE}\n")
        sys.stdout.flush()
