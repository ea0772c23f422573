"""Request and response bodies and query parameters of the parties API."""

from __future__ import annotations

from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from voyagent.kernel.addresses import normal_address
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    MAY_BE_ABSENT,
    Closed,
    Filter,
    Id,
    Instant,
    Lines,
    PlainAmount,
    Query,
    Text,
    Trimmed,
    WireAmount,
    storable,
)
from voyagent.kernel.money import Money
from voyagent.kernel.pages import NameCursor
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor
from voyagent.parties.queries import PartySearch
from voyagent.parties.service.addresses import LENGTHS as ADDRESS_LENGTHS, AddressChanges
from voyagent.parties.service.contacts import LENGTHS as CONTACT_LENGTHS, ContactChanges
from voyagent.parties.service.merges import REASON_MAX
from voyagent.parties.service.parties import LENGTHS, TERMS_MAX, PartyChanges
from voyagent.parties.service.tax_numbers import TaxNumberChanges

LIMIT_DEFAULT, LIMIT_MAX, CURSOR_MAX = 50, 200, 2000
Kind = Literal["customer", "supplier"]
AddressKind = Literal["billing", "shipping", "office"]


def _address(typed: str) -> str:
    address = normal_address(typed)
    if address is None:
        raise PydanticCustomError("email_invalid", "This is not an e-mail address")
    return address


EmailText = Annotated[
    str, Field(max_length=LENGTHS["email"]), AfterValidator(storable), AfterValidator(_address)
]
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
StateCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{1,3}$")]
TermsDays = Annotated[int, Field(ge=0, le=TERMS_MAX)]


class _Details(Closed):
    """Fields of a party that PartyIn and PartyPatch share."""

    email: EmailText | None = None
    phone: Annotated[str, Text(LENGTHS["phone"])] | None = None
    address: Annotated[str, Lines(LENGTHS["address"])] | None = None
    country: CountryCode | None = None
    state: StateCode | None = None
    tax_number: Annotated[str, Text(LENGTHS["tax_number"])] | None = None
    pan: Annotated[str, Text(LENGTHS["pan"])] | None = None
    terms_days: TermsDays | None = None
    credit_limit: PlainAmount | None = Field(
        default=None,
        description="The largest sum that the customer may owe, in the agency's currency.",
    )
    external_id: Annotated[str, Trimmed(LENGTHS["external_id"])] | None = Field(
        default=None, description="The party's id in another program, unique in the agency."
    )
    notes: Annotated[str, Lines(LENGTHS["notes"])] | None = None

    def changes(self, currency: str) -> PartyChanges:
        """Return the members that were sent, under the names that the service uses.

        `currency` is the agency's. Raises InvalidAmount.
        """
        sent = self.model_dump(exclude_unset=True)
        if self.credit_limit is not None:
            sent["credit_limit"] = Money.parse(self.credit_limit, currency)
        return cast("PartyChanges", sent)


class PartyIn(_Details):
    """A customer, a supplier, or both.

    `state` is the code with which a tax number names the state, such as `27` for Maharashtra. If
    the country is India, `tax_number` must be a GSTIN. `credit_limit` and `is_on_hold` need the
    permission `party.set_credit`.
    """

    name: Annotated[str, Trimmed(LENGTHS["name"])]
    is_customer: bool = False
    is_supplier: bool = False
    is_on_hold: bool = False


class PartyPatch(_Details):
    """Changes of a party: an absent member is unchanged, null clears it.

    If the books use the name, only the case of its letters can change, for example from `Asha rao`
    to `Asha Rao`.
    """

    name: Annotated[str, Trimmed(LENGTHS["name"])] = MAY_BE_ABSENT
    is_customer: bool = MAY_BE_ABSENT
    is_supplier: bool = MAY_BE_ABSENT
    is_on_hold: bool = MAY_BE_ABSENT
    is_archived: bool = MAY_BE_ABSENT


class _Address(Closed):
    """Fields of an address that PartyAddressIn and PartyAddressPatch share."""

    city: Annotated[str, Text(ADDRESS_LENGTHS["city"])] | None = None
    postcode: Annotated[str, Text(ADDRESS_LENGTHS["postcode"])] | None = None
    country: CountryCode | None = None
    state: StateCode | None = None

    def changes(self) -> AddressChanges:
        """Return the members that were sent, under the names that the service uses."""
        return cast("AddressChanges", self.model_dump(exclude_unset=True))


class PartyAddressIn(_Address):
    """A further address of a party; `lines` has street, house and area."""

    kind: AddressKind
    lines: Annotated[str, Lines(ADDRESS_LENGTHS["lines"]), Field(min_length=1)]
    is_default: bool = False


class PartyAddressPatch(_Address):
    """Changes of an address: an absent member is unchanged, null clears it."""

    kind: AddressKind = MAY_BE_ABSENT
    lines: Annotated[str, Lines(ADDRESS_LENGTHS["lines"]), Field(min_length=1)] = MAY_BE_ABSENT
    is_default: bool = MAY_BE_ABSENT


class _Contact(Closed):
    """Fields of a contact that PartyContactIn and PartyContactPatch share."""

    role: Annotated[str, Text(CONTACT_LENGTHS["role"])] | None = Field(
        default=None, description="The work of the contact, such as accounts."
    )
    email: EmailText | None = None
    phone: Annotated[str, Text(CONTACT_LENGTHS["phone"])] | None = None

    def changes(self) -> ContactChanges:
        """Return the members that were sent, under the names that the service uses."""
        return cast("ContactChanges", self.model_dump(exclude_unset=True))


class PartyContactIn(_Contact):
    """A person to talk to at a customer or supplier."""

    name: Annotated[str, Trimmed(CONTACT_LENGTHS["name"])]
    is_default: bool = False


class PartyContactPatch(_Contact):
    """Changes of a contact: an absent member is unchanged, null clears it."""

    name: Annotated[str, Trimmed(CONTACT_LENGTHS["name"])] = MAY_BE_ABSENT
    is_default: bool = MAY_BE_ABSENT


class PartyTaxNumberIn(Closed):
    """A further tax number of a party; a GSTIN determines the state."""

    country: CountryCode
    number: Annotated[str, Text(LENGTHS["tax_number"])]
    is_default: bool = Field(
        default=False, description="True for the number to use if the party has several in a state."
    )

    def changes(self) -> TaxNumberChanges:
        """Return the members that were sent, under the names that the service uses."""
        return cast("TaxNumberChanges", self.model_dump(exclude_unset=True))


class PartyTaxNumberPatch(PartyTaxNumberIn):
    """Changes of a further tax number: an absent member is unchanged."""

    country: CountryCode = MAY_BE_ABSENT
    number: Annotated[str, Text(LENGTHS["tax_number"])] = MAY_BE_ABSENT
    is_default: bool = MAY_BE_ABSENT


class PartyQuery(Query):
    """Filters and cursor of the list; a party must match all filters."""

    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description="Part of the name, e-mail address or phone number, or whole tax number or PAN.",
    )
    kind: Annotated[Kind | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="`customer` or `supplier`."
    )
    external_id: Annotated[str | None, Filter(LENGTHS["external_id"])] = Field(
        default=None, description="The whole id of a party in another program."
    )
    archived: Annotated[int, Field(ge=0, le=1)] = Field(
        default=0, description="1 for archived parties only, 0 for active ones only."
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    cursor: Annotated[str | None, Filter(CURSOR_MAX)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def search(self) -> PartySearch:
        """Return the filters in the form that the queries accept."""
        return PartySearch(
            self.q, self.kind, external_id=self.external_id, is_archived=bool(self.archived)
        )

    def place(self) -> NameCursor | None:
        """Return the position after which the page begins. Raises InvalidCursor."""
        return None if self.cursor is None else NameCursor.decode(self.cursor)


class PartyOut(AnswerOf[Row]):
    """A customer or supplier; documents refer to it by `id`, and print its name.

    `origin` is `document` if a document with a new name made the party, and `migration` if an
    upgrade did. Creating a party with this name then completes it.
    """

    id: UUID
    name: str
    is_customer: bool
    is_supplier: bool
    email: str | None
    phone: str | None
    address: str | None
    country: str | None
    state: str | None
    tax_number: str | None
    pan: str | None
    terms_days: int | None
    credit_limit: Annotated[WireAmount | None, Minor("credit_limit_minor", "credit_limit_currency")]
    credit_limit_currency: str | None
    is_on_hold: bool
    external_id: str | None
    notes: str | None
    is_archived: bool
    origin: Literal["person", "import", "document", "migration"]
    created_at: Instant
    updated_at: Instant


class SimilarOut(AnswerOf[Row]):
    """A party that may be the same, and the first fact that both have."""

    id: UUID
    name: str
    reason: Literal["tax_number", "pan", "phone", "email", "name"]


class PartyCreatedOut(PartyOut):
    """The new party, and at most five others that may be the same."""

    similar: list[SimilarOut]


class PartyAddressOut(AnswerOf[Row]):
    """A further address of a party."""

    id: UUID
    kind: AddressKind
    lines: str
    city: str | None
    postcode: str | None
    country: str | None
    state: str | None
    is_default: bool
    created_at: Instant
    updated_at: Instant


class PartyAddressesOut(AnswerOf[Row]):
    """The further addresses of a party by kind, the default of each kind first."""

    items: list[PartyAddressOut]


class PartyContactOut(AnswerOf[Row]):
    """A contact of a party; documents are mailed to the default one."""

    id: UUID
    name: str
    role: str | None
    email: str | None
    phone: str | None
    is_default: bool
    created_at: Instant
    updated_at: Instant


class PartyContactsOut(AnswerOf[Row]):
    """The contacts of a party, the default first."""

    items: list[PartyContactOut]


class PartyTaxNumberOut(AnswerOf[Row]):
    """A further tax number of a party; `state` is the state code in a GSTIN."""

    id: UUID
    country: str
    state: str | None
    number: str
    is_default: bool
    created_at: Instant
    updated_at: Instant


class PartyTaxNumbersOut(AnswerOf[Row]):
    """The further tax numbers of a party by state, the default of each state first."""

    items: list[PartyTaxNumberOut]


class PartyMergeIn(Closed):
    """The party into which another one is merged, and the reason."""

    into_id: Id
    reason: Annotated[str, Trimmed(REASON_MAX)]


class PartyMergeOut(AnswerOf[Row]):
    """A merge of the party `from_id` into the party `into_id`.

    Until the merge is undone, lists and statements add the documents of `from_id` to those of
    `into_id`, or of the party into which `into_id` is merged.
    """

    id: UUID
    from_id: UUID
    into_id: UUID
    reason: str
    merged_at: Instant
    undone_at: Instant | None


class PartyMergesOut(AnswerOf[Row]):
    """The merges that join a party with others, the newest first.

    `root_id` is the party into which all others are merged, directly or through others.
    """

    root_id: UUID
    items: list[PartyMergeOut]


class PartyListOut(CursorPageOf[PartyOut]):
    """A page of parties by name; the last page has no `next_cursor`."""


__all__ = [
    "PartyAddressIn",
    "PartyAddressOut",
    "PartyAddressPatch",
    "PartyAddressesOut",
    "PartyContactIn",
    "PartyContactOut",
    "PartyContactPatch",
    "PartyContactsOut",
    "PartyCreatedOut",
    "PartyIn",
    "PartyListOut",
    "PartyMergeIn",
    "PartyMergeOut",
    "PartyMergesOut",
    "PartyOut",
    "PartyPatch",
    "PartyQuery",
    "PartyTaxNumberIn",
    "PartyTaxNumberOut",
    "PartyTaxNumberPatch",
    "PartyTaxNumbersOut",
]
