"""The table of customers and suppliers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.keyring import Keyring, current_keyring, opened_text
from voyagent.kernel.tenancy import TenantOwned, references
from voyagent.taxes.rules.numbers import COUNTRY, country_of, pan_of

_NO = text("false")
_SEARCH = (
    "lower(name || chr(31) || COALESCE(email, ''::text) || chr(31) || COALESCE(phone, ''::text) ||"
    " chr(31) || COALESCE(tax_number, ''::text))"
)
TAX_NUMBER = "tax_number"
"""Purpose of the keys with which a tax number is encrypted and hashed."""


class Party(TenantOwned, Base):
    """A customer, a supplier, or both.

    Documents, payments and postings refer to a party by `party_id`, and store its name as it was
    then. Reports still add them up by `party_key`, the name in lower case, which is unique.

    `origin` is `person` or `import` if somebody recorded the party, `document` if a document with
    a new name did, and `migration` if `flask books link-parties` did.

    The tax number is encrypted, because a GSTIN contains the PAN of its holder. A party is found by
    a keyed hash of the tax number or of this PAN. `tax_number_clear` has a tax number that an
    earlier release stored, until a job has encrypted it. The next release drops this column.
    """

    __tablename__ = "parties"

    name: Mapped[str]
    party_key: Mapped[str] = mapped_column(Computed("lower(name)", persisted=True))
    is_customer: Mapped[bool] = mapped_column(server_default=_NO)
    is_supplier: Mapped[bool] = mapped_column(server_default=_NO)
    email: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[str | None]
    country: Mapped[str | None]
    state: Mapped[str | None]
    tax_number_clear: Mapped[str | None] = mapped_column("tax_number")
    tax_number_sealed: Mapped[bytes | None]
    tax_number_digests: Mapped[list[bytes] | None] = mapped_column(ARRAY(LargeBinary))
    terms_days: Mapped[int | None]
    notes: Mapped[str | None]
    is_archived: Mapped[bool] = mapped_column(server_default=_NO)
    origin: Mapped[str] = mapped_column(server_default=text("'person'"))
    search: Mapped[str] = mapped_column(Computed(_SEARCH, persisted=True), deferred=True)
    created_by_user_id: Mapped[UUID | None]
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        UniqueConstraint("tenant_id", "party_key", name="uq_parties_party_key"),
        references("users", "created_by_user_id", "fk_parties_creator"),
        CheckConstraint("is_customer or is_supplier", name="kind"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("state is null or country is not null", name="state"),
        CheckConstraint("origin in ('person', 'import', 'document', 'migration')", name="origin"),
        CheckConstraint("terms_days between 0 and 365", name="terms"),
        CheckConstraint(
            "(tax_number_sealed is null) = (tax_number_digests is null)", name="tax_number"
        ),
    )

    @property
    def tax_number(self) -> str | None:
        """Return the decrypted tax number."""
        return opened_text(TAX_NUMBER, self.tax_number_sealed, self.tax_number_clear)

    @tax_number.setter
    def tax_number(self, number: str | None) -> None:
        keyring = current_keyring()
        self.tax_number_clear = None
        self.tax_number_sealed = (
            None if number is None else keyring.seal(TAX_NUMBER, number.encode())
        )
        self.tax_number_digests = None if number is None else tax_number_digests(keyring, number)


def tax_number_digests(keyring: Keyring, number: str) -> list[bytes]:
    """Return the keyed hashes by which a tax number is found."""
    return [keyring.digest(TAX_NUMBER, one) for one in _found_by(number)]


def plain_number(number: str) -> str:
    """Return a tax number in capitals without spaces, the form that is hashed."""
    return "".join(number.split()).upper()


def _found_by(number: str) -> list[str]:
    """Return the texts by which a tax number is found: itself, and the PAN in a GSTIN."""
    plain = plain_number(number)
    return [plain, pan_of(plain)] if country_of(plain) == COUNTRY else [plain]
