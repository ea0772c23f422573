"""Identifiers: UUID v7, made here so that any PostgreSQL from 15 on can serve."""

from __future__ import annotations

import secrets
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh UUID v7; sorts by the time of its making."""
    return uuid_utils.compat.uuid7()


def new_turn_id() -> str:
    """The name of a turn on the wire: `t-` and twelve hexadecimal digits."""
    return f"t-{secrets.token_hex(6)}"


def parse_id(text: object) -> UUID | None:
    """The UUID that a text spells in its canonical form, or None; never raises."""
    try:
        value = UUID(str(text))
    except ValueError:
        return None
    return value if str(value) == str(text).lower() else None
