"""Build a message from its templates, in the recipient's language."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import force_locale, gettext
from jinja2 import Environment

from voyagent.kernel.config import Settings
from voyagent.mail.rules import KINDS
from voyagent.mail.service import Contents, QueuedMail, masked

_NAME_MAX = 120
_KEY_NAME_MAX = 40
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"  # Hindi text needs them
_WORDS = {"agency", "inviter", "name"}
"""Values that a person chose: names of an agency, of a person and of an API key."""
_DOTS = ".\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH FULL STOP}\N{HALFWIDTH IDEOGRAPHIC FULL STOP}"
_LINK_LIKE = re.compile(rf":(?=/)|[@{_DOTS}](?=[^\s@{_DOTS}])")
_LINE_MAX = 900  # a line of a mail has 998 characters at most (RFC 5322, 2.1.1)


def write(
    mail: QueuedMail, contents: Contents, *, settings: Settings, templates: Environment
) -> EmailMessage:
    """Build the whole message: headers, text, HTML and attachment.

    Raises the errors of the templates.
    """
    name, sender = parseaddr(settings.mail_from)
    kind, values = KINDS[mail.kind], contents.values
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(
        display_name=_one_line(mail.agency) if kind.for_customer else name, addr_spec=sender
    )
    message["To"] = _recipient(contents.to)
    if kind.for_customer:
        message["Reply-To"] = _recipient(str(values["reply_to"]))
    message["Date"] = format_datetime(mail.created_at)
    # Equal at each attempt, so that mail programs that compare ids show a repeated mail once.
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["Voyagent-Mail"] = mail.kind
    with force_locale(mail.locale):
        given: dict[str, Any] = {**values, "agency": mail.agency}
        given = {
            name: _one_line(value) if isinstance(value, str) and name != "link" else value
            for name, value in given.items()
        }
        if mail.kind == "api_key_created":
            given["name"] = _shortened(given["name"], _KEY_NAME_MAX)
        if not kind.for_customer:
            given |= {name: _unlinked(given[name]) for name in _WORDS & given.keys()}
        given["subject"] = gettext(kind.subject_for(values), **given)
        message["Subject"] = given["subject"]
        given |= {
            "site": settings.public_url,
            "locale": mail.locale,
            "left_out_for": contents.left_out_for,
        }
        text, html = (
            templates.get_template(f"mail/{mail.kind}.{ending}").render(given, masked=masked)
            for ending in ("txt", "html")
        )
    message.set_content(text, cte=_encoding(text))
    message.add_alternative(html, subtype="html", cte=_encoding(html))
    if contents.attached is not None:
        maintype, _, subtype = contents.attached.media_type.partition("/")
        message.add_attachment(
            contents.attached.content,
            maintype=maintype,
            subtype=subtype,
            filename=contents.attached.name,
        )
    return message


def _one_line(words: str) -> str:
    """Return a text on one line for a header, without control characters, shortened."""
    plain = "".join(
        letter if letter.isprintable() or letter in _JOINERS else " " for letter in words
    )
    return " ".join(plain.split())[:_NAME_MAX]


def _shortened(words: str, chars_max: int) -> str:
    return words if len(words) <= chars_max else words[: chars_max - 1].rstrip() + "…"


def _unlinked(words: str) -> str:
    """Put a space into each part of a text that a mail program would turn into a link."""
    return _LINK_LIKE.sub(lambda found: ": " if found[0] == ":" else f" {found[0]}", words)


def _recipient(to: str) -> Address:
    """Return an e-mail address with its domain in ASCII (IDNA), for a header."""
    try:
        domain = validate_email(to, check_deliverability=False, test_environment=True).ascii_domain
    except EmailNotValidError:
        domain = to.rpartition("@")[2]
    return Address(username=to.rpartition("@")[0], domain=domain)


def _encoding(words: str) -> str | None:
    """Return `7bit` for an ASCII text of short lines, None for any other text.

    The result is the transfer encoding of the text in the mail; None stands for the default.
    """
    return (
        "7bit"
        if words.isascii() and max(map(len, words.splitlines()), default=0) <= _LINE_MAX
        else None
    )
