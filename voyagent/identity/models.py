"""Tables of agencies, users, sessions, tokens, invitations, codes and API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    desc,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.ids import new_id
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references

_ROLES = "role in ('agency_admin', 'ticketing_lead', 'accounting_lead', 'agent', 'viewer')"


class Tenant(Base):
    """An agency: one tenant of the installation.

    `verified_at` is the time at which an e-mail address of the agency was first confirmed.
    `deletion_asked_at` is set while the agency waits for its deletion.
    """

    __tablename__ = "tenants"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    display_name: Mapped[str]
    default_currency: Mapped[str] = mapped_column(server_default=text("'USD'"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]
    verified_at: Mapped[datetime | None]
    deletion_asked_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("default_currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("deletion_asked_at is null or not is_active", name="deletion"),
    )


class User(TenantOwned, Base):
    """A user of an agency.

    The e-mail address is in lower case and unique among the active users of all agencies.
    `email_verified` is true if the address is confirmed by a mailed link or by the link of an
    invitation. `email_proven` is true only if the link was mailed to this address and shown nowhere
    else. The link of an invitation does not prove the address, because the link is also shown to
    the inviter. `email_moved` is true from a change of the address until a mailed link proves the
    new address. `suspended_at` is set while the user is suspended (`service.suspending`).
    `totp_pending_secret` waits for its first code and cannot be used after `totp_pending_until`.
    """

    __tablename__ = "users"

    display_name: Mapped[str]
    email: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    email_verified: Mapped[bool] = mapped_column(server_default=text("false"))
    email_proven: Mapped[bool] = mapped_column(server_default=text("false"))
    email_moved: Mapped[bool] = mapped_column(server_default=text("false"))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    last_login_at: Mapped[datetime | None]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]
    totp_enabled: Mapped[bool] = mapped_column(server_default=text("false"))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_pending_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_last_step: Mapped[int] = mapped_column(server_default=text("0"))
    removed_at: Mapped[datetime | None]
    invited_by_user_id: Mapped[UUID | None]
    suspended_at: Mapped[datetime | None]
    totp_pending_until: Mapped[datetime | None]

    __table_args__ = (
        references("users", "invited_by_user_id", "fk_users_inviter"),
        CheckConstraint("suspended_at is null or not is_active", name="suspended"),
        Index("uq_users_email", "email", unique=True, postgresql_where=text("is_active")),
        CheckConstraint("not totp_enabled or totp_secret is not null", name="totp"),
        CheckConstraint("email = lower(email)", name="email"),
        CheckConstraint(_ROLES, name="role"),
    )


class AuthSession(TenantOwned, Base):
    """A session, which is one sign-in by a program or by a browser.

    A program has tokens, a browser has a cookie.
    """

    __tablename__ = "auth_sessions"

    user_id: Mapped[UUID]
    channel: Mapped[str]
    user_agent: Mapped[str] = mapped_column(server_default=text("''"))
    ip: Mapped[str] = mapped_column(server_default=text("''"))
    created_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None]
    last_seen_at: Mapped[DefaultNow]

    __table_args__ = (
        references("users", "user_id", "fk_auth_sessions_user", "CASCADE"),
        CheckConstraint("channel in ('browser', 'api')", name="channel"),
        Index("ix_auth_sessions_user", "tenant_id", "user_id", "created_at"),
        Index("ix_auth_sessions_over", "tenant_id", text("least(ended_at, expires_at)")),
    )


class RefreshToken(TenantOwned, Base):
    """A refresh token, stored as its SHA-256 hash; it works once."""

    __tablename__ = "refresh_tokens"

    session_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_refresh_tokens_token_hash"),
        CheckConstraint("length(token_hash) = 32", name="hash"),
        references("auth_sessions", "session_id", "fk_refresh_tokens_session", "CASCADE"),
        Index("ix_refresh_tokens_session", "tenant_id", "session_id"),
    )


class RevokedToken(TenantBound, Base):
    """An access token that was revoked before it expired."""

    __tablename__ = "revoked_tokens"

    token_id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]

    __table_args__ = (Index("ix_revoked_tokens_expires", "tenant_id", "expires_at"),)


class Invite(TenantOwned, Base):
    """An invitation to join an agency with a role."""

    __tablename__ = "invites"

    invited_by_user_id: Mapped[UUID]
    email: Mapped[str]
    role: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    created_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_invites_token_hash"),
        references("users", "invited_by_user_id", "fk_invites_inviter"),
        CheckConstraint("status in ('pending', 'accepted', 'revoked', 'expired')", name="status"),
        CheckConstraint(_ROLES, name="role"),
        Index(
            "uq_invites_pending",
            "tenant_id",
            "email",
            unique=True,
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_invites_created", "tenant_id", desc("created_at"), desc("id")),
        Index("ix_invites_expires", "tenant_id", "expires_at"),
    )


class OneTimeToken(TenantOwned, Base):
    """A token in a mail for one user, e-mail address and purpose.

    The token works once.
    """

    __tablename__ = "one_time_tokens"

    user_id: Mapped[UUID]
    purpose: Mapped[str]
    email: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("token_hash", name="uq_one_time_tokens_token_hash"),
        CheckConstraint("length(token_hash) = 32", name="hash"),
        CheckConstraint("purpose in ('verify_email', 'reset_password')", name="purpose"),
        references("users", "user_id", "fk_one_time_tokens_user", "CASCADE"),
        Index("ix_one_time_tokens_user", "tenant_id", "user_id", "purpose"),
        Index("ix_one_time_tokens_expires", "tenant_id", "expires_at"),
    )


class RecoveryCode(TenantOwned, Base):
    """A recovery code, stored as a keyed hash."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID]
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[DefaultNow]
    spent_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("tenant_id", "user_id", "code_hash", name="uq_recovery_codes_code"),
        CheckConstraint("length(code_hash) = 32", name="hash"),
        references("users", "user_id", "fk_recovery_codes_user", "CASCADE"),
    )


class ApiKey(TenantOwned, Base):
    """An API key, with which a program acts as the key's creator.

    The key's scopes limit what the program may do. The prefix is public.
    """

    __tablename__ = "api_keys"

    created_by_user_id: Mapped[UUID]
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[DefaultNow]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_user_id: Mapped[UUID | None]
    last_used_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("prefix", name="uq_api_keys_prefix"),
        CheckConstraint("length(key_hash) = 32", name="hash"),
        CheckConstraint("cardinality(scopes) > 0", name="scopes"),
        references("users", "created_by_user_id", "fk_api_keys_maker"),
        references("users", "revoked_by_user_id", "fk_api_keys_revoker"),
        Index("ix_api_keys_created", "tenant_id", desc("created_at"), desc("id")),
    )
