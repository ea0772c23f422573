"""Normalisation of e-mail addresses."""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email

LENGTH_MAX = 254


def normal_address(typed: str) -> str | None:
    """Return the address in lower case, or None if it is not an address.

    The normal form may differ from the input only in case, outer spaces and domain encoding. A
    letter that looks like another one (KELVIN SIGN, full-width forms) is refused; otherwise one
    person's address could be registered by another.
    """
    address = typed.strip()
    if not address or len(address) > LENGTH_MAX:
        return None
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    local, _, domain = address.rpartition("@")
    lowered = _lower(local)
    is_same_domain = _lower(domain) in {found.domain, found.ascii_domain}
    if (
        not is_same_domain
        or lowered != lowered.lower()
        or unicodedata.normalize("NFKC", lowered) != lowered
    ):
        return None
    return f"{lowered}@{found.domain}"


def _lower(text: str) -> str:
    """Lower the case without leaving the alphabet.

    A foreign letter whose lower case is an ASCII letter stays as it is.
    """
    return "".join(
        (
            letter
            if not letter.isascii() and any(c.isascii() for c in letter.lower())
            else letter.lower()
        )
        for letter in text
    )
