"""Who acts: one value for both doors, the assistant and jobs, judged by one permission table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from voyagent.kernel.errors import Forbidden

_ROLE_PERMISSIONS: dict[str, frozenset[str]] = {}


class Channel(StrEnum):
    """The way by which an act came in; the audit keeps it."""

    BROWSER = "browser"
    API = "api"
    ASSISTANT = "assistant"
    JOB = "job"


def define_roles(table: Mapping[str, frozenset[str]]) -> None:
    """Install the permission table (`identity.permissions` owns it). A role that it does not name may do nothing."""
    _ROLE_PERMISSIONS.clear()
    _ROLE_PERMISSIONS.update(table)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller presented and a signature vouches for, before the database has confirmed it.

    `session_id` is the sign-in that it belongs to, `token_id` the one access token (None for a browser's cookie).
    """

    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    token_id: str | None = None
    channel: Channel = Channel.API


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of an agency, or the system (`user_id` None), with the rights of the present role and the agency's ways of writing."""

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
    permissions: frozenset[str] = field(default=frozenset(), repr=False)

    def can(self, permission: str) -> bool:
        """Whether the role holds the permission; deny is the default."""
        return permission in (self.permissions or _ROLE_PERMISSIONS.get(self.role, frozenset()))

    def require(self, permission: str) -> None:
        """The first line of every service. Raises Forbidden (`forbidden_role`)."""
        if not self.can(permission):
            raise Forbidden

    def via(self, channel: Channel) -> Actor:
        """The same person by another way, such as the assistant acting for her: never more rights than hers."""
        return replace(self, channel=channel)

    @property
    def initials(self) -> str:
        """Two letters for the avatar."""
        words = [w for w in self.full_name.split() if w[0].isalnum()] or [self.email or "?"]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def system_actor(tenant_id: UUID) -> Actor:
    """The program itself, for housekeeping within one agency: no role, hence no permission that a service asks for."""
    return Actor(tenant_id=tenant_id, user_id=None, role="system", channel=Channel.JOB)
