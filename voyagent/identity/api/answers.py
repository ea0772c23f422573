"""Response to a sign-in, which several operations share."""

from __future__ import annotations

from voyagent.identity.queries import people
from voyagent.identity.schemas.entry import AuthResponse
from voyagent.identity.service.values import SignedInPerson
from voyagent.kernel.serializers import Body


def session_answer(signed_in: SignedInPerson) -> Body[AuthResponse]:
    """Return the tokens of a new session and the user to whom they belong."""
    return AuthResponse.of(
        {
            "access_token": signed_in.access_token,
            "refresh_token": signed_in.refresh_token,
            "expires_in": signed_in.expires_in_s,
            "user": people.get_public_user(signed_in.credential.user_id),
        }
    )
