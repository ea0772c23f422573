"""The JSON door of coming in: sign-up, sign-in, tokens, invitations."""

from __future__ import annotations

import time
from uuid import UUID

from flask import g

from voyagent.http.api import ApiBlueprint
from voyagent.http.guards import Guard, bearer_token
from voyagent.identity import queries, service
from voyagent.identity.doors import device, identity
from voyagent.identity.passwords import PasswordsBusy
from voyagent.identity.schemas import (
    AcceptInviteRequest,
    AuthResponse,
    CreateInviteRequest,
    CreateInviteResponse,
    InviteAnswer,
    InviteList,
    InviteLookup,
    InviteQuery,
    InviteToken,
    PublicUser,
    RefreshRequest,
    SignInRequest,
    SignOutRequest,
    SignUpRequest,
    TokenPair,
)
from voyagent.kernel.actor import Actor, Channel
from voyagent.kernel.fields import wire_instant
from voyagent.kernel.reading import LaneReader, Row

gate = ApiBlueprint("auth", __name__, tag="Sign-in", guard=Guard.PUBLIC)
api = ApiBlueprint("identity", __name__, tag="Team", guard=Guard.BEARER)
_PASSWORD_ERRORS = (service.PasswordBlank, service.PasswordTooCommon)
_INVITE_ERRORS = (service.InviteNotFound, service.InviteNotPending, service.InviteExpired)


@gate.post("/auth/sign-up", status=201, answer=AuthResponse, errors=(*_PASSWORD_ERRORS, service.EmailAlreadyRegistered, PasswordsBusy))
def sign_up(body: SignUpRequest) -> Row:
    """Make an agency and its administrator.

    Tokens are issued at once, also where the address is not confirmed yet.
    """
    return _came_in(service.sign_up(identity(), **body.model_dump(), device=device(Channel.API)))


@gate.post("/auth/sign-in", answer=AuthResponse, errors=(service.InvalidCredentials, service.EmailNotVerified, PasswordsBusy))
def sign_in(body: SignInRequest) -> Row:
    """Sign in with address and password.

    Each sign-in is a session of its own; several live side by side.
    """
    return _came_in(service.sign_in(identity(), **body.model_dump(), device=device(Channel.API)))


@gate.post("/auth/refresh", answer=TokenPair, errors=(service.InvalidRefreshToken,))
def refresh(body: RefreshRequest) -> Row:
    """Trade a refresh token for a new pair, once.

    Presenting a spent token ends the whole session. The old access token stays good until its end.
    """
    access_token, refresh_token = service.refresh(identity(), body.refresh_token, waited_s=time.perf_counter() - g.started)
    return {"access_token": access_token, "refresh_token": refresh_token, "expires_in": identity().tokens.lifetime_s}


@gate.post("/auth/sign-out", status=204, optional_bearer=True)
def sign_out(body: SignOutRequest | None) -> None:
    """End the presented access token, and the refresh token that is handed in.

    Always 204: a token that is unknown, ended or absent is no error.
    """
    service.sign_out_program(identity(), access_token=bearer_token(), refresh_token=body.refresh_token if body else None)


@gate.get("/auth/invites/lookup", answer=InviteLookup, errors=_INVITE_ERRORS)
def look_up_invite(query: InviteToken) -> Row:
    """What an invitation's link is for."""
    found = service.look_up_invite(query.token)
    return {**{name: found[name] for name in ("email", "role", "tenant_name", "inviter_email")}, "expires_at": wire_instant(found["expires_at"])}


@gate.post(
    "/auth/accept-invite",
    status=201,
    answer=AuthResponse,
    errors=(*_INVITE_ERRORS, *_PASSWORD_ERRORS, service.EmailAlreadyRegistered, PasswordsBusy),
)
def accept_invite(body: AcceptInviteRequest) -> Row:
    """Join the inviting agency; the token is good once."""
    return _came_in(service.accept_invite(identity(), **body.model_dump(), device=device(Channel.API)))


@api.get("/auth/me", answer=PublicUser)
def me(reader: LaneReader) -> Row:
    """Whom the token speaks for."""
    return _person(reader.read(queries.public_user_statement(reader.person_id))[0][0])


@api.post("/auth/invites", status=201, answer=CreateInviteResponse, permission="invite.create", errors=(service.InviteAlreadyExists,))
def create_invite(actor: Actor, body: CreateInviteRequest) -> Row:
    """Invite a colleague; the link is in the answer and nowhere else."""
    invite_id, link = service.invite(identity(), actor, email=body.email, role=body.role)
    return {"invite": _invite(queries.get_invite(invite_id)), "invite_link": link}


@api.get("/auth/invites", answer=InviteList, permission="invite.read", errors=(service.InvalidStatus,))
def list_invites(reader: LaneReader, query: InviteQuery) -> Row:
    """All invitations of the agency, newest first."""
    return {"items": [_invite(row) for row in queries.list_invites(reader, status=service.invite_filter(query.status))]}


@api.post(
    "/auth/invites/<invite_id>/revoke", answer=InviteAnswer, permission="invite.revoke", missing=service.InviteNotFound, errors=(service.InviteNoLongerPending,)
)
def revoke_invite(actor: Actor, invite_id: UUID) -> Row:
    """Take an open invitation back."""
    service.revoke_invite(actor, invite_id)
    return {"invite": _invite(queries.get_invite(invite_id))}


def _came_in(signed_in: service.SignedInPerson) -> Row:
    user_id = signed_in.credential.user_id
    return {
        "access_token": signed_in.access_token,
        "refresh_token": signed_in.refresh_token,
        "expires_in": signed_in.expires_in_s,
        "user": _person(queries.get_public_user(user_id)),
    }


def _person(row: Row) -> Row:
    return {**row, "created_at": wire_instant(row["created_at"])}


def _invite(row: Row) -> Row:
    instants = {name: wire_instant(row[name]) if row[name] else None for name in ("expires_at", "created_at", "accepted_at", "revoked_at")}
    return {name: value for name, value in {**row, **instants}.items() if name != "invited_by"}
