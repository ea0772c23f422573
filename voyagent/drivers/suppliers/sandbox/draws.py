"""Chance that is none: whole numbers that depend on nothing but what they are drawn for, the same
on every computer and every day.
"""

from __future__ import annotations

from hashlib import blake2b

PER_MILLE = 1000


def draw(sides: int, *subject: object) -> int:
    """A number from 0 to `sides` - 1."""
    text = "|".join(map(str, subject))
    return (
        int.from_bytes(blake2b(text.encode(), digest_size=8, person=b"voyagent").digest()) % sides
    )


def happens(per_mille: int, *subject: object) -> bool:
    """Something that is so in `per_mille` of a thousand cases."""
    return draw(PER_MILLE, *subject) < per_mille
