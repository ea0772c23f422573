"""Tax numbers: whose tax a number is registered for, and of India the GSTIN with the state and the
PAN that stand in it.
"""

from __future__ import annotations

import re

from stdnum.in_ import gstin, pan

from voyagent.kernel.errors import N_, Invalid
from voyagent.taxes.tables import states

COUNTRY = "IN"
_TRN = re.compile(r"100[0-9]{12}")


class InvalidTaxNumber(Invalid):
    """A GSTIN or PAN that is none: length, letters, state, or check character."""

    code = "tax_number_invalid"
    message = N_("That is not a tax number. Please check each character.")


def country_of(number: str | None) -> str | None:
    """The country whose taxes whoever has this number charges: India by a GSTIN, the Emirates by a
    TRN of fifteen figures; None where nobody can tell.
    """
    plain = "".join((number or "").split()).upper()
    if gstin.is_valid(plain):
        return COUNTRY
    return "AE" if _TRN.fullmatch(plain) else None


def read_gstin(text: str) -> str:
    """A GSTIN in capitals without spaces; its check character and its state hold.

    Raises InvalidTaxNumber.
    """
    number = "".join(text.split()).upper()
    if not gstin.is_valid(number) or state_of(number) not in states(COUNTRY):
        raise InvalidTaxNumber
    return number


def read_pan(text: str) -> str:
    """A PAN in capitals without spaces. Raises InvalidTaxNumber."""
    number = "".join(text.split()).upper()
    if not pan.is_valid(number):
        raise InvalidTaxNumber
    return number


def state_of(number: str) -> str:
    """The code of the state that a GSTIN is of."""
    return number[:2]


def pan_of(number: str) -> str:
    """The PAN that stands in a GSTIN."""
    return number[2:12]
