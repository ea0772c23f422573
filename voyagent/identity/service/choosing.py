"""Rule for new passwords, wherever a password is set."""

from __future__ import annotations

from voyagent.identity.rules.blocklist import is_common
from voyagent.identity.service.errors import PasswordBlank, PasswordTooCommon


def refuse_common(password: str, *, agency_name: str = "", email: str = "") -> None:
    """Refuse a password that attackers guess first.

    The schema has already checked the length, letters and digits. Raises PasswordBlank,
    PasswordTooCommon.
    """
    if not password.strip():
        raise PasswordBlank
    if is_common(password, agency_name=agency_name, email=email):
        raise PasswordTooCommon
