"""Tables of customers and suppliers, their further details and merges."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    FetchedValue,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from voyagent.kernel.db import Base, DefaultNow
from voyagent.kernel.keyring import Keyring, current_keyring, opened_text
from voyagent.kernel.money import Money
from voyagent.kernel.tenancy import TenantBound, TenantOwned, references
from voyagent.taxes.rules.numbers import COUNTRY, country_of, pan_of

_NO = text("false")
_SEARCH = (
    "lower(name || chr(31) || COALESCE(email, ''::text) || chr(31) || COALESCE(phone, ''::text) ||"
    " chr(31) || COALESCE(tax_number, ''::text))"
)
TAX_NUMBER = "tax_number"
"""Purpose of the keys with which tax numbers and PANs are encrypted and hashed."""


class Party(TenantOwned, Base):
    """A customer, a supplier, or both.

    The address, e-mail address, phone and tax number of this row are the main ones. `PartyAddress`
    has further addresses, `PartyTaxNumber` further tax numbers and `PartyContact` the people to
    talk to. A document uses one of these instead of the main one if it fits, such as the default
    address for billing.

    Documents, payments and postings refer to a party by `party_id`, and store its name as it was
    then. They are found and added up by `party_key`, which they store too. It is unique: the name
    in lower case, followed by the id if another party has this name as its key (a namesake). A
    namesake has the name in lower case in `name_key`. A trigger writes both keys (key_party).

    `origin` is `person` or `import` if somebody recorded the party, `document` if a document with a
    new name did, and `migration` if `flask books link-parties` did.

    The tax number is encrypted, because a GSTIN contains the PAN of its holder. A party is found by
    a keyed hash of the tax number or of this PAN. `tax_number_clear` has a tax number that an
    earlier release stored, until a job has encrypted it. The next release drops this column.

    `external_id` is the id of the party in another program of the agency. `pan` is the Indian tax
    account number; a party with a GSTIN needs none, because the GSTIN contains it.

    `credit_limit_minor` is the largest sum that a customer may owe, and `is_on_hold` stops all
    sales to it (`billing.invoices.service.credit_limits`). The limit keeps the currency in which it
    was entered, because the default currency of the agency can change.
    """

    __tablename__ = "parties"

    name: Mapped[str]
    party_key: Mapped[str] = mapped_column(
        FetchedValue(), server_onupdate=FetchedValue(for_update=True)
    )
    name_key: Mapped[str | None]
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
    external_id: Mapped[str | None]
    pan_sealed: Mapped[bytes | None]
    pan_digest: Mapped[bytes | None]
    credit_limit_minor: Mapped[int | None]
    credit_limit_currency: Mapped[str | None]
    is_on_hold: Mapped[bool] = mapped_column(server_default=_NO)
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
        Index(
            "ix_parties_name_key",
            "tenant_id",
            "name_key",
            postgresql_where=text("name_key is not null"),
        ),
        CheckConstraint("is_customer or is_supplier", name="kind"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("state is null or country is not null", name="state"),
        CheckConstraint("origin in ('person', 'import', 'document', 'migration')", name="origin"),
        CheckConstraint("terms_days between 0 and 365", name="terms"),
        CheckConstraint(
            "(tax_number_sealed is null) = (tax_number_digests is null)", name="tax_number"
        ),
        Index(
            "uq_parties_external_id",
            "tenant_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id is not null"),
        ),
        CheckConstraint("length(external_id) between 1 and 64", name="external_id"),
        CheckConstraint("(pan_sealed is null) = (pan_digest is null)", name="pan"),
        CheckConstraint(
            "num_nonnulls(credit_limit_minor, credit_limit_currency) in (0, 2)"
            " and credit_limit_minor >= 0 and credit_limit_currency ~ '^[A-Z]{3}$'",
            name="credit_limit",
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

    @property
    def pan(self) -> str | None:
        """Return the decrypted PAN."""
        return opened_text(TAX_NUMBER, self.pan_sealed, None)

    @pan.setter
    def pan(self, pan: str | None) -> None:
        keyring = current_keyring()
        self.pan_sealed = None if pan is None else keyring.seal(TAX_NUMBER, pan.encode())
        self.pan_digest = None if pan is None else pan_digest(keyring, pan)

    @property
    def credit_limit(self) -> Money | None:
        """Return the credit limit; None means that there is none."""
        if self.credit_limit_minor is None or self.credit_limit_currency is None:
            return None
        return Money(self.credit_limit_minor, self.credit_limit_currency)

    @credit_limit.setter
    def credit_limit(self, limit: Money | None) -> None:
        self.credit_limit_minor = None if limit is None else limit.amount_minor
        self.credit_limit_currency = None if limit is None else limit.currency


class PartyAddress(TenantOwned, Base):
    """A further address of a party, for billing, shipping or an office.

    A party has at most one default of each kind.
    """

    __tablename__ = "party_addresses"

    party_id: Mapped[UUID]
    kind: Mapped[str]
    lines: Mapped[str]
    city: Mapped[str | None]
    postcode: Mapped[str | None]
    country: Mapped[str | None]
    state: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(server_default=_NO)
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        references("parties", "party_id", "fk_party_addresses_party", "CASCADE"),
        Index("ix_party_addresses_party", "tenant_id", "party_id"),
        Index(
            "uq_party_addresses_default",
            "tenant_id",
            "party_id",
            "kind",
            unique=True,
            postgresql_where=text("is_default"),
        ),
        CheckConstraint("kind in ('billing', 'shipping', 'office')", name="kind"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
        CheckConstraint("state is null or country is not null", name="state"),
    )


class PartyContact(TenantOwned, Base):
    """A person to talk to at a customer or supplier, such as its accountant.

    Documents are mailed to the default contact. A party has at most one.
    """

    __tablename__ = "party_contacts"

    party_id: Mapped[UUID]
    name: Mapped[str]
    role: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    is_default: Mapped[bool] = mapped_column(server_default=_NO)
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        references("parties", "party_id", "fk_party_contacts_party", "CASCADE"),
        Index("ix_party_contacts_party", "tenant_id", "party_id"),
        Index(
            "uq_party_contacts_default",
            "tenant_id",
            "party_id",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )


class PartyTaxNumber(TenantOwned, Base):
    """A further tax number of a party, such as its GSTIN in another state.

    `state` is the state code in a GSTIN, and null in other countries. A party has at most one
    default for each state. The number is encrypted and found like that of `Party`.
    """

    __tablename__ = "party_tax_numbers"

    party_id: Mapped[UUID]
    country: Mapped[str]
    state: Mapped[str | None]
    number_sealed: Mapped[bytes]
    number_digests: Mapped[list[bytes]] = mapped_column(ARRAY(LargeBinary))
    is_default: Mapped[bool] = mapped_column(server_default=_NO)
    created_at: Mapped[DefaultNow]
    updated_at: Mapped[DefaultNow]

    __table_args__ = (
        references("parties", "party_id", "fk_party_tax_numbers_party", "CASCADE"),
        Index("ix_party_tax_numbers_party", "tenant_id", "party_id"),
        Index(
            "uq_party_tax_numbers_default",
            "tenant_id",
            "party_id",
            "country",
            text("COALESCE(state, ''::text)"),
            unique=True,
            postgresql_where=text("is_default"),
        ),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country"),
    )

    @property
    def number(self) -> str:
        """Return the decrypted tax number."""
        return opened_text(TAX_NUMBER, self.number_sealed, None) or ""

    @number.setter
    def number(self, number: str) -> None:
        keyring = current_keyring()
        self.number_sealed = keyring.seal(TAX_NUMBER, number.encode())
        self.number_digests = tax_number_digests(keyring, number)


class PartyMerge(TenantOwned, Base):
    """A decision that two parties are the same, until it is undone.

    The party `from_id` is merged into at most one other, `into_id`, which may be merged itself.
    """

    __tablename__ = "party_merges"

    from_id: Mapped[UUID]
    into_id: Mapped[UUID]
    reason: Mapped[str]
    merged_at: Mapped[datetime]
    merged_by_user_id: Mapped[UUID | None]
    undone_at: Mapped[datetime | None]
    undone_by_user_id: Mapped[UUID | None]

    __table_args__ = (
        references("parties", "from_id", "fk_party_merges_from"),
        references("parties", "into_id", "fk_party_merges_into"),
        references("users", "merged_by_user_id", "fk_party_merges_merger"),
        references("users", "undone_by_user_id", "fk_party_merges_undoer"),
        CheckConstraint("from_id <> into_id", name="parties"),
        CheckConstraint("length(reason) between 1 and 500", name="reason"),
        CheckConstraint("undone_at is not null or undone_by_user_id is null", name="undone"),
        Index(
            "uq_party_merges_from",
            "tenant_id",
            "from_id",
            unique=True,
            postgresql_where=text("undone_at is null"),
        ),
        Index("ix_party_merges_into", "tenant_id", "into_id"),
    )


class PartyRoot(TenantBound, Base):
    """The party under which a merged party is shown: the end of its chain of merges.

    A party that is not merged into another one is its own root and has no row.
    """

    __tablename__ = "party_roots"

    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    root_id: Mapped[UUID]

    __table_args__ = (
        references("parties", "party_id", "fk_party_roots_party"),
        references("parties", "root_id", "fk_party_roots_root"),
        CheckConstraint("party_id <> root_id", name="parties"),
        Index("ix_party_roots_root", "tenant_id", "root_id"),
    )


def pan_digest(keyring: Keyring, pan: str) -> bytes:
    """Return the keyed hash of a PAN, equal to that of the PAN in a GSTIN."""
    return keyring.digest(TAX_NUMBER, pan)


def tax_number_digests(keyring: Keyring, number: str) -> list[bytes]:
    """Return the keyed hashes by which a tax number is found."""
    return [keyring.digest(TAX_NUMBER, one) for one in found_by(number)]


def plain_number(number: str) -> str:
    """Return a tax number in capitals without spaces, the form that is hashed."""
    return "".join(number.split()).upper()


def found_by(number: str) -> list[str]:
    """Return the texts by which a tax number is found: itself, and the PAN in a GSTIN."""
    plain = plain_number(number)
    return [plain, pan_of(plain)] if country_of(plain) == COUNTRY else [plain]
