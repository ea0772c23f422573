"""Identifiers: UUID v7, which PostgreSQL 15 cannot generate."""

from __future__ import annotations

import secrets
from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """Return a new UUID v7; later ids sort after earlier ones."""
    return uuid_utils.compat.uuid7()


def new_turn_id() -> str:
    """Return a new public id for a turn: `t-` and twelve hexadecimal digits."""
    return f"t-{secrets.token_hex(6)}"


def parse_id(text: object) -> UUID | None:
    """Return the UUID of a text in canonical form, or None for any other text."""
    try:
        value = UUID(str(text))
    except ValueError:
        return None
    return value if str(value) == str(text).lower() else None
