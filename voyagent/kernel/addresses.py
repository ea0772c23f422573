"""Normalisation of e-mail addresses."""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email

LENGTH_MAX = 254


def normal_address(typed: str) -> str | None:
    """Return the e-mail address in lower case, or None if the text is not an address.

    The result differs from the text at most in case, surrounding spaces and the encoding of the
    domain. An address is invalid if one of its characters only looks like an ASCII letter.
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
    # Otherwise somebody could register an address that looks like another person's address.
    if (
        not is_same_domain
        or lowered != lowered.lower()
        or unicodedata.normalize("NFKC", lowered) != lowered
    ):
        return None
    return f"{lowered}@{found.domain}"


def _lower(text: str) -> str:
    """Return the text in lower case; no non-ASCII letter becomes an ASCII letter.

    For example, the Kelvin sign (U+212A) is not changed, because its lower case is `k`.
    """
    return "".join(
        (
            letter
            if not letter.isascii() and any(c.isascii() for c in letter.lower())
            else letter.lower()
        )
        for letter in text
    )
