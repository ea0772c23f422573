"""Numbers of passports: sealed for the row that they stand in, opened for whoever may write trips
and for suppliers, four characters of them for a screen.
"""

from __future__ import annotations

import re
from uuid import UUID

from voyagent.kernel.keyring import Keyring
from voyagent.trips.models import TripPassenger

PURPOSE = "passport"
PATTERN = r"^[A-Z0-9]{6,20}$"
MASK = "••••"
_SPOKEN_OF = re.compile(r"\b(?:pass?ports?|ppt|pp\s*(?:no|number|#))\b", re.IGNORECASE)
_WRITTEN = re.compile(
    r"(?<![\w/-])(?:[A-Z]{1,2}\d{6,8}|(?-i:[A-Z])[ -]\d{7}|\d{8,9})(?![\w/-])", re.IGNORECASE
)
_NEAR = 60


def normal(number: str) -> str:
    """A number as it is kept: capitals, without the spaces and hyphens that people write between."""
    return number.upper().replace(" ", "").replace("-", "")


def seal(keyring: Keyring, passenger: TripPassenger, number: str | None) -> None:
    """Put a number, or none, into a passenger's row, whose id must be known."""
    passenger.passport_sealed = (
        None
        if number is None
        else keyring.seal(PURPOSE, number.encode(), bound_to=_row(passenger.id))
    )
    passenger.passport_last4 = None if number is None else number[-4:]


def opened(keyring: Keyring, passenger_id: UUID, sealed: bytes | None) -> str | None:
    """The whole number.

    Raises SealBroken for one that was sealed for another row, or with a secret that is gone.
    """
    return (
        None
        if sealed is None
        else keyring.open(PURPOSE, sealed, bound_to=_row(passenger_id)).decode()
    )


def masked(last4: str | None) -> str | None:
    """What a screen shows, of the same length for every number."""
    return None if last4 is None else MASK + last4


def hidden_in(text: str) -> str:
    """A text in which numbers that stand near the word passport show their last four signs alone;
    every other number stays as it is.
    """
    spoken = [match.span() for match in _SPOKEN_OF.finditer(text)]

    def mask(match: re.Match[str]) -> str:
        is_near = any(
            start - _NEAR <= match.end() and match.start() <= end + _NEAR for start, end in spoken
        )
        return masked(match.group()[-4:]) or "" if is_near else match.group()

    return _WRITTEN.sub(mask, text) if spoken else text


def _row(passenger_id: UUID) -> str:
    return f"trip_passengers:{passenger_id}"
