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
    Instant,
    Lines,
    Query,
    Text,
    Trimmed,
    storable,
)
from voyagent.kernel.pages import NameCursor
from voyagent.kernel.serializers import AnswerOf, CursorPageOf
from voyagent.parties.queries import PartySearch
from voyagent.parties.service import LENGTHS, TERMS_MAX, PartyChanges

LIMIT_DEFAULT, LIMIT_MAX, CURSOR_MAX = 50, 200, 2000
Kind = Literal["customer", "supplier"]


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
    terms_days: TermsDays | None = None
    notes: Annotated[str, Lines(LENGTHS["notes"])] | None = None

    def changes(self) -> PartyChanges:
        """Return the members that were sent, under the names that the service uses."""
        return cast("PartyChanges", self.model_dump(exclude_unset=True))


class PartyIn(_Details):
    """A customer, a supplier, or both.

    `state` is the code with which a tax number names the state, such as `27` for Maharashtra. If
    the country is India, `tax_number` must be a GSTIN.
    """

    name: Annotated[str, Trimmed(LENGTHS["name"])]
    is_customer: bool = False
    is_supplier: bool = False


class PartyPatch(_Details):
    """Changes of a party: an absent member is unchanged, null clears it.

    If the books use the name, only the case of its letters can change, for example from `Asha rao`
    to `Asha Rao`.
    """

    name: Annotated[str, Trimmed(LENGTHS["name"])] = MAY_BE_ABSENT
    is_customer: bool = MAY_BE_ABSENT
    is_supplier: bool = MAY_BE_ABSENT
    is_archived: bool = MAY_BE_ABSENT


class PartyQuery(Query):
    """Filters and cursor of the list; a party must match all filters."""

    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description="Part of the name, e-mail address or phone number, or whole tax number or PAN.",
    )
    kind: Annotated[Kind | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="`customer` or `supplier`."
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
        return PartySearch(self.q, self.kind, is_archived=bool(self.archived))

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
    terms_days: int | None
    notes: str | None
    is_archived: bool
    origin: Literal["person", "import", "document", "migration"]
    created_at: Instant
    updated_at: Instant


class PartyListOut(CursorPageOf[PartyOut]):
    """A page of parties by name; the last page has no `next_cursor`."""


__all__ = ["PartyIn", "PartyListOut", "PartyOut", "PartyPatch", "PartyQuery"]
