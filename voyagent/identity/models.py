"""Tables of who there is: agencies, people, sign-ins with their refresh tokens, invitations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint, desc, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base
from voyagent.kernel.ids import new_id
from voyagent.kernel.tenancy import TenantBound, TenantOwned

_NOW = text("now()")
_ROLES = "role in ('agency_admin', 'ticketing_lead', 'accounting_lead', 'agent', 'viewer')"


class Tenant(Base):
    """An agency."""

    __tablename__ = "tenants"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    display_name: Mapped[str]
    default_currency: Mapped[str] = mapped_column(server_default=text("'USD'"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)

    __table_args__ = (CheckConstraint("default_currency ~ '^[A-Z]{3}$'", name="currency"),)


class User(TenantOwned, Base):
    """A person of an agency; the address is lower-case and unique over all agencies."""

    __tablename__ = "users"

    display_name: Mapped[str]
    email: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    email_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    updated_at: Mapped[datetime] = mapped_column(server_default=_NOW)

    __table_args__ = (
        UniqueConstraint("email", name="uq_users_email"),
        CheckConstraint("email = lower(email)", name="email"),
        CheckConstraint(_ROLES, name="role"),
    )


class AuthSession(TenantOwned, Base):
    """One sign-in: the family of its refresh tokens and of every access token made from them, or a browser's session."""

    __tablename__ = "auth_sessions"

    user_id: Mapped[UUID]
    channel: Mapped[str]
    user_agent: Mapped[str] = mapped_column(server_default=text("''"))
    ip: Mapped[str] = mapped_column(server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]

    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name="fk_auth_sessions_user", ondelete="CASCADE"),
        CheckConstraint("channel in ('browser', 'api')", name="channel"),
        Index("ix_auth_sessions_user", "tenant_id", "user_id", "created_at"),
    )


class RefreshToken(TenantOwned, Base):
    """A refresh token, kept as its SHA-256; good once."""

    __tablename__ = "refresh_tokens"

    session_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_refresh_tokens_token_hash"),
        CheckConstraint("length(token_hash) = 32", name="hash"),
        ForeignKeyConstraint(
            ["tenant_id", "session_id"], ["auth_sessions.tenant_id", "auth_sessions.id"], name="fk_refresh_tokens_session", ondelete="CASCADE"
        ),
        Index("ix_refresh_tokens_session", "tenant_id", "session_id"),
    )


class RevokedToken(TenantBound, Base):
    """An access token that was signed out before its end."""

    __tablename__ = "revoked_tokens"

    token_id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class Invite(TenantOwned, Base):
    """An invitation to join an agency in a role; its token is kept as SHA-256."""

    __tablename__ = "invites"

    invited_by_user_id: Mapped[UUID]
    email: Mapped[str]
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    created_at: Mapped[datetime] = mapped_column(server_default=_NOW)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_invites_token_hash"),
        ForeignKeyConstraint(["tenant_id", "invited_by_user_id"], ["users.tenant_id", "users.id"], name="fk_invites_inviter"),
        CheckConstraint("status in ('pending', 'accepted', 'revoked', 'expired')", name="status"),
        CheckConstraint(_ROLES, name="role"),
        Index("uq_invites_pending", "tenant_id", "email", unique=True, postgresql_where=text("status = 'pending'")),
        Index("ix_invites_created", "tenant_id", desc("created_at"), desc("id")),
    )
