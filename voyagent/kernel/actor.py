"""The actor: the person or job for whom the program acts, with permissions.

Pages, the JSON API, the assistant and background jobs all pass one `Actor` to the services.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from voyagent.kernel.errors import N_, Forbidden

_ROLE_PERMISSIONS: dict[str, frozenset[str]] = {}
_SCOPE_PERMISSIONS: dict[str, frozenset[str]] = {}
_STEP_UP: dict[str, frozenset[str]] = {}


class Channel(StrEnum):
    """The channel through which an action was requested; audit events record it."""

    BROWSER = "browser"
    API = "api"
    ASSISTANT = "assistant"
    JOB = "job"


class NotFresh(Forbidden):
    """The action needs a password entered just now, with a code if two-factor is on.

    This error is raised for an access token that came from a refresh token, and for a browser
    session whose password was entered too long ago. An API key gets this error if no scope can
    allow the action.
    """

    code = "reauthentication_required"
    message = N_("Confirm your password first.")


class ScopeNotNamed(NotFresh):
    """An API key lacks a scope that names the permission of the action.

    The scope `full` includes the permission but does not name it.
    """

    message = N_(
        "An API key needs a scope that names this: “team” for people, “settings” for limits, bank"
        " details and tax numbers."
    )


class ScopeTooSmall(Forbidden):
    """An API key lacks a scope for an action that the role of its creator allows.

    The error code is `forbidden_role`, as for a role without the permission.
    """

    message = N_(
        "This API key does not have permission for this, although its creator’s role "
        "does. Create a key with the permission."
    )


class ApprovalRequired(Forbidden):
    """The role may do this only with an approval; the error code is `forbidden_role`."""

    message = N_(
        "This needs approval. Ask the assistant to request it; a colleague who can "
        "approve it then decides."
    )


def define_roles(
    roles: Mapping[str, frozenset[str]],
    scopes: Mapping[str, frozenset[str]],
    step_up: Mapping[str, frozenset[str]],
) -> None:
    """Set the tables that decide the permissions of roles and of API keys.

    `roles` has the permissions of each role, and `scopes` the permissions of each API key scope. A
    role or scope that is missing has no permission. `step_up` has the permissions that
    `Actor.require_step_up` and `Actor.require_named` check, each with the scopes that name the
    permission. An API key without such a scope cannot use the permission.
    """
    for table, given in (
        (_ROLE_PERMISSIONS, roles),
        (_SCOPE_PERMISSIONS, scopes),
        (_STEP_UP, step_up),
    ):
        table.clear()
        table.update(given)


@dataclass(frozen=True, slots=True)
class Credential:
    """The identity that a caller claims, before the database has confirmed it.

    `session_id` is the id of the caller's session; an API key has none. `token_id` is the id of the
    access token, if the caller uses one. `key_id` is the id of the API key, if the caller uses one.
    `fresh` is true if the password was entered just now.
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
    """The right to do the action of `permission` once without a further approval.

    `reference` names the source of the right: the id of an approved proposal while `approvals`
    executes the proposal, or `dry run`. `further` are the permissions of other acts that are part
    of the action, such as the refund of a cancellation.
    """

    reference: str
    permission: str
    further: frozenset[str] = frozenset()

    def covers(self, permission: str) -> bool:
        """Return True if the right includes the act of a permission."""
        return permission == self.permission or permission in self.further


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of an agency or the program itself, with role and locale.

    `user_id` is None for the program itself.
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
    """The permissions of this actor if they differ from those of the role, else None.

    The actor of an API key has the permissions of its scopes. The actor of a job has one
    permission.
    """
    named: frozenset[str] = field(default=frozenset(), repr=False)
    """Permissions that a scope of the API key names, such as `team.manage` by the scope `team`."""
    grant: Grant | None = None

    def can(self, permission: str) -> bool:
        """Return True if the actor has the permission.

        The field `permissions` decides, which an API key or a job has. If the field is None, the
        role decides. An unknown role has no permission.
        """
        return permission in (
            _ROLE_PERMISSIONS.get(self.role, frozenset())
            if self.permissions is None
            else self.permissions
        )

    def require(self, permission: str) -> None:
        """Raise an error unless the actor has the permission; services call it first.

        Raises ScopeTooSmall if the role has the permission but the API key lacks the scope, and
        Forbidden otherwise. The error code of both errors is `forbidden_role`.
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
        """Raise an error unless the actor may move money, post, or commit to a supplier.

        The actor needs the permission, and a grant for this permission or the direct permission,
        such as `payment.record_direct` for `payment.record`. The assistant always needs a grant.

        Raises Forbidden, ScopeTooSmall or ApprovalRequired. The error code of all three is
        `forbidden_role`.
        """
        self.require(permission)
        if self.grant is not None and self.grant.covers(permission):
            return
        if not self.may_act_directly(permission):
            raise ApprovalRequired

    def may_act_directly(self, permission: str) -> bool:
        """Return True if the actor may do the act without an approval.

        The actor must have the permission and its direct permission, such as
        `payment.record_direct` for `payment.record`. The result is always False for the assistant.
        """
        return (
            self.channel is not Channel.ASSISTANT
            and self.can(permission)
            and self.can(direct_right(permission))
        )

    def granted(self, grant: Grant) -> Actor:
        """Return the same actor with a grant. Only `approvals` may call this."""
        return replace(self, grant=grant)

    def require_step_up(self, permission: str) -> None:
        """Raise an error unless the actor may act and has just entered the password.

        `permission` is a key of the table `STEP_UP`. An API key needs a scope that names the
        permission; if no scope does, no API key may do the act.

        Raises Forbidden, ScopeTooSmall, ScopeNotNamed or NotFresh. The error code of the last two
        is `reauthentication_required`.
        """
        self.require(permission)
        if self.fresh or permission in self.named:
            return
        raise ScopeNotNamed if self.key_id is not None and _STEP_UP[permission] else NotFresh

    def require_named(self, permission: str) -> None:
        """Raise an error unless the actor may act; an API key needs a scope for the act.

        `permission` is a key of the table `KEY_SCOPES`. An API key needs a scope that names the
        permission. A person need not enter the password again.

        Raises Forbidden, ScopeTooSmall or ScopeNotNamed. The error code of ScopeNotNamed is
        `reauthentication_required`.
        """
        self.require(permission)
        if self.key_id is not None and permission not in self.named:
            raise ScopeNotNamed

    @property
    def credential(self) -> Credential:
        """Return the credential with which a later job authenticates the caller again."""
        assert self.user_id is not None
        return Credential(
            self.tenant_id, self.user_id, self.session_id, self.token_id, self.channel, self.key_id
        )

    def via(self, channel: Channel) -> Actor:
        """Return the same actor with the same permissions on another channel."""
        return replace(self, channel=channel)

    @property
    def initials(self) -> str:
        """Return one or two letters of the name, or of the e-mail address, for the avatar."""
        words = [w for w in self.full_name.split() if w[0].isalnum()] or [self.email or "?"]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def direct_right(permission: str) -> str:
    """Return the name of the permission to do an action without approval."""
    return f"{permission}_direct"


def permissions_within(role: str, scopes: Iterable[str]) -> frozenset[str]:
    """Return the permissions of an API key: its scopes, limited to its creator's role."""
    allowed: frozenset[str] = frozenset().union(
        *(_SCOPE_PERMISSIONS.get(scope, frozenset()) for scope in scopes)
    )
    return allowed & _ROLE_PERMISSIONS.get(role, frozenset())


def named_by(scopes: Iterable[str]) -> frozenset[str]:
    """Return the permissions that an API key's scopes name, such as `team.manage`."""
    held = frozenset(scopes)
    return frozenset(permission for permission, names in _STEP_UP.items() if names & held)


def system_actor(tenant_id: UUID) -> Actor:
    """Return the actor for housekeeping in one agency, which has no permissions."""
    return Actor(tenant_id=tenant_id, user_id=None, role="system", channel=Channel.JOB)
