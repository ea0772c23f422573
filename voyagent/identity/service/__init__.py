"""The rules of coming in: signing an agency up, inviting colleagues, signing in and out."""

from voyagent.identity.service.accounts import add_person, on_new_agency, refuse_common, sign_up
from voyagent.identity.service.errors import (
    DemoNotThere,
    EmailAlreadyRegistered,
    EmailNotVerified,
    InvalidCredentials,
    InvalidRefreshToken,
    InvalidStatus,
    InviteAlreadyExists,
    InviteExpired,
    InviteNoLongerPending,
    InviteNotFound,
    InviteNotPending,
    PasswordBlank,
    PasswordTooCommon,
)
from voyagent.identity.service.invites import accept_invite, invite, invite_filter, look_up_invite, revoke_invite
from voyagent.identity.service.sessions import end_session, end_sessions, open_demo, open_session, refresh, sign_in, sign_out_program
from voyagent.identity.service.values import Device, Identity, SignedInPerson

__all__ = [
    "DemoNotThere",
    "Device",
    "EmailAlreadyRegistered",
    "EmailNotVerified",
    "Identity",
    "InvalidCredentials",
    "InvalidRefreshToken",
    "InvalidStatus",
    "InviteAlreadyExists",
    "InviteExpired",
    "InviteNoLongerPending",
    "InviteNotFound",
    "InviteNotPending",
    "PasswordBlank",
    "PasswordTooCommon",
    "SignedInPerson",
    "accept_invite",
    "add_person",
    "end_session",
    "end_sessions",
    "invite",
    "invite_filter",
    "look_up_invite",
    "on_new_agency",
    "open_demo",
    "open_session",
    "refresh",
    "refuse_common",
    "revoke_invite",
    "sign_in",
    "sign_out_program",
    "sign_up",
]
