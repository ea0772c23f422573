"""Tables of an agency's settings and logo."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base
from voyagent.kernel.keyring import current_keyring, opened_text
from voyagent.kernel.tenancy import TenantBound

BANK = "bank_details"
"""Purpose for which bank details are encrypted."""


class TenantSettings(TenantBound, Base):
    """The settings of an agency: one row, created at sign-up.

    Bank details are encrypted in `bank_details_sealed`. `bank_details_clear` has the bank details
    that a job still has to encrypt, because an earlier release stored them unencrypted.

    `bill_tolerance_percent` has two decimals, and `bill_tolerance_minor` is in the currency of the
    books. A bill needs no reason if its difference from the expected amount is within both.

    `base_state` is `ready` when every posting has its amount in `base_currency`, which is fixed
    then. Before, it is `asked`: `base_currency` is null, and `default_currency` takes its place.
    """

    __tablename__ = "tenant_settings"

    model: Mapped[str | None]
    model_override: Mapped[str | None]
    system_prompt_suffix: Mapped[str | None]
    rate_limit_per_minute: Mapped[int] = mapped_column(server_default=text("60"))
    rate_limit_per_hour: Mapped[int] = mapped_column(server_default=text("1000"))
    daily_token_budget: Mapped[int | None]
    locale: Mapped[str] = mapped_column(server_default=text("'en'"))
    timezone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    default_currency: Mapped[str] = mapped_column(server_default=text("'INR'"))
    four_eyes: Mapped[bool] = mapped_column(server_default=text("true"))
    financial_year_start_month: Mapped[int] = mapped_column(server_default=text("4"))
    approval_limits: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    address: Mapped[str | None]
    tax_number: Mapped[str | None]
    bank_details_clear: Mapped[str | None] = mapped_column("bank_details")
    bank_details_sealed: Mapped[bytes | None]
    round_invoices: Mapped[bool] = mapped_column(server_default=text("false"))
    retention: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    audit_mail_administrators: Mapped[bool] = mapped_column(server_default=text("false"))
    audit_mail_addresses: Mapped[str | None]
    rate_max_age_days: Mapped[int] = mapped_column(SmallInteger, server_default=text("7"))
    base_currency: Mapped[str | None]
    base_state: Mapped[str] = mapped_column(server_default=text("'asked'"))
    sac_digits: Mapped[int] = mapped_column(SmallInteger, server_default=text("6"))
    bill_tolerance_percent: Mapped[str] = mapped_column(server_default=text("'2.00'"))
    bill_tolerance_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("50000"))
    confirm_treatments: Mapped[bool] = mapped_column(server_default=text("false"))

    __table_args__ = (
        CheckConstraint("rate_limit_per_minute between 1 and 10000", name="per_minute"),
        CheckConstraint("rate_limit_per_hour between 1 and 1000000", name="per_hour"),
        CheckConstraint("daily_token_budget >= 1", name="budget"),
        CheckConstraint("locale in ('en', 'hi')", name="locale"),
        CheckConstraint("default_currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("financial_year_start_month between 1 and 12", name="month"),
        CheckConstraint("rate_max_age_days between 0 and 366", name="rate_max_age"),
        CheckConstraint("base_currency ~ '^[A-Z]{3}$'", name="base_currency"),
        CheckConstraint(
            "base_state in ('asked', 'ready')"
            " and (base_state = 'ready') = (base_currency is not null)",
            name="base_state",
        ),
        CheckConstraint("sac_digits in (4, 6)", name="sac_digits"),
        CheckConstraint(
            "bill_tolerance_percent ~ '^(100\\.00|[0-9]{1,2}\\.[0-9]{2})$'"
            " and bill_tolerance_minor >= 0",
            name="bill_tolerance",
        ),
        CheckConstraint("jsonb_typeof(approval_limits) = 'object'", name="approval_limits"),
        CheckConstraint("jsonb_typeof(retention) = 'object'", name="retention"),
    )

    @property
    def bank_details(self) -> str | None:
        """Return the decrypted bank details."""
        return opened_text(BANK, self.bank_details_sealed, self.bank_details_clear)

    @bank_details.setter
    def bank_details(self, text: str | None) -> None:
        self.bank_details_sealed = (
            None if text is None else current_keyring().seal(BANK, text.encode())
        )
        self.bank_details_clear = None


class TenantLogo(TenantBound, Base):
    """The logo of an agency, redrawn from the uploaded image.

    `digest` is the SHA-256 of `content`. Width and height are in pixels.
    """

    __tablename__ = "tenant_logos"

    media_type: Mapped[str]
    content: Mapped[bytes]
    digest: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]

    __table_args__ = (
        CheckConstraint("media_type in ('image/png', 'image/jpeg')", name="media_type"),
        CheckConstraint("octet_length(content) between 1 and 2000000", name="content"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        CheckConstraint("width between 1 and 800 and height between 1 and 400", name="size"),
    )
