"""Request and response bodies of the bills API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from voyagent.billing.bills.queries import BillDocument, BillSearch
from voyagent.billing.bills.service import BillChanges, BillFields
from voyagent.billing.core.schemas.documents import (
    LIMIT_MAX,
    DocumentBrief,
    DocumentDraftIn,
    DocumentLineOut,
    DocumentParts,
    DocumentPatch,
    RecognitionOut,
    TripDocumentQuery,
    in_currency,
    taxed_lines,
)
from voyagent.billing.core.schemas.lines import PAGE_SIZE, InvoiceLineIn, ServiceFrom
from voyagent.billing.core.schemas.parties import PartyName
from voyagent.billing.core.service.matching import MATCHES_MAX, Match
from voyagent.billing.core.service.pricing import LINES_MAX, REASON_MAX, BoughtAs, LineItem
from voyagent.kernel import clock
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.fields import (
    MAY_BE_ABSENT,
    BusinessDate,
    Closed,
    CurrencyCode,
    DateFilter,
    Filter,
    Id,
    IdFilter,
    Instant,
    PlainAmount,
    Query,
    Trimmed,
    WireAmount,
    not_before,
)
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor
from voyagent.kernel.serializers import AnswerOf, CursorPageOf, Minor, Read
from voyagent.trips.queries.expected_bills import ExpectedBillSearch, State

TAXES_MAX = 8
BillStatus = Literal["draft", "received", "scheduled", "paid", "void"]


class InputTaxIn(Closed):
    """A tax component of a bill line, such as `cgst`, with its printed amount."""

    component: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    amount: PlainAmount


def _each_once(taxes: Sequence[InputTaxIn]) -> Sequence[InputTaxIn]:
    if len({tax.component for tax in taxes}) < len(taxes):
        raise PydanticCustomError("component_twice", "A component may occur only once")
    return taxes


InputTaxes = Annotated[
    Sequence[InputTaxIn], Field(max_length=TAXES_MAX), AfterValidator(_each_once)
]
"""The taxes printed for one line of a bill."""


class BoughtLineIn(InvoiceLineIn):
    """A line of a bill, before tax.

    `bought_as` is `cost` for the agency's own cost, or `agent` for a purchase on a customer's
    behalf. An `agent` line is no cost; it reduces the liability of money held for suppliers.

    `taxes` are the taxes that the supplier has printed on the bill for this line. Each component
    occurs at most once, and the sum of the taxes is at most the line's amount. With `input_credit`
    the taxes are claimed as input tax credit. Without `input_credit` the taxes are part of the
    line's cost. With `price_includes_tax` the taxes are taken out of unit price and discount.

    The service lasts from `service_date`, also accepted as `service_from`, to `service_to`, or one
    day without `service_to`. The cost of a `cost` line for a service after the issue date is
    prepaid, and becomes cost by the agency's recognition policy: on the first or the last day of
    the service, or divided by day.
    """

    bought_as: BoughtAs = "cost"
    taxes: InputTaxes = ()
    input_credit: bool = False
    price_includes_tax: bool = False
    service_date: ServiceFrom = None
    service_to: BusinessDate | None = None

    def item(self, currency: str) -> LineItem:
        """Return the bill line in the type that the bill service takes."""
        item = super().item(currency)
        item |= {
            "bought_as": self.bought_as,
            "input_taxes": {tax.component: tax.amount for tax in self.taxes},
            "input_credit": self.input_credit,
            "price_includes_tax": self.price_includes_tax,
            "service_date": self.service_date,
            "service_to": self.service_to,
        }
        return item


class BillDraftIn(DocumentDraftIn):
    """A supplier's bill to enter as a draft.

    `vendor_reference` is the supplier's reference, and `party_reference` is the agency's reference.
    `due_date` defaults to the due date of the first instalment. Without instalments the default is
    the due date by the supplier's payment terms, or the issue date if the supplier has no terms.
    """

    vendor_name: PartyName = None
    vendor_reference: Annotated[str, Trimmed(64)]
    line_items: Annotated[Sequence[BoughtLineIn], Field(min_length=1, max_length=LINES_MAX)]

    def fields(self) -> BillFields:
        """Return the fields as keyword arguments of `draft_bill`."""
        return cast("BillFields", self._fields())


class BillPatch(DocumentPatch):
    """Changes of a draft bill.

    Omitted members stay unchanged; null clears `party_reference`, `notes`, `trip_id`, `instalments`
    and `exchange_rate`.

    `line_items` replaces all lines, and `instalments` all instalments. If `currency` is sent
    without `line_items`, the figures of the amounts stay: USD 100.00 becomes INR 100.00. A change
    of the currency clears the exchange rate, unless `exchange_rate` is sent too.
    """

    vendor_name: Annotated[str, Trimmed(255)] = MAY_BE_ABSENT
    vendor_reference: Annotated[str, Trimmed(64)] = MAY_BE_ABSENT
    line_items: Annotated[Sequence[BoughtLineIn], Field(min_length=1, max_length=LINES_MAX)] = (
        MAY_BE_ABSENT
    )

    def changes(self, currency: str) -> BillChanges:
        """Return the members that were sent, as the argument of `revise_bill`.

        The lines are in the currency that was sent, or in `currency` if none was sent.
        """
        return cast("BillChanges", self._changes(currency))


class ScheduleIn(Closed):
    """The date on which a bill is to be paid."""

    pay_on: BusinessDate


class BillQuery(TripDocumentQuery):
    """Filters of the list of bills, and the cursor of a page.

    A bill must match all filters.
    """

    status: Annotated[
        Literal["draft", "received", "scheduled", "paid", "void", "open"] | None,
        BeforeValidator(lambda value: value or None),
    ] = Field(default=None, description="A status; `open` is received or scheduled.")
    q: Annotated[str | None, Filter(255)] = Field(
        default=None,
        description=(
            "Part of the supplier's number or name, or of the agency's reference. A page searches"
            " at most 20,000 bills after the cursor."
        ),
    )

    def search(self) -> BillSearch:
        """Return the filters in the type that the query `list_bills` takes."""
        first, last = self.issued_from, self.issued_to
        return BillSearch(
            clock.today(),
            text=self.q,
            status=self.status,
            party=self.party,
            party_id=self.party_id,
            issued_from=first,
            issued_to=last,
            trip_id=self.trip_id,
        )


class BillReceiveIn(Closed):
    """Reasons that confirm an unusual bill.

    `input_tax_reason` confirms more tax than the highest rate of the day gives, and
    `variance_reason` a difference from the booked cost above the tolerance of the settings.
    """

    input_tax_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None
    variance_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None


class BillBrief(DocumentBrief):
    """A bill in a list.

    `vendor_reference` is the supplier's reference, and `party_reference` is the agency's reference.
    `pay_on` is the payment date of a scheduled bill.
    """

    status: BillStatus
    vendor_reference: str
    vendor_name: Annotated[str, Read("party_name")]
    pay_on: date | None


class BillCreditOut(AnswerOf[Row]):
    """A supplier's credit on this bill.

    A credit with `reversed_on` was entered by mistake: from that date it no longer reduces the
    bill. `reversal_reason` has the reason.
    """

    supplier_credit_id: Annotated[UUID, Read("id")]
    vendor_reference: str
    issue_date: date
    amount: Annotated[WireAmount, Minor("amount_minor")]
    reason: str
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversed_on: date | None
    reversal_reason: str | None
    reversal_entry_id: UUID | None


class InputTaxOut(AnswerOf[Row]):
    """A tax component of a bill line, as printed on the bill."""

    component: str
    amount: Annotated[WireAmount, Minor("amount_minor")]


class BoughtLineOut(DocumentLineOut):
    """A line of a bill; `amount` is after the discount, before tax.

    `recognition` is how its cost was posted: `at_start`, `at_completion` or `by_day` of the
    service. It is null if nothing of the line can be prepaid, in a draft, and for lines that an
    earlier release posted.
    """

    bought_as: BoughtAs
    taxes: list[InputTaxOut]
    input_credit: bool
    service_date: date | None
    service_to: date | None
    recognition: str | None


class MatchOut(AnswerOf[Row]):
    """An expected bill to which a line is matched.

    In a draft `amount` can be null: it then means the cost of the line that no other match covers.
    """

    line_no: int
    expected_bill_id: UUID
    amount: Annotated[WireAmount | None, Minor("amount_minor")]
    is_final: bool


class BillOut(BillBrief, DocumentParts):
    """A bill with its lines, its matches, its payments and the supplier's credits.

    `recognitions` has the entries on later days by which prepaid cost becomes cost.
    """

    matches: list[MatchOut]
    recognitions: list[RecognitionOut]
    tax_amount: Annotated[WireAmount, Minor("tax_minor")]
    line_items: list[BoughtLineOut]
    credits: list[BillCreditOut]


class BillListOut(CursorPageOf[BillBrief]):
    """A page of bills, newest issue date first; the last page has no `next_cursor`."""


class MatchIn(Closed):
    """A match of a bill line, or of a part of it, to an expected bill.

    Without `amount` it is the cost of the line that no other match covers. With `is_final` no
    further bill is expected, whatever the amount.
    """

    line_no: Annotated[int, Field(ge=1, le=LINES_MAX)]
    expected_bill_id: Id
    amount: PlainAmount | None = None
    is_final: bool = True


class MatchesIn(Closed):
    """All matches of a draft bill; they replace the present ones."""

    matches: Annotated[Sequence[MatchIn], Field(max_length=MATCHES_MAX)]

    @field_validator("matches")
    @classmethod
    def _once(cls, matches: Sequence[MatchIn]) -> Sequence[MatchIn]:
        pairs = [(one.line_no, one.expected_bill_id) for one in matches]
        if len(set(pairs)) < len(pairs):
            raise PydanticCustomError(
                "not_unique", "A line may be matched to an expected bill only once."
            )
        return matches

    def in_currency(self, currency: str) -> list[Match]:
        """Return the matches in the type that the service takes. Raises InvalidAmount."""
        return [
            Match(
                one.line_no,
                one.expected_bill_id,
                None if one.amount is None else Money.parse(one.amount, currency),
                one.is_final,
            )
            for one in self.matches
        ]


class RematchIn(MatchesIn):
    """All matches of a received bill; they replace the present ones.

    `variance_reason` confirms a difference from a new match above the tolerance of the settings.
    `matched_on` is the day of the entries for accrued cost, by default today in the agency's time
    zone.
    """

    variance_reason: Annotated[str, Trimmed(REASON_MAX)] | None = None
    matched_on: BusinessDate | None = None


class BillFromExpectedIn(Closed):
    """The expected bills of one supplier and currency from which a bill is drafted."""

    expected_bill_ids: Annotated[Sequence[Id], Field(min_length=1, max_length=MATCHES_MAX)]
    vendor_reference: Annotated[str, Trimmed(64)]
    issue_date: BusinessDate


class ExpectedBillQuery(Query):
    """Filters of the list of expected bills, and the cursor of a page."""

    state: Annotated[State, BeforeValidator(lambda value: value or "open")] = Field(
        default="open",
        description="`open` until bills are matched, `released` if the service was cancelled.",
    )
    party_id: IdFilter = Field(default=None, description="Id of the supplier.")
    trip_id: IdFilter = Field(default=None, description="Id of the trip.")
    currency: Annotated[CurrencyCode | None, BeforeValidator(lambda value: value or None)] = Field(
        default=None, description="Currency of the expected amount."
    )
    due_from: DateFilter = Field(default=None, description="First due day.")
    due_to: Annotated[DateFilter, not_before("due_from")] = Field(
        default=None, description="Last due day."
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def search(self) -> ExpectedBillSearch:
        """Return the filters in the type that the query takes."""
        return ExpectedBillSearch(
            self.state, self.party_id, self.trip_id, self.currency, self.due_from, self.due_to
        )

    def place(self) -> Cursor | None:
        """Return the decoded cursor, or None for the first page. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class ExpectedBillOut(AnswerOf[Row]):
    """A bill that a supplier is expected to send for a booked service of a trip.

    `supplier` is the name on the line of the trip, and `party_id` its party. `amount` is the booked
    cost, and `matched_amount` the part for which bills are matched. `due_on` is the first day of
    the service, or else the day of the booking. `trip_line_id` and `service` are null if the
    service was removed from the trip.
    """

    id: UUID
    trip_id: UUID
    trip_title: str
    trip_line_id: UUID | None
    service: str | None
    party_id: UUID | None
    supplier: str | None
    currency: str
    amount: Annotated[WireAmount, Minor("amount_minor")]
    matched_amount: Annotated[WireAmount, Minor("matched_minor")]
    due_on: date
    state: Annotated[State, Read("status")]
    created_at: Instant
    updated_at: Instant


class ExpectedBillListOut(CursorPageOf[ExpectedBillOut]):
    """A page of expected bills; the last page has no `next_cursor`."""


def bill_row(document: BillDocument) -> Row:
    """Return a bill with its parts as the row that `BillOut` serializes."""
    row = document.bill
    currency = row["currency"]
    return {
        **row,
        "line_items": taxed_lines(document.lines, document.taxes, currency),
        "matches": in_currency(document.matches, currency),
        "recognitions": document.recognitions,
        "payments": in_currency(document.payments, currency),
        "credits": in_currency(document.credits, currency),
    }
