"""All credentials of a person, and the table of the acts that end them.

A credential is anything that gives access to the account or the agency without the present
password. Sources: ASVS 7.4.3 and the API contract. The contract says that API keys stay valid after
a change of the password or the second factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """Kind of credential, as the API and the pages name it."""

    SESSION = "session"
    API_KEY = "api_key"
    INVITATION = "invitation"
    RESET_LINK = "reset_link"
    CONFIRMATION_LINK = "confirmation_link"
    SECOND_FACTOR = "second_factor"
    SECOND_FACTOR_SETUP = "second_factor_setup"
    """A new secret of an authenticator that waits for its first code."""
    RECOVERY_CODE = "recovery_code"


class Act(StrEnum):
    """Act after which credentials may have to end."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a name
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a name
    PASSWORD_RESET_UNPROVEN = "password_reset_unproven"  # noqa: S105 - a name
    """The first password reset with an address that no mailed link has proven.

    A stranger may have signed up with the address, moved an account to it, or invited the address
    and accepted the invitation.
    """
    ADDRESS_CHANGED = "address_changed"
    ADDRESS_CONFIRMED = "address_confirmed"
    FIRST_ADDRESS_CONFIRMED = "first_address_confirmed"
    """The first confirmation in the agency, on the page that asks for the password."""
    SECOND_FACTOR_CHANGED = "second_factor_changed"
    SECOND_FACTOR_OFF = "second_factor_off"
    ROLE_CHANGED = "role_changed"
    MAY_NO_LONGER_INVITE = "may_no_longer_invite"
    """A change to a role that may not invite."""
    SIGNED_OUT = "signed_out"
    """An administrator signs the person out."""
    REMOVED = "removed"
    INVITER_TAKEN_OVER = "inviter_taken_over"
    """The person is suspended, because the inviter's account was taken over.

    The owner of the inviter's e-mail address has taken the inviter's account over. Sessions and API
    keys of the suspended person do not work until an administrator ends the suspension.
    """
    SUSPENDED = "suspended"
    """The operator suspends the agency: every credential is refused, and none ends."""
    RESTORED = "restored"
    """The operator restores a backup. It has sessions and links that have ended since."""


class Effect(StrEnum):
    """Effect of an act on the credentials of one kind."""

    ENDS = "ends"
    ENDS_OTHERS = "ends_others"
    """All end but the session that did the act."""
    CONTINUES = "continues"


TABLES: Mapping[Kind, frozenset[str]] = {
    Kind.SESSION: frozenset({"auth_sessions", "refresh_tokens", "revoked_tokens"}),
    Kind.API_KEY: frozenset({"api_keys"}),
    Kind.INVITATION: frozenset({"invites"}),
    Kind.RESET_LINK: frozenset({"one_time_tokens"}),
    Kind.CONFIRMATION_LINK: frozenset({"one_time_tokens"}),
    Kind.SECOND_FACTOR: frozenset({"users"}),
    Kind.SECOND_FACTOR_SETUP: frozenset({"users"}),
    Kind.RECOVERY_CODE: frozenset({"recovery_codes"}),
}
"""Tables in which each kind is stored; a test looks for tables that are missing here."""

_EVERYTHING: Mapping[Kind, Effect] = dict.fromkeys(Kind, Effect.ENDS)
_OTHER_SESSIONS: Mapping[Kind, Effect] = {
    Kind.SESSION: Effect.ENDS_OTHERS,
    # One of the other sessions may have begun the set-up.
    Kind.SECOND_FACTOR_SETUP: Effect.ENDS,
}
_ALL_SESSIONS: Mapping[Kind, Effect] = {**_OTHER_SESSIONS, Kind.SESSION: Effect.ENDS}
ENDED_BY: Mapping[Act, Mapping[Kind, Effect]] = {
    Act.PASSWORD_CHANGED: {**_OTHER_SESSIONS, Kind.RESET_LINK: Effect.ENDS},
    Act.PASSWORD_RESET: {**_ALL_SESSIONS, Kind.RESET_LINK: Effect.ENDS},
    # The mailed confirmation link continues: the owner of the address needs it.
    Act.PASSWORD_RESET_UNPROVEN: {**_EVERYTHING, Kind.CONFIRMATION_LINK: Effect.CONTINUES},
    Act.ADDRESS_CHANGED: {
        **_OTHER_SESSIONS,
        Kind.RESET_LINK: Effect.ENDS,
        Kind.CONFIRMATION_LINK: Effect.ENDS,
    },
    Act.ADDRESS_CONFIRMED: {Kind.CONFIRMATION_LINK: Effect.ENDS},
    Act.FIRST_ADDRESS_CONFIRMED: {**_OTHER_SESSIONS, Kind.CONFIRMATION_LINK: Effect.ENDS},
    Act.SECOND_FACTOR_CHANGED: _OTHER_SESSIONS,
    Act.SECOND_FACTOR_OFF: {
        **_OTHER_SESSIONS,
        Kind.SECOND_FACTOR: Effect.ENDS,
        Kind.RECOVERY_CODE: Effect.ENDS,
    },
    Act.ROLE_CHANGED: {},
    Act.MAY_NO_LONGER_INVITE: {Kind.INVITATION: Effect.ENDS},
    Act.SIGNED_OUT: _ALL_SESSIONS,
    Act.REMOVED: _EVERYTHING,
    Act.INVITER_TAKEN_OVER: {
        Kind.INVITATION: Effect.ENDS,
        Kind.RESET_LINK: Effect.ENDS,
        Kind.SECOND_FACTOR_SETUP: Effect.ENDS,
    },
    Act.SUSPENDED: {},
    Act.RESTORED: {**_ALL_SESSIONS, Kind.RESET_LINK: Effect.ENDS},
}
"""Effect of each act on each kind; a kind that is not listed continues."""

LIVES_ON = (Kind.API_KEY, Kind.INVITATION)
"""Kinds for which mails and pages give the number that continues after an act."""
ENDED_BY_OWNER = (Kind.SESSION, *LIVES_ON, Kind.RESET_LINK, Kind.CONFIRMATION_LINK)
"""Kinds that a person can end all at once; the second factor asks for the password."""


def effect_of(act: Act, kind: Kind) -> Effect:
    """Return the effect of an act on the credentials of a kind."""
    return ENDED_BY[act].get(kind, Effect.CONTINUES)
