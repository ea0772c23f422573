"""Who acts: one value for both doors, the assistant and jobs, judged by one permission table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from voyagent.kernel.errors import N_, Forbidden

_ROLE_PERMISSIONS: dict[str, frozenset[str]] = {}
_SCOPE_PERMISSIONS: dict[str, frozenset[str]] = {}


class Channel(StrEnum):
    """The way by which an act came in; the audit keeps it."""

    BROWSER = "browser"
    API = "api"
    ASSISTANT = "assistant"
    JOB = "job"


class NotFresh(Forbidden):
    """The password was not asked recently enough for this act: the token came from a refresh, or is
    an API key.
    """

    code = "reauthentication_required"
    message = N_("Please confirm your password first.")


class ScopeTooSmall(Forbidden):
    """An API key that reaches less than the role of its maker; programs are told the same as of a
    role.
    """

    message = N_("The scopes of this API key do not reach this, though the role of its maker does.")


class ApprovalRequired(Forbidden):
    """An act for which the role needs somebody's approval; its code is that of every role's refusal."""

    message = N_(
        "This needs approval. Ask the assistant to do it: a colleague whose role allows it then"
        " approves the request."
    )


def define_roles(roles: Mapping[str, frozenset[str]], scopes: Mapping[str, frozenset[str]]) -> None:
    """Install the permission tables (`identity.permissions` owns them).

    A role or scope that they do not name may do nothing.
    """
    for table, given in ((_ROLE_PERMISSIONS, roles), (_SCOPE_PERMISSIONS, scopes)):
        table.clear()
        table.update(given)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller presented and a signature vouches for, before the database has confirmed it.

    `session_id` is the sign-in that it belongs to, `token_id` the one access token (None for a
    browser's cookie). An API key belongs to no sign-in: `key_id` names it. `fresh`: the token was
    made by a password, and not by a refresh.
    """

    tenant_id: UUID
    user_id: UUID
    session_id: UUID | None
    token_id: str | None = None
    channel: Channel = Channel.API
    key_id: UUID | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave for one act: `permission` is the only one that it covers, `reference` names its source.

    `approvals` attaches one while it carries out an approved proposal (the proposal's id) or
    rehearses one. A system job carries `job:<name>`. People have none.
    """

    reference: str
    permission: str


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of an agency, or the system (`user_id` None), with the rights of the present role
    and the agency's ways of writing.
    """

    tenant_id: UUID
    user_id: UUID | None
    role: str
    channel: Channel = Channel.JOB
    session_id: UUID | None = None
    token_id: str | None = None
    email: str = ""
    full_name: str = ""
    tenant_name: str = ""
    timezone: str = "UTC"
    locale: str = "en"
    currency: str = "INR"
    key_id: UUID | None = None
    fresh: bool = False
    permissions: frozenset[str] | None = field(default=None, repr=False)
    """What this actor may at most, where that is less than, or beside, the role: an API key's
    scopes, a job's single right.
    """
    grant: Grant | None = None

    def can(self, permission: str) -> bool:
        """Whether the role, within the scopes of a key, holds the permission; deny is the default."""
        return permission in (
            _ROLE_PERMISSIONS.get(self.role, frozenset())
            if self.permissions is None
            else self.permissions
        )

    def require(self, permission: str) -> None:
        """The first line of every service.

        Raises Forbidden, or ScopeTooSmall where only a key's scopes stand in the way (both
        `forbidden_role`).
        """
        if self.can(permission):
            return
        raise (
            ScopeTooSmall
            if self.key_id is not None
            and permission in _ROLE_PERMISSIONS.get(self.role, frozenset())
            else Forbidden
        )

    def require_authority(self, permission: str) -> None:
        """The first line of every service that moves money, posts, or commits the agency outside.

        The role holds the permission, and the actor carries a grant of exactly this permission or
        the role holds its direct right (`payment.record_direct` for `payment.record`). What the
        assistant does for somebody is never direct. Raises Forbidden, ScopeTooSmall,
        ApprovalRequired (all `forbidden_role`).
        """
        self.require(permission)
        if self.grant is not None and self.grant.permission == permission:
            return
        if self.channel is Channel.ASSISTANT or not self.can(direct_right(permission)):
            raise ApprovalRequired

    def granted(self, grant: Grant) -> Actor:
        """The same person with leave for one act; for `approvals` and system jobs alone."""
        return replace(self, grant=grant)

    def require_fresh(self) -> None:
        """For acts that ask for the password again (API contract, fresh token).

        Raises NotFresh (`reauthentication_required`).
        """
        if not self.fresh:
            raise NotFresh

    @property
    def credential(self) -> Credential:
        """What this person came in with, for something that outlives the request and asks the
        database again.
        """
        assert self.user_id is not None
        return Credential(
            self.tenant_id, self.user_id, self.session_id, self.token_id, self.channel, self.key_id
        )

    def via(self, channel: Channel) -> Actor:
        """The same person by another way, such as the assistant acting for her: never more rights
        than hers.
        """
        return replace(self, channel=channel)

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = [w for w in self.full_name.split() if w[0].isalnum()] or [self.email or "?"]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def direct_right(permission: str) -> str:
    """Return the name of the right to do what a permission allows without a grant."""
    return f"{permission}_direct"


def permissions_within(role: str, scopes: Iterable[str]) -> frozenset[str]:
    """What a key of these scopes may: never more than the present role of whoever made it."""
    allowed: frozenset[str] = frozenset().union(
        *(_SCOPE_PERMISSIONS.get(scope, frozenset()) for scope in scopes)
    )
    return allowed & _ROLE_PERMISSIONS.get(role, frozenset())


def system_actor(tenant_id: UUID) -> Actor:
    """The program itself, for housekeeping within one agency: no role, hence no permission that a
    service asks for.
    """
    return Actor(tenant_id=tenant_id, user_id=None, role="system", channel=Channel.JOB)
