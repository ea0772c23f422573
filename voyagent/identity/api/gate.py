"""JSON API of sign-up, sign-in, tokens and invitations."""

from __future__ import annotations

import time

from flask import g

from voyagent.http.api import ApiBlueprint
from voyagent.http.client import client_address
from voyagent.http.guards import Guard, bearer_token
from voyagent.identity.api.answers import session_answer
from voyagent.identity.forms.request import device, identity
from voyagent.identity.rules.passwords import PasswordsBusy
from voyagent.identity.schemas.entry import (
    AcceptInviteRequest,
    AuthResponse,
    InviteLookup,
    InviteToken,
    RefreshRequest,
    SignInRequest,
    SignOutRequest,
    SignUpRequest,
    TokenPair,
)
from voyagent.identity.service import accounts, invites, sessions, signing_in
from voyagent.identity.service.errors import (
    EmailAlreadyRegistered,
    EmailNotVerified,
    InvalidCredentials,
    InvalidRefreshToken,
    InviteExpired,
    InviteNotFound,
    InviteNotPending,
    PasswordBlank,
    PasswordTooCommon,
    TotpRequired,
)
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import TooManyRequests
from voyagent.kernel.serializers import Body

gate = ApiBlueprint("auth", __name__, tag="Sign-in", guard=Guard.PUBLIC)
_PASSWORD_ERRORS = (PasswordBlank, PasswordTooCommon)
_INVITE_ERRORS = (InviteNotFound, InviteNotPending, InviteExpired)


@gate.post(
    "/auth/sign-up",
    status=201,
    answer=AuthResponse,
    errors=(*_PASSWORD_ERRORS, EmailAlreadyRegistered, TooManyRequests, PasswordsBusy),
)
def sign_up(body: SignUpRequest) -> Body[AuthResponse]:
    """Create an agency and its first administrator.

    The tokens are issued at once, before the e-mail address is confirmed.
    """
    return session_answer(
        accounts.sign_up(identity(), **body.model_dump(), device=device(Channel.API))
    )


@gate.post(
    "/auth/sign-in",
    answer=AuthResponse,
    errors=(
        InvalidCredentials,
        EmailNotVerified,
        TotpRequired,
        TooManyRequests,
        PasswordsBusy,
    ),
)
def sign_in(body: SignInRequest) -> Body[AuthResponse]:
    """Sign in with e-mail address and password.

    Each sign-in opens a separate session, and a user may have several. If two-factor authentication
    is on, the error is `totp_required`: use `/auth/sign-in-totp` instead.
    """
    return session_answer(
        signing_in.sign_in(identity(), **body.model_dump(), device=device(Channel.API))
    )


@gate.post("/auth/refresh", answer=TokenPair, errors=(InvalidRefreshToken, TooManyRequests))
def refresh(body: RefreshRequest) -> Body[TokenPair]:
    """Exchange a refresh token for a new pair of tokens.

    Each refresh token works once. Of concurrent calls with the same refresh token only one
    succeeds. Using a refresh token again later ends the whole session. The earlier access token
    stays valid until it expires.
    """
    access_token, refresh_token = sessions.refresh(
        identity(),
        body.refresh_token,
        address=client_address(),
        waited_s=time.perf_counter() - g.started,
    )
    return TokenPair.of(
        {
            "access_token": access_token,
            "refresh_token": refresh_token,
            "expires_in": identity().tokens.lifetime_s,
        }
    )


@gate.post("/auth/sign-out", status=204, optional_bearer=True)
def sign_out(body: SignOutRequest | None) -> None:
    """Revoke the access token, and the refresh token if it is sent.

    The status is always 204, even if a token is unknown, expired or missing.
    """
    sessions.sign_out_program(
        identity(), access_token=bearer_token(), refresh_token=body.refresh_token if body else None
    )


@gate.get("/auth/invites/lookup", answer=InviteLookup, errors=(*_INVITE_ERRORS, TooManyRequests))
def look_up_invite(query: InviteToken) -> Body[InviteLookup]:
    """Return the invitation to which the token of a link belongs."""
    return InviteLookup.of(
        invites.look_up_invite(identity(), query.token, address=client_address())
    )


@gate.post(
    "/auth/accept-invite",
    status=201,
    answer=AuthResponse,
    errors=(
        *_INVITE_ERRORS,
        *_PASSWORD_ERRORS,
        EmailAlreadyRegistered,
        TooManyRequests,
        PasswordsBusy,
    ),
)
def accept_invite(body: AcceptInviteRequest) -> Body[AuthResponse]:
    """Join the agency that sent the invitation; each invitation token works once."""
    return session_answer(
        invites.accept_invite(identity(), **body.model_dump(), device=device(Channel.API))
    )
