"""Answers that several operations of identity share."""

from __future__ import annotations

from voyagent.identity import queries, service
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import wire_instant


def came_in(signed_in: service.SignedInPerson) -> Row:
    """Return the tokens and the person that they belong to."""
    return {
        "access_token": signed_in.access_token,
        "refresh_token": signed_in.refresh_token,
        "expires_in": signed_in.expires_in_s,
        "user": person(queries.get_public_user(signed_in.credential.user_id)),
    }


def person(row: Row) -> Row:
    """Return a person as `me` shows it."""
    return {**row, "created_at": wire_instant(row["created_at"])}
