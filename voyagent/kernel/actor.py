"""The acting person or job: one value for pages, API, assistant and jobs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from voyagent.kernel.errors import N_, Forbidden

_ROLE_PERMISSIONS: dict[str, frozenset[str]] = {}
_SCOPE_PERMISSIONS: dict[str, frozenset[str]] = {}


class Channel(StrEnum):
    """The channel of an act, as the audit records it."""

    BROWSER = "browser"
    API = "api"
    ASSISTANT = "assistant"
    JOB = "job"


class NotFresh(Forbidden):
    """The password was not asked for recently enough.

    The token comes from a refresh or is an API key.
    """

    code = "reauthentication_required"
    message = N_("Confirm your password first.")


class ScopeTooSmall(Forbidden):
    """An API key has fewer rights than its maker's role.

    Programs receive the same code as for a role.
    """

    message = N_(
        "This API key does not have permission for this, although its creator’s role "
        "does. Create a key with the permission."
    )


class ApprovalRequired(Forbidden):
    """The role needs an approval for this act; its code is that of every refusal by role."""

    message = N_(
        "This needs approval. Ask the assistant to request it; a colleague who can "
        "approve it then decides."
    )


def define_roles(roles: Mapping[str, frozenset[str]], scopes: Mapping[str, frozenset[str]]) -> None:
    """Install the permission tables (`identity.rules.permissions` owns them).

    A role or scope without an entry may do nothing.
    """
    for table, given in ((_ROLE_PERMISSIONS, roles), (_SCOPE_PERMISSIONS, scopes)):
        table.clear()
        table.update(given)


@dataclass(frozen=True, slots=True)
class Credential:
    """The identity that a caller has presented, before the database confirms it.

    `session_id` is its session, `token_id` the access token (None for a browser's cookie). An API
    key has no session: `key_id` names it. `fresh` is true for a token made by a password.
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
    """Permission for one act: `permission` is the only one that it covers.

    `reference` names its source: `approvals` attaches the proposal's id while it carries out or
    runs a proposal dry, a system job carries `job:<name>`. People have none.
    """

    reference: str
    permission: str


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of an agency, or the system (`user_id` None), with role and locale."""

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
    """The most that this actor may do, if it differs from the role.

    The scopes of an API key, or the single right of a job.
    """
    grant: Grant | None = None

    def can(self, permission: str) -> bool:
        """True if the role, within a key's scopes, holds the permission; the default is no."""
        return permission in (
            _ROLE_PERMISSIONS.get(self.role, frozenset())
            if self.permissions is None
            else self.permissions
        )

    def require(self, permission: str) -> None:
        """Require a permission; the first line of every service.

        Raises Forbidden, or ScopeTooSmall if only a key's scopes are missing (both
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
        """Require authority to move money, post, or commit the agency to a supplier.

        The role holds the permission, and the actor carries a grant of exactly this permission or
        the role holds its direct right (`payment.record_direct` for `payment.record`). An act of
        the assistant is never direct.

        Raises Forbidden, ScopeTooSmall, ApprovalRequired (all `forbidden_role`).
        """
        self.require(permission)
        if self.grant is not None and self.grant.permission == permission:
            return
        if not self.may_act_directly(permission):
            raise ApprovalRequired

    def may_act_directly(self, permission: str) -> bool:
        """True if the role may do without a grant what `require_authority` protects.

        False for permissions without a direct right, and for every act of the assistant.
        """
        return (
            self.channel is not Channel.ASSISTANT
            and self.can(permission)
            and self.can(direct_right(permission))
        )

    def granted(self, grant: Grant) -> Actor:
        """Return the same person with a grant; for `approvals` and system jobs only."""
        return replace(self, grant=grant)

    def require_fresh(self) -> None:
        """Require a fresh token (API contract).

        Raises NotFresh (`reauthentication_required`).
        """
        if not self.fresh:
            raise NotFresh

    @property
    def credential(self) -> Credential:
        """Return the credential, for work that outlives the request and authenticates again."""
        assert self.user_id is not None
        return Credential(
            self.tenant_id, self.user_id, self.session_id, self.token_id, self.channel, self.key_id
        )

    def via(self, channel: Channel) -> Actor:
        """Return the same person on another channel, such as the assistant's; rights never grow."""
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
    """Return the permissions of a key: its scopes within its maker's present role."""
    allowed: frozenset[str] = frozenset().union(
        *(_SCOPE_PERMISSIONS.get(scope, frozenset()) for scope in scopes)
    )
    return allowed & _ROLE_PERMISSIONS.get(role, frozenset())


def system_actor(tenant_id: UUID) -> Actor:
    """Return the program itself, for housekeeping in one agency; it has no role."""
    return Actor(tenant_id=tenant_id, user_id=None, role="system", channel=Channel.JOB)
