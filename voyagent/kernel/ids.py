"""Identifiers: UUID v7, generated here so that PostgreSQL 15 suffices."""

from __future__ import annotations

import secrets
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a new UUID v7; it sorts by time."""
    return uuid_utils.compat.uuid7()


def new_turn_id() -> str:
    """Return the public name of a turn: `t-` and twelve hexadecimal digits."""
    return f"t-{secrets.token_hex(6)}"


def parse_id(text: object) -> UUID | None:
    """Return the UUID of a text in canonical form, or None; never raises."""
    try:
        value = UUID(str(text))
    except ValueError:
        return None
    return value if str(value) == str(text).lower() else None
