"""Encrypt, decrypt and mask passport numbers."""

from __future__ import annotations

import re
from bisect import bisect_left
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
    """Normalise a passport number: capitals, no spaces or hyphens."""
    return number.upper().replace(" ", "").replace("-", "")


def seal(keyring: Keyring, passenger: TripPassenger, number: str | None) -> None:
    """Encrypt a passenger's passport number for this passenger's id, or clear it.

    The passenger must have an id.
    """
    passenger.passport_sealed = (
        None
        if number is None
        else keyring.seal(PURPOSE, number.encode(), bound_to=_row(passenger.id))
    )
    passenger.passport_last4 = None if number is None else number[-4:]


def opened(keyring: Keyring, passenger_id: UUID, sealed: bytes | None) -> str | None:
    """Decrypt a passport number; None if there is none.

    Raises SealBroken if it was encrypted for another passenger or with a lost secret.
    """
    return (
        None
        if sealed is None
        else keyring.open(PURPOSE, sealed, bound_to=_row(passenger_id)).decode()
    )


def masked(last4: str | None) -> str | None:
    """Return the masked number, equally long for every number; None if there is none."""
    return None if last4 is None else MASK + last4


def hidden_in(text: str) -> str:
    """Mask numbers near the word "passport" in a text.

    Their last four characters stay. The time is linear in the length of the text, because the
    nearest word is found by bisection.
    """
    spoken = [match.span() for match in _SPOKEN_OF.finditer(text)]
    ends = [end for _, end in spoken]

    def mask(match: re.Match[str]) -> str:
        nearest = bisect_left(ends, match.start() - _NEAR)
        is_near = nearest < len(spoken) and spoken[nearest][0] - _NEAR <= match.end()
        return masked(match.group()[-4:]) or "" if is_near else match.group()

    return _WRITTEN.sub(mask, text) if spoken else text


def _row(passenger_id: UUID) -> str:
    return f"trip_passengers:{passenger_id}"
