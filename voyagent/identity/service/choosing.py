"""The one rule for a password that somebody chooses, whichever way she chooses it."""

from __future__ import annotations

from voyagent.identity.blocklist import is_common
from voyagent.identity.service.errors import PasswordBlank, PasswordTooCommon


def refuse_common(password: str, *, agency_name: str = "", email: str = "") -> None:
    """Refuse what a guesser tries first; length, letter and digit are the schema's.

    Raises PasswordBlank, PasswordTooCommon.
    """
    if not password.strip():
        raise PasswordBlank
    if is_common(password, agency_name=agency_name, email=email):
        raise PasswordTooCommon
