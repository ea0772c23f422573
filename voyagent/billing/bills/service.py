"""Services of bills: draft, receive, schedule the payment, import and void."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from voyagent.audit.service import recording as audit
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.bills.errors import (
    BillNotScheduled,
    VendorReferenceRequired,
    VendorReferenceTaken,
)
from voyagent.billing.core.errors import (
    BillNotReceived,
    DocumentNotOpen,
    ExpectedBillNotFound,
    ExpectedBillNotOpen,
    ExpectedBillsDiffer,
    InvalidDate,
    PlannedInPast,
)
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.kinds import BILL
from voyagent.billing.core.models.parts import OPEN_BILL
from voyagent.billing.core.queries import taxes as tax_queries
from voyagent.billing.core.queries.documents import get_lines
from voyagent.billing.core.queries.recognitions import PREPAID
from voyagent.billing.core.service import accruals, drafts, earning, input_taxes, matching
from voyagent.billing.core.service.accruals import Take
from voyagent.billing.core.service.days import day_of
from voyagent.billing.core.service.drafts import DocumentChanges, FurtherColumns
from voyagent.billing.core.service.earning import Recognition
from voyagent.billing.core.service.instalments import InstalmentItem
from voyagent.billing.core.service.matching import Match
from voyagent.billing.core.service.opening import balance_line
from voyagent.billing.core.service.posting import post_document
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.core.service.voiding import void_document
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Row
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.rules import OPENING
from voyagent.ledger.service import chart
from voyagent.ledger.service.months import LAST_DAY
from voyagent.settings.queries import check_limit
from voyagent.trips.queries import expected_bills


def void_bill(actor: Actor, bill_id: UUID, *, reason: str, on: date | None = None) -> Bill:
    """Void a received bill on the day `on`.

    The expected bills to which it was matched are open again, unless their lines are not booked any
    more. Accrued cost that the bill took over is accrued again.

    The default of `on` is today, or the issue date if the issue date is later. Raises Forbidden,
    BillNotFound, and the errors of `void_document`.
    """
    actor.require_authority("bill.void")
    bill = bill_queries.get_bill(bill_id, lock=True)
    has_accruals = accruals.has_accruals(bill)
    if has_accruals:
        accruals.hold()
    voided = void_document(actor, bill, reason, on)
    if has_accruals:
        accruals.put_back(actor, voided)
    if matching.is_matched(bill):
        matching.take_back(voided)
    return voided


def import_open_bill(
    actor: Actor,
    *,
    party_name: str,
    reference: str,
    issue_date: date,
    due_date: date | None,
    amount: Money,
    exchange_rate: Quote | None = None,
) -> Bill:
    """Import an open bill from the former accounting program, with its open amount.

    The bill counts as received on its original issue date, and no cost is posted for it.
    `reference` is the supplier's reference of the bill.

    Raises Forbidden, and the errors of `receive_bill`.
    """
    actor.require_authority("bill.receive")
    chart.opening_account(actor)
    items = [balance_line(f"Balance of bill {reference.strip()}"[:500], amount)]
    fields = BillFields(
        vendor_name=party_name,
        vendor_reference=reference,
        issue_date=issue_date,
        due_date=due_date,
        line_items=items,
        exchange_rate=exchange_rate,
    )
    return receive_bill(actor, is_opening=True, **fields)


class BillFields(TypedDict):
    """Fields of a new bill, with the supplier's id, name or both.

    `party_reference` is the agency's own reference.
    """

    party_id: NotRequired[UUID | None]
    vendor_name: NotRequired[str | None]
    vendor_reference: str
    issue_date: date
    due_date: NotRequired[date | None]
    instalments: NotRequired[Sequence[InstalmentItem] | None]
    line_items: Sequence[LineItem]
    party_reference: NotRequired[str | None]
    notes: NotRequired[str | None]
    trip_id: NotRequired[UUID | None]
    exchange_rate: NotRequired[Quote | None]


class BillChanges(DocumentChanges, total=False):
    """Changes of a draft bill; a key that is absent leaves the field unchanged."""

    vendor_name: str | None
    vendor_reference: str


def draft_bill(actor: Actor, **fields: Unpack[BillFields]) -> Bill:
    """Enter a supplier's bill as a draft, which is not posted to the ledger.

    The supplier's reference must be unique in the agency; void bills do not count.

    Raises Forbidden, CustomerNameRequired, VendorReferenceRequired, TextTooLong, InvalidDate,
    VendorReferenceTaken, and the errors of `drafts.create_draft`.
    """
    actor.require("bill.draft")
    bill = _begin(actor, fields)
    audit.record(
        actor, "bill.drafted", entity_refs=drafts.refs_of(bill), outputs=drafts.audit_facts(bill)
    )
    return bill


def revise_bill(
    actor: Actor, bill_id: UUID, changes: BillChanges, *, seen: datetime | None = None
) -> Bill:
    """Change a draft bill, and record an audit event if a value differs.

    `seen` is the `updated_at` that the caller has read. DraftChanged is raised if the draft was
    changed since then.

    Raises Forbidden, BillNotFound, BillNotDraft, DraftChanged, CustomerNameRequired,
    VendorReferenceRequired, TextTooLong, InvalidDate, VendorReferenceTaken, and the errors of
    `drafts.revise`.
    """
    actor.require("bill.draft")
    bill = bill_queries.get_bill(bill_id, lock=True)
    drafts.check_draft(bill, seen)
    columns: FurtherColumns = (
        {"vendor_reference": read_reference(changes["vendor_reference"])}
        if "vendor_reference" in changes
        else {}
    )
    with _once():
        drafts.revise(actor, bill, columns, changes, drafts.changed_party(actor, bill, changes))
    return bill


def match_bill(actor: Actor, bill_id: UUID, matches: Sequence[Match]) -> Bill:
    """Replace the expected bills to which the lines of a draft bill are matched.

    They are marked as billed when the bill is received, and expected again when it is voided. Each
    must be open, in the currency of the bill, and of its supplier or of none.

    Raises Forbidden, BillNotFound, BillNotDraft, ExpectedBillNotFound, ExpectedBillNotOpen,
    ExpectedBillsDiffer, MatchExceedsLine.
    """
    actor.require("bill.draft")
    bill = bill_queries.get_bill(bill_id, lock=True)
    drafts.check_draft(bill)
    matching.keep(bill, matches)
    bill.updated_at = clock.now()
    db.session.flush()
    audit.record(
        actor,
        "bill.matched",
        entity_refs=drafts.refs_of(bill),
        inputs={"expected_bill_ids": [str(one.expected_bill_id) for one in matches]},
    )
    return bill


def rematch_bill(
    actor: Actor,
    bill_id: UUID,
    matches: Sequence[Match],
    *,
    variance_reason: str | None = None,
    on: date | None = None,
) -> Bill:
    """Replace the expected bills to which the lines of a received bill are matched.

    An expected bill to which it is not matched any more is open again, and its cost is accrued
    again. The accrued cost of a newly matched one is released. These entries are on the day `on`,
    by default today. Matches that do not change stay as they are. `variance_reason` confirms a
    difference from a new match above the tolerance of the settings.

    Raises Forbidden, BillNotFound, BillNotReceived, DateTooEarly (before the issue date),
    DateInFuture, ExpectedBillNotFound, ExpectedBillNotOpen, ExpectedBillsDiffer, MatchExceedsLine,
    BillVariance, TextTooLong, AmountAboveLimit, PeriodLocked.
    """
    actor.require_authority("bill.receive")
    bill = bill_queries.get_bill(bill_id, lock=True)
    if bill.status in ("draft", "void"):
        raise BillNotReceived
    check_limit(actor, Money(bill.total_minor, bill.currency))
    day = day_of(actor, on, bill.issue_date)
    accruals.hold()
    replaced = matching.replacement(bill, matches)
    # Posting comes first, as for a draft that is received: see `_receive`.
    accruals.record(accruals.rematch(actor, bill, replaced, day))
    matching.replace(bill, replaced)
    why = matching.confirm(bill, variance_reason, replaced.new)
    bill.updated_at = clock.now()
    db.session.flush()
    audit.record(
        actor,
        "bill.matched",
        entity_refs=drafts.refs_of(bill),
        inputs={
            "expected_bill_ids": sorted(str(one) for one in replaced.new),
            "undone_expected_bill_ids": sorted(str(one) for one in replaced.gone),
        },
        private={"variance_reason": why} if why else None,
    )
    return bill


def bill_from_expected(
    actor: Actor,
    expected_bill_ids: Sequence[UUID],
    *,
    vendor_reference: str,
    issue_date: date,
) -> Bill:
    """Draft a bill from expected bills of one supplier and currency.

    Each line has the amount that is still expected and the days of the service, and is matched to
    its expected bill. Raises ExpectedBillNotFound, ExpectedBillNotOpen, ExpectedBillsDiffer, and
    the errors of `draft_bill`.
    """
    actor.require("bill.draft")
    rows = expected_bills.get_expected_bills(expected_bill_ids, lock=True)
    if not rows or len(rows) < len(set(expected_bill_ids)):
        raise ExpectedBillNotFound
    if any(row["status"] != "open" for row in rows):
        raise ExpectedBillNotOpen
    if len({(row["party_id"], row["currency"]) for row in rows}) > 1:
        raise ExpectedBillsDiffer
    trip_ids = {row["trip_id"] for row in rows}
    bill = draft_bill(
        actor,
        party_id=rows[0]["party_id"],
        vendor_name=None if rows[0]["party_id"] else rows[0]["supplier"],
        vendor_reference=vendor_reference,
        issue_date=issue_date,
        line_items=[_item(row) for row in rows],
        trip_id=trip_ids.pop() if len(trip_ids) == 1 else None,
    )
    return match_bill(
        actor, bill.id, [Match(number, row["id"]) for number, row in enumerate(rows, start=1)]
    )


def discard_bill(actor: Actor, bill_id: UUID) -> None:
    """Delete a draft bill. Raises Forbidden, BillNotFound, BillNotDraft."""
    actor.require("bill.draft")
    drafts.discard(actor, bill_queries.get_bill(bill_id, lock=True))


def receive_draft(
    actor: Actor,
    bill_id: UUID,
    *,
    seen: datetime | None = None,
    input_tax_reason: str | None = None,
    variance_reason: str | None = None,
) -> Bill:
    """Receive a draft bill and post it against payables.

    Costs, purchases as agent and input taxes are posted on the issue date. Cost of a service after
    the issue date is prepaid. Further entries post it by the recognition policy: on the first or
    the last day of the service, or divided by day. `seen` is the `updated_at` that the caller has
    read, or None to receive any version of the draft. `input_tax_reason` confirms a claimed tax
    above the highest rate of the day, and `variance_reason` a difference from the expected bills
    above the tolerance of the settings.

    Raises Forbidden, BillNotFound, BillNotDraft, DraftChanged, DateInFuture, InputTaxAboveRate,
    BillVariance, ExpectedBillNotOpen, ExpectedBillsDiffer, MatchExceedsLine, TextTooLong,
    AmountAboveLimit, PeriodLocked, AccountNotFound, AccountInactive, AccountCodeTaken.
    """
    actor.require_authority("bill.receive")
    bill = bill_queries.get_bill(bill_id, lock=True)
    drafts.check_draft(bill, seen)
    return _receive(actor, bill, input_tax_reason, variance_reason)


def receive_bill(
    actor: Actor,
    *,
    is_opening: bool = False,
    input_tax_reason: str | None = None,
    **fields: Unpack[BillFields],
) -> Bill:
    """Enter and receive a bill in one step.

    With `is_opening` the bill is an imported bill, and no cost is posted for it.

    Raises the errors of `draft_bill` and `receive_draft`.
    """
    actor.require_authority("bill.receive")
    return _receive(actor, _begin(actor, fields, is_opening=is_opening), input_tax_reason)


def read_reference(typed: str) -> str:
    """Return the supplier's reference without surplus spaces.

    Raises VendorReferenceRequired.
    """
    reference = " ".join(typed.split())
    if not 1 <= len(reference) <= 64:
        raise VendorReferenceRequired
    return reference


def receive_sides(bill: Bill, takes: Sequence[Take] = ()) -> list[tuple[str, int, Money]]:
    """Return the journal lines for receiving a bill that takes over accrued cost.

    A journal line is a tuple: key of the account, 1 for debit or -1 for credit, and amount.
    """
    if bill.is_opening:
        total = Money(bill.total_minor, bill.currency)
        return [(OPENING, 1, total), ("payable", -1, total)]
    sides = input_taxes.bought_sides(input_taxes.bought(bill), bill.currency)
    return accruals.sides_with(sides, takes)


def recognitions_of(bill: Bill) -> list[Recognition]:
    """Return the cost to recognise on later service dates."""
    if bill.is_opening:
        return []
    return input_taxes.later_costs(input_taxes.bought(bill), bill.currency)


def _begin(actor: Actor, fields: BillFields, *, is_opening: bool = False) -> Bill:
    with _once():
        return drafts.create_draft(
            actor,
            Bill,
            party=drafts.party_of(actor, BILL, fields),
            vendor_reference=read_reference(fields["vendor_reference"]),
            issue_date=fields["issue_date"],
            due_date=fields.get("due_date"),
            instalment_items=fields.get("instalments"),
            line_items=fields["line_items"],
            party_reference=fields.get("party_reference"),
            notes=fields.get("notes"),
            trip_id=fields.get("trip_id"),
            is_opening=is_opening,
            exchange_rate=fields.get("exchange_rate"),
        )


def _receive(
    actor: Actor, bill: Bill, input_tax_reason: str | None, variance_reason: str | None = None
) -> Bill:
    """Post a draft bill on its issue date."""
    input_taxes.check(bill, (tax.component for tax in tax_queries.get_taxes(bill)))
    why = input_taxes.check_rates(bill, input_tax_reason)
    lines = get_lines(bill)
    methods = input_taxes.methods_of_bill(bill, lines)
    for line in lines:
        line.recognition = methods[line.line_no]
    later = recognitions_of(bill)
    if later:
        chart.account_of(actor, PREPAID)
    takes: list[Take] = []
    if matching.is_matched(bill):
        accruals.hold()
        takes = accruals.takes_of(actor, bill)
    posted = post_document(
        actor,
        bill,
        bill.vendor_reference,
        receive_sides(bill, takes),
        carried=accruals.carried(bill, takes),
    )
    earning.recognise(
        actor,
        ("bill", bill.id),
        later,
        narration=f"Bill {bill.vendor_reference}, {bill.party_name}",
        memo=bill.vendor_reference,
        document=bill,
        posted=posted,
    )
    accruals.take(actor, bill, takes, posted.entry_id)
    # Posting comes first: an invoice of the trip also locks its sums before the expected bills.
    reasons = {"input_tax_reason": why, "variance_reason": matching.confirm(bill, variance_reason)}
    private: dict[str, audit.Fact] = {name: why for name, why in reasons.items() if why}
    bill.status = "received"
    bill.entry_id = posted.entry_id
    bill.updated_at = clock.now()
    db.session.flush()
    audit.record(
        actor,
        "bill.received",
        entity_refs={**drafts.refs_of(bill), "journal_entry_id": posted.entry_id},
        outputs=drafts.audit_facts(bill),
        private=private or None,
    )
    return bill


@contextmanager
def _once() -> Iterator[None]:
    """Raise VendorReferenceTaken if the `with` block stores a used reference.

    The database refuses a bill with the supplier's reference of another bill (unique index).
    """
    try:
        yield
    except IntegrityError as error:
        if "uq_bills_vendor_reference" in str(error.orig):
            raise VendorReferenceTaken from None
        raise


def schedule_bill(actor: Actor, bill_id: UUID, *, pay_on: date) -> Bill:
    """Set the planned payment date of an open bill; nothing is paid.

    Raises PlannedInPast if `pay_on` is before today or before the issue date, and Forbidden,
    BillNotFound, DocumentNotOpen, InvalidDate.
    """
    actor.require("bill.schedule")
    bill = bill_queries.get_bill(bill_id, lock=True)
    if bill.status not in OPEN_BILL:
        raise DocumentNotOpen
    if bill.pay_on == pay_on:
        return bill
    if pay_on < max(clock.today(actor.timezone), bill.issue_date):
        raise PlannedInPast
    if pay_on > LAST_DAY:
        raise InvalidDate
    return _set(actor, bill, "scheduled", pay_on)


def unschedule_bill(actor: Actor, bill_id: UUID) -> Bill:
    """Remove the payment date of a bill.

    Raises Forbidden, BillNotFound, BillNotScheduled.
    """
    actor.require("bill.schedule")
    bill = bill_queries.get_bill(bill_id, lock=True)
    if bill.status != "scheduled":
        raise BillNotScheduled
    return _set(actor, bill, "received", None)


def _set(actor: Actor, bill: Bill, status: str, pay_on: date | None) -> Bill:
    outputs = {"pay_on": pay_on} if pay_on else {"was_to_be_paid_on": bill.pay_on}
    bill.status, bill.pay_on, bill.updated_at = status, pay_on, clock.now()
    db.session.flush()
    audit.record(
        actor,
        "bill.scheduled" if pay_on else "bill.unscheduled",
        entity_refs={"bill_id": bill.id},
        outputs=outputs,
    )
    return bill


def _item(row: Row) -> LineItem:
    described = " · ".join(filter(None, (row["service"], row["supplier_ref"], row["trip_title"])))
    return LineItem(
        description=described[:500],
        quantity=1,
        unit_price=Money(max(row["open_minor"], 0), row["currency"]).wire,
        currency=row["currency"],
        service_date=row["starts_on"],
        service_to=row["service_to"],
    )
