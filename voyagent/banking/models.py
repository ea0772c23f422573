"""The table of bank accounts."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.keyring import current_keyring, opened_text
from voyagent.kernel.tenancy import TenantOwned, references

NUMBER = "bank_account_number"
"""Purpose for which numbers of bank accounts are encrypted."""
_NO = text("false")


class BankAccount(TenantOwned, Base):
    """An account that holds money in one currency, with its account in the chart.

    `kind` is one of `rules.KINDS`. Payments that name no bank account use the default of their kind
    and currency. The number is encrypted; `number_last4` has its last characters. If `is_printed`
    is true, invoices in the currency show number and bank. A closed account stays, because payments
    refer to it.
    """

    __tablename__ = "bank_accounts"

    account_id: Mapped[UUID]
    kind: Mapped[str]
    currency: Mapped[str]
    name: Mapped[str]
    bank_name: Mapped[str | None]
    number_last4: Mapped[str | None]
    number_sealed: Mapped[bytes | None]
    ifsc: Mapped[str | None]
    swift: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(server_default=_NO)
    is_printed: Mapped[bool] = mapped_column(server_default=_NO)
    opened_on: Mapped[date]
    closed_on: Mapped[date | None]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id", name="uq_bank_accounts_account"),
        references("accounts", "account_id", "fk_bank_accounts_account"),
        CheckConstraint("kind in ('bank', 'cash', 'card', 'gateway', 'wallet')", name="kind"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("length(name) between 1 and 128", name="name"),
        CheckConstraint("(number_sealed is null) = (number_last4 is null)", name="number"),
        CheckConstraint("opened_on between '1900-01-01' and '2200-12-31'", name="opened"),
        CheckConstraint(
            "closed_on is null or (closed_on >= opened_on and not is_default and not is_printed)",
            name="closed",
        ),
        Index(
            "uq_bank_accounts_default",
            "tenant_id",
            "kind",
            "currency",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    @property
    def number(self) -> str | None:
        """Return the decrypted number, or None if there is none."""
        return opened_text(NUMBER, self.number_sealed, None)

    @number.setter
    def number(self, number: str | None) -> None:
        self.number_last4 = None if number is None else number[-4:]
        self.number_sealed = (
            None if number is None else current_keyring().seal(NUMBER, number.encode())
        )
