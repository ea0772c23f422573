"""Deterministic pseudo-random numbers, which depend only on their arguments."""

from __future__ import annotations

from hashlib import blake2b

PER_MILLE = 1000


def draw(sides: int, *subject: object) -> int:
    """Return a pseudo-random number from 0 to `sides` - 1.

    The result is the same at each call with the same arguments. The values in `subject` say what
    the number is for, as in `draw(7, "seats", "EK", 565, day)`.
    """
    text = "|".join(map(str, subject))
    return (
        int.from_bytes(blake2b(text.encode(), digest_size=8, person=b"voyagent").digest()) % sides
    )


def happens(per_mille: int, *subject: object) -> bool:
    """Return True with a probability of `per_mille` in 1,000.

    The result is the same at each call with the same arguments, as in `draw`.
    """
    return draw(PER_MILLE, *subject) < per_mille
