"""Tax numbers: check a GSTIN or PAN, and read the country and the state."""

from __future__ import annotations

import re

from stdnum.in_ import gstin, pan

from voyagent.kernel.errors import N_, Invalid
from voyagent.taxes.rules.tables import states

COUNTRY = "IN"
_TRN = re.compile(r"100[0-9]{12}")


class InvalidTaxNumber(Invalid):
    """The text is not a GSTIN or PAN: wrong length, letters, state or check character."""

    code = "tax_number_invalid"
    message = N_("This tax number is not valid. Check each character.")


def country_of(number: str | None) -> str | None:
    """Return the country that issued a tax number: India, the UAE, or None.

    India has issued a valid GSTIN, and the UAE a number in the form of a TRN. Any other text gives
    None.
    """
    plain = "".join((number or "").split()).upper()
    if gstin.is_valid(plain):
        return COUNTRY
    return "AE" if _TRN.fullmatch(plain) else None


def read_gstin(text: str) -> str:
    """Return a valid GSTIN in capitals and without spaces.

    Raises InvalidTaxNumber, also for a wrong state code or check character.
    """
    number = "".join(text.split()).upper()
    if not gstin.is_valid(number) or state_of(number) not in states(COUNTRY):
        raise InvalidTaxNumber
    return number


def read_pan(text: str) -> str:
    """Return a PAN in capitals without spaces. Raises InvalidTaxNumber."""
    number = "".join(text.split()).upper()
    if not pan.is_valid(number):
        raise InvalidTaxNumber
    return number


def state_of(number: str) -> str:
    """Return the state code of a valid GSTIN: its first two digits."""
    return number[:2]


def pan_of(number: str) -> str:
    """Return the PAN that a valid GSTIN contains."""
    return number[2:12]
