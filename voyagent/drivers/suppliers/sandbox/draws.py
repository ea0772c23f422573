"""Deterministic pseudo-random numbers, which depend only on their arguments."""

from __future__ import annotations

from hashlib import blake2b

PER_MILLE = 1000


def draw(sides: int, *subject: object) -> int:
    """Return a number from 0 to `sides` - 1 that depends only on `subject`."""
    text = "|".join(map(str, subject))
    return (
        int.from_bytes(blake2b(text.encode(), digest_size=8, person=b"voyagent").digest()) % sides
    )


def happens(per_mille: int, *subject: object) -> bool:
    """Return True for about `per_mille` of a thousand different values of `subject`."""
    return draw(PER_MILLE, *subject) < per_mille
