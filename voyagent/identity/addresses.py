"""Reading an e-mail address: what a person typed, refused where its normal form is another address,
kept in lower case.
"""

from __future__ import annotations

import unicodedata

from email_validator import EmailNotValidError, validate_email

LENGTH_MAX = 254


def normal_address(typed: str) -> str | None:
    """The address as it is kept, or None for what is none.

    The normal form may differ from what was typed in case, outer spaces and the encoding of the
    domain only: a letter that merely looks like another (the KELVIN SIGN, full-width forms) is
    refused, or one person's address could be signed up by another.
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
    """Lower case without crossing alphabets: a foreign letter whose lower case is an ASCII one
    stays as it is.
    """
    return "".join(
        (
            letter
            if not letter.isascii() and any(c.isascii() for c in letter.lower())
            else letter.lower()
        )
        for letter in text
    )
