"""Request and response bodies shared by invoices and bills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from voyagent.billing.core.queries.documents import (
    base_minor_of,
    base_open_minor_of,
    open_minor_of,
)
from voyagent.billing.core.queries.instalments import instalments_of
from voyagent.billing.core.rules import (
    SettledAs,
    credited_minor_of,
    includes_tax,
    quantity_of,
    taxes_by_line,
    way_settled,
    wire_quantity,
)
from voyagent.billing.core.schemas.lines import PAGE_SIZE, InvoiceLineIn, items
from voyagent.billing.core.schemas.rates import RateOut, rated
from voyagent.billing.core.service.instalments import INSTALMENTS_MAX, InstalmentItem
from voyagent.billing.core.service.pricing import LINES_MAX
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
    Lines,
    PlainAmount,
    Query,
    Text,
    Trimmed,
    WireAmount,
    not_before,
)
from voyagent.kernel.pages import Cursor
from voyagent.kernel.rates import Quote
from voyagent.kernel.serializers import AnswerOf, Computed, Minor, Read
from voyagent.rates.schemas import RateIn

LIMIT_MAX = 200
SignedAmount = Annotated[str, Field(pattern=r"^-?\d+\.\d{2,4}$")]


class InstalmentIn(Closed):
    """An instalment: its due date, and its amount in the document's currency."""

    due_date: BusinessDate
    amount: PlainAmount

    @property
    def item(self) -> InstalmentItem:
        """Return the instalment in the type that the service takes."""
        return InstalmentItem(due_date=self.due_date, amount=self.amount)


Instalments = Annotated[Sequence[InstalmentIn], Field(max_length=INSTALMENTS_MAX)]
"""Two or more instalments in order of their due dates.

The instalments add up to the document's total, taxes included. With null or an empty list, the
whole amount is due on one date.
"""


class DocumentDraftIn(Closed):
    """A document to create as a draft.

    `due_date` defaults to the due date of the first instalment. Without instalments the default is
    the due date by the party's payment terms, or the issue date if the party has no terms.

    A document in a foreign currency may have an `exchange_rate` to the agency's currency. Without
    it, the document keeps the reference rate of its issue date when it is posted, if the base
    amounts of the agency are established; otherwise it cannot be paid in the agency's currency. The
    postings of a document with `trip_id` count in the margin report of that trip.

    The party is given by `party_id`, by its name or by both. If no party has the name, a new party
    is created.
    """

    party_id: Id | None = None
    issue_date: BusinessDate
    due_date: BusinessDate | None = None
    instalments: Instalments | None = None
    currency: CurrencyCode
    exchange_rate: RateIn | None = None
    line_items: Annotated[Sequence[InvoiceLineIn], Field(min_length=1, max_length=LINES_MAX)]
    party_reference: Annotated[str, Text(128)] | None = None
    notes: Annotated[str, Lines(2000)] | None = None
    trip_id: Id | None = None

    def _fields(self) -> dict[str, Any]:
        values = {
            name: getattr(self, name) for name in type(self).model_fields if name != "currency"
        }
        return values | {
            "line_items": items(self.line_items, self.currency),
            "instalments": _plan(self.instalments),
            "exchange_rate": _quoted(self.exchange_rate),
        }


class DocumentPatch(Closed):
    """Changes of a draft.

    Omitted members stay unchanged; null clears `party_reference`, `notes`, `trip_id`, `instalments`
    and `exchange_rate`.

    `line_items` replaces all lines, `instalments` all instalments. If only the currency changes,
    the amounts keep their figures and the exchange rate is cleared.
    """

    party_id: Id = MAY_BE_ABSENT
    issue_date: BusinessDate = MAY_BE_ABSENT
    due_date: BusinessDate = MAY_BE_ABSENT
    instalments: Instalments | None = None
    currency: CurrencyCode = MAY_BE_ABSENT
    exchange_rate: RateIn | None = None
    line_items: Annotated[Sequence[InvoiceLineIn], Field(min_length=1, max_length=LINES_MAX)] = (
        MAY_BE_ABSENT
    )
    party_reference: Annotated[str, Text(128)] | None = None
    notes: Annotated[str, Lines(2000)] | None = None
    trip_id: Id | None = None

    def _changes(self, currency: str) -> dict[str, Any]:
        values: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if "line_items" in values:
            values["line_items"] = items(self.line_items, values.get("currency", currency))
        if "instalments" in values:
            values["instalments"] = _plan(self.instalments)
        if "exchange_rate" in values:
            values["exchange_rate"] = _quoted(self.exchange_rate)
        return values


class VoidIn(Closed):
    """The reason and the date of voiding a document.

    `voided_on` defaults to today in the agency's time zone, or to the document's issue date if that
    date is later.
    """

    reason: Annotated[str, Trimmed(500)]
    voided_on: BusinessDate | None = None


class DocumentQuery(Query):
    """Filters of a list of documents, and the cursor of a page.

    A document must match all filters.
    """

    party: Annotated[str | None, Filter(255)] = Field(
        default=None, description="Full name of the customer or supplier, ignoring case."
    )
    party_id: IdFilter = Field(default=None, description="Id of the customer or supplier.")
    issued_from: DateFilter = Field(default=None, alias="from", description="First issue date.")
    issued_to: Annotated[DateFilter, not_before("issued_from")] = Field(
        default=None, alias="to", description="Last issue date."
    )
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = PAGE_SIZE
    cursor: Annotated[str | None, Filter(200)] = Field(
        default=None, description="`next_cursor` of the previous page; absent for the first page."
    )

    def place(self) -> Cursor | None:
        """Return the decoded cursor, or None for the first page. Raises InvalidCursor."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class TripDocumentQuery(DocumentQuery):
    """Filters of a list of documents that may belong to a trip."""

    trip_id: IdFilter = Field(
        default=None,
        description="Id of the trip to which the documents belong.",
    )


def _written_off_minor(row: Row) -> int:
    return int(row.get("written_off_minor", 0))


def _itself(row: Row) -> Row:
    return row


class SettledByOut(AnswerOf[Row]):
    """The amounts that settle a document: money, credit notes and write-offs."""

    paid: Annotated[WireAmount, Minor("paid_minor")]
    credited: Annotated[WireAmount, Minor(credited_minor_of)]
    written_off: Annotated[WireAmount, Minor(_written_off_minor)]


class DocumentBrief(AnswerOf[Row]):
    """A document in a list.

    Amounts are decimal strings in the document's currency. `open_amount` is the part of an open
    document's total that is not settled; otherwise it is zero. A document that is settled only by
    credits has the status `paid` too; `settled_as` tells how it was settled, and is null while
    something is open. If the document has instalments, `due_date` is the due date of the first open
    instalment, or of the last one if none is open. `trip_id` is the trip to which the document
    belongs. `party_id` is null only if an earlier release stored the document, and an upgrade is
    not complete.
    """

    id: UUID
    party_id: UUID | None
    party_reference: str | None
    issue_date: date
    due_date: date
    currency: str
    total_amount: Annotated[WireAmount, Minor("total_minor")]
    paid_amount: Annotated[WireAmount, Minor("paid_minor")]
    credited_amount: Annotated[WireAmount, Minor("credited_minor")]
    open_amount: Annotated[WireAmount, Minor(open_minor_of)]
    settled_as: Annotated[SettledAs | None, Computed(way_settled)]
    settled_by: Annotated[SettledByOut, Computed(_itself)]
    trip_id: UUID | None
    created_at: Instant
    updated_at: Instant


def _written_quantity(line: Row) -> int | str:
    return wire_quantity(quantity_of(line))


class DocumentLineOut(AnswerOf[Row]):
    """A line of a document; `amount` is quantity times unit price, less the discount.

    `quantity` is an integer, or a decimal string such as `"1.5"` if it is not whole. If the unit
    price includes tax, the taxes are not in `amount`.
    """

    description: str
    quantity: Annotated[int | str, Computed(_written_quantity)]
    unit: str | None
    unit_price: Annotated[WireAmount, Minor("unit_price_minor")]
    discount: Annotated[WireAmount, Minor("discount_minor")]
    price_includes_tax: Annotated[bool, Computed(includes_tax)]
    amount: Annotated[WireAmount, Minor("amount_minor")]


class SettledOut(AnswerOf[Row]):
    """The part of a payment that settles this document.

    `amount` is the settled amount in the document's currency. `payment_amount` is the used part of
    the payment, in `payment_currency`.
    """

    payment_id: Annotated[UUID, Read("id")]
    paid_on: date
    amount: Annotated[WireAmount, Minor("amount_minor")]
    payment_amount: Annotated[WireAmount, Minor("payment_minor", "payment_currency")]
    payment_currency: str
    reference: str | None
    journal_entry_id: Annotated[UUID, Read("entry_id")]


class RecognitionOut(AnswerOf[Row]):
    """Revenue or cost that is recognised on a service date.

    `journal_entry_id` is the entry that recognises it. `reversal_journal_entry_id` is the entry
    that reverses the recognition, or null. On a credit note, `amount` is revenue that is cancelled
    on the service date, and on a supplier credit it is cost.
    """

    recognised_on: Annotated[date, Read("entry_date")]
    amount: Annotated[WireAmount, Minor("amount_minor")]
    journal_entry_id: Annotated[UUID, Read("entry_id")]
    reversal_journal_entry_id: Annotated[UUID | None, Read("reversed_by_id")]


class InstalmentOut(AnswerOf[Row]):
    """An instalment of a document.

    Payments and credits settle the earliest instalment first. `open_amount` is zero for drafts and
    for paid or void documents.
    """

    due_date: date
    amount: Annotated[WireAmount, Minor("amount_minor")]
    open_amount: Annotated[WireAmount, Minor("open_minor")]


def _instalments(row: Row) -> list[Row]:
    return [
        {
            "due_date": one.due_date,
            "amount_minor": one.amount_minor,
            "open_minor": one.open_minor,
            "currency": row["currency"],
        }
        for one in instalments_of(row)
    ]


class DocumentParts(AnswerOf[Row]):
    """Members of a document that a list of documents leaves out.

    `exchange_rate` is the rate at which the document was booked. `base_total_amount` and
    `base_open_amount` are the total as it was posted and its open part, in the agency's base
    currency. They are null for a draft in another currency, and as long as they are not known.
    """

    notes: str | None
    base_currency: str
    base_total_amount: Annotated[WireAmount | None, Minor(base_minor_of, "base_currency")]
    base_open_amount: Annotated[WireAmount | None, Minor(base_open_minor_of, "base_currency")]
    exchange_rate: Annotated[RateOut | None, Computed(rated)]
    journal_entry_id: Annotated[UUID | None, Read("entry_id")]
    voided_on: date | None
    void_reason: str | None
    void_journal_entry_id: Annotated[UUID | None, Read("void_entry_id")]
    payments: list[SettledOut]
    instalments: Annotated[list[InstalmentOut], Computed(_instalments)]


def in_currency(rows: Iterable[Row], currency: str) -> list[Row]:
    """Return rows with the document's currency added to each."""
    return [{**row, "currency": currency} for row in rows]


def taxed_lines(lines: Iterable[Row], taxes: Sequence[Row], currency: str) -> list[Row]:
    """Return the lines of a document, each with its `taxes` and the currency."""
    own = taxes_by_line(taxes)
    return [
        {**line, "currency": currency, "taxes": in_currency(own[line["line_no"]], currency)}
        for line in lines
    ]


def _plan(instalments: Sequence[InstalmentIn] | None) -> list[InstalmentItem] | None:
    return None if instalments is None else [one.item for one in instalments]


def _quoted(rate: RateIn | None) -> Quote | None:
    return None if rate is None else rate.quoted
