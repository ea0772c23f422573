"""Services that cancel sales, and preview the effect.

One act credits the invoices, recognises what the agency keeps, credits the bills and recognises
what the suppliers keep, charges a fee and pays back what the customer has left, all in one
transaction. The preview runs the same act in a savepoint and takes it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import text

from voyagent.audit.service import recording as audit
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.cancellations import queries
from voyagent.billing.cancellations.errors import (
    CancelledTogether,
    ChargeExceedsLine,
    KeptExceedsLine,
    NothingToCancel,
    NothingToPayBack,
    PreviewStale,
)
from voyagent.billing.claims import service as claims
from voyagent.billing.core.errors import (
    DateTooEarly,
    DocumentNotOpen,
    LineNotOnBill,
    LineNotOnInvoice,
)
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.cancellations import Cancellation, CancellationLine
from voyagent.billing.core.models.credits import CreditNote, SupplierCredit
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import kind_of, number_of
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.queries import (
    claims as claim_queries,
    credits as credit_queries,
    documents as document_queries,
)
from voyagent.billing.core.queries.costs import (
    StandingCost,
    StandingRevenue,
    standing_costs,
    standing_revenue,
)
from voyagent.billing.core.queries.recognitions import DEFERRED, PREPAID
from voyagent.billing.core.rules import BOUGHT
from voyagent.billing.core.service import numbering, taxing
from voyagent.billing.core.service.credits import creditable
from voyagent.billing.core.service.days import book_day, default_day
from voyagent.billing.core.service.earning import EARNED, KEPT
from voyagent.billing.core.service.exchange import booked_at
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.core.service.reversals import why_of
from voyagent.billing.credit_notes.queries import get_customer_credit
from voyagent.billing.credit_notes.service import (
    Special,
    can_be_credited,
    issue_credit_note,
)
from voyagent.billing.invoices.queries import credit, documents as invoice_queries
from voyagent.billing.invoices.service import drafts, issuing
from voyagent.billing.payments.errors import RefundExceedsCredit
from voyagent.billing.payments.service.allocations import allocate, spread
from voyagent.billing.payments.service.means import BY_BANK, Means
from voyagent.billing.payments.service.refunds import Returned, refund_party
from voyagent.billing.payments.service.settling import Part
from voyagent.billing.supplier_credits import service as supplier_credits
from voyagent.billing.supplier_credits.queries import get_supplier_credit
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.canonical import digest
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.dry_run import Notes, recording, recording_part
from voyagent.kernel.errors import Unprocessable
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger import words
from voyagent.ledger.queries import entries as ledger_entries
from voyagent.ledger.service import chart, entries
from voyagent.settings.queries import check_limit

SERIES, LETTER = "cancellation", "X"


@dataclass(frozen=True, slots=True)
class CancelledLine:
    """A line of an invoice to cancel, and what the agency keeps of it before tax.

    `recalled` is the commission that the supplier takes back. By default it is in proportion to
    the credited amount.
    """

    invoice_id: UUID
    line_no: int
    kept: Money
    recalled: Money | None = None


@dataclass(frozen=True, slots=True)
class CancelledCost:
    """A line of a bill to cancel, and what the supplier keeps of it before tax."""

    bill_id: UUID
    line_no: int
    kept: Money


Asked = TypeVar("Asked", CancelledLine, CancelledCost)


@dataclass(frozen=True, slots=True)
class Fee:
    """The fee that the agency charges for the cancellation, before tax.

    `tax` is the code of a tax treatment, or None.
    """

    amount: Money
    description: str
    tax: str | None = None


@dataclass(frozen=True, slots=True)
class PayBack:
    """The refund of the credit that the cancellation leaves the customer.

    `amount` is by default all of it, and `on` the day of the cancellation.
    """

    amount: Money | None = None
    on: date | None = None
    means: Means = BY_BANK
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """A cancellation to preview or to record.

    `costs` are the bill lines that suppliers cancel, of bills of `trip_id`. Other bills stay as
    they are. `refund_expected_on` is the day on which the suppliers' money is expected.

    `lines` is None to cancel all lines of the invoices and to keep nothing. `on` is by default
    today, or the latest issue date of the invoices and bills if that is later. With `credits_tcs`
    the tax collected at source is credited in proportion, which is only right before it is
    deposited. `out_of_order_reason` confirms a day before that of a later document.
    """

    invoice_ids: Sequence[UUID]
    reason: str
    trip_id: UUID | None = None
    on: date | None = None
    lines: Sequence[CancelledLine] | None = None
    credits_tcs: bool = False
    costs: Sequence[CancelledCost] = ()
    refund_expected_on: date | None = None
    fee: Fee | None = None
    pay_back: PayBack | None = None
    out_of_order_reason: str | None = None


@dataclass(frozen=True, slots=True)
class PostedEntry:
    """A journal entry, with its lines as rows of `entry_lines_statement`."""

    day: date
    narration: str
    lines: list[Row]


@dataclass(frozen=True, slots=True)
class SupplierEffect:
    """The effect on a bill: its credit, the claim and the lost cost.

    `credited` is with tax, and `claimed` the part of it that the supplier must refund. `lost` is
    prepaid cost that is recognised now. `held` is what is left of purchases as agent, or None if no
    line of one is cancelled.
    """

    bill_id: UUID
    bill_reference: str
    party_name: str
    credited: Money
    claimed: Money
    lost: Money
    held: Money | None


@dataclass(frozen=True, slots=True)
class CancellationPreview:
    """The effect that a cancellation would have.

    `kept` is the revenue that was still to come and is recognised now. `fee` is the total of the
    fee invoice with its taxes. `credit` is what the customer is owed after the fee, before
    `paid_back`. `due` is what the customer still owes on the invoices and on the fee invoice.
    `held` is what the cancelled lines leave on the account of money held for suppliers, more on
    invoices than on bills; it is None if no line of a purchase as agent is cancelled, or if such a
    line is in another currency than the invoices.
    """

    preview_hash: str
    cancelled_on: date
    credited: Money
    kept: Money
    fee: Money
    credit: Money
    paid_back: Money
    due: Money
    suppliers: list[SupplierEffect]
    held: Money | None
    entries: list[PostedEntry]


@dataclass(slots=True)
class _Done:
    """The documents that a cancellation has made so far."""

    number: str
    day: date
    reason: str
    invoices: list[Invoice]
    notes: list[CreditNote] = field(default_factory=list)
    lines: list[CancellationLine] = field(default_factory=list)
    costs: list[CancellationLine] = field(default_factory=list)
    suppliers: list[SupplierEffect] = field(default_factory=list)
    fee: Invoice | None = None
    paid_back_minor: int = 0
    refund_id: UUID | None = None

    @property
    def currency(self) -> str:
        """Return the currency of the invoices."""
        return self.invoices[0].currency

    def credits(self) -> list[Payment]:
        """Return the customer's credits from the credit notes."""
        found = (get_customer_credit(note.id) for note in self.notes)
        return [one for one in found if one is not None]


class _Over(Exception):
    """Raised to roll the savepoint of a preview back."""


def preview_cancellation(actor: Actor, wanted: Cancel) -> CancellationPreview:
    """Return the effect that a cancellation would have; nothing is stored.

    Raises the errors of `cancel`, except PreviewStale.
    """
    actor.require_authority("invoice.credit")
    found: list[CancellationPreview] = []
    with suppress(_Over), audit.savepoint(), recording(db.session, is_dry=True) as notes:
        done = _cancel(actor, wanted)
        db.session.flush()
        db.session.execute(text("set constraints all immediate"))
        found.append(_seen(done, notes))
        raise _Over
    return found[0]


def cancel(actor: Actor, wanted: Cancel, *, preview_hash: str | None) -> Cancellation:
    """Cancel lines of invoices of one customer in one transaction.

    Each invoice gets a credit note on what is cancelled less what the agency keeps. What it keeps
    of revenue that was still to come is revenue of this day. A bill is credited with what the
    supplier gives back; what is paid of it is a claim on the supplier. Prepaid cost that the
    supplier keeps is cost of this day. The customer's credit settles the fee invoice and is paid
    back, if that is wanted. `preview_hash` is that of `preview_cancellation`. It is None for a
    capability: an approved proposal is compared with its own preview.

    Raises Forbidden, InvoiceNotFound, BillNotFound, CancelledTogether, DocumentNotOpen,
    LineNotOnInvoice, LineNotOnBill, KeptExceedsLine, ChargeExceedsLine, RecallOutOfRange,
    NothingToCancel, NothingToPayBack, PreviewStale, and the errors of `issue_credit_note`,
    `open_claim`, `credit_bill`, `issue_invoice`, `allocate` and `refund_party`.
    """
    actor.require_authority("invoice.credit")
    with recording_part(db.session) as notes:
        done = _cancel(actor, wanted)
        db.session.flush()
        seen = _seen(done, notes)
    if preview_hash not in (None, seen.preview_hash):
        raise PreviewStale
    return _store(actor, wanted, done, seen.preview_hash)


def keeping(invoice_id: UUID, kept: Money | None) -> list[CancelledLine] | None:
    """Return the lines of an invoice of which the agency keeps an amount in all.

    `kept` is divided in proportion to what is not credited yet of each line. The result is None if
    nothing is kept. Raises InvoiceNotFound, MixedCurrencies, KeptExceedsLine, NothingToCancel.
    """
    if not kept:
        return None
    left = creditable(invoice_queries.get_invoice(invoice_id))
    if not left:
        raise NothingToCancel
    whole = _sum(left.values(), next(iter(left.values())).currency)
    if (kept - whole).amount_minor > 0:
        raise KeptExceedsLine
    shares = kept.within(0).split([one.amount_minor for one in left.values()])
    return [
        CancelledLine(invoice_id, number, share) for number, share in zip(left, shares, strict=True)
    ]


def together_with(invoice: Invoice) -> tuple[UUID | str, str]:
    """Return customer and currency, in which invoices cancelled together agree."""
    return invoice.party_id or invoice.party_key, invoice.currency


def _cancel(actor: Actor, wanted: Cancel) -> _Done:
    """Do everything but store the cancellation."""
    if wanted.costs:
        actor.require_authority("bill.credit")
    if wanted.fee is not None:
        actor.require_authority("invoice.issue")
    if wanted.fee is not None or wanted.pay_back is not None:
        actor.require_authority("payment.record")
    why, ids = why_of(wanted.reason), _named(wanted)
    if wanted.fee is not None and ids:
        # The customer is locked first, as when the fee invoice is issued.
        credit.find_terms(ids[0], lock=True)
    invoices = [invoice_queries.get_invoice(one, lock=True) for one in ids]
    _check_together(invoices)
    asked = _by_invoice(invoices, wanted.lines)
    costs = _by_bill(wanted)
    documents: list[Invoice | Bill] = [*invoices, *(bill for bill, _asked in costs)]
    day = wanted.on or max(default_day(actor, document) for document in documents)
    done = _Done(numbering.take_number(SERIES, day, letter=LETTER), day, why, invoices)
    for invoice in invoices:
        _cancel_lines(actor, invoice, asked[invoice.id], wanted, done)
    if not any(line.customer_credit_minor or line.kept_minor for line in done.lines):
        raise NothingToCancel
    minors = [note.total_minor for note in done.notes] + [line.kept_minor for line in done.lines]
    check_limit(actor, Money(sum(minors), done.currency))
    for bill, of_bill in costs:
        _cancel_costs(actor, bill, of_bill, wanted, done)
    if wanted.fee is not None:
        _charge(actor, wanted.fee, wanted, done)
    if wanted.pay_back is not None:
        _pay_back(actor, wanted.pay_back, done)
    return done


def _named(wanted: Cancel) -> list[UUID]:
    """Return the ids of the invoices to cancel, in the order of locks.

    Raises LineNotOnInvoice.
    """
    ids = set(wanted.invoice_ids)
    if wanted.lines is None:
        return sorted(ids)
    named = {line.invoice_id for line in wanted.lines}
    if not named <= ids:
        raise LineNotOnInvoice
    return sorted(named)


def _check_together(invoices: Sequence[Invoice]) -> None:
    if not invoices:
        raise NothingToCancel
    if len(set(map(together_with, invoices))) > 1:
        raise CancelledTogether
    for invoice in invoices:
        if invoice.status in ("draft", "void"):
            raise DocumentNotOpen


def _by_invoice(
    invoices: Sequence[Invoice], lines: Sequence[CancelledLine] | None
) -> dict[UUID, dict[int, CancelledLine]]:
    """Return the lines to cancel by invoice and line number.

    Raises LineNotOnInvoice.
    """
    found: dict[UUID, dict[int, CancelledLine]] = {}
    for invoice in invoices:
        numbers = {line.line_no for line in document_queries.get_lines(invoice)}
        nothing = Money(0, invoice.currency)
        found[invoice.id] = (
            {number: CancelledLine(invoice.id, number, nothing) for number in sorted(numbers)}
            if lines is None
            else {line.line_no: line for line in lines if line.invoice_id == invoice.id}
        )
        if not set(found[invoice.id]) <= numbers:
            raise LineNotOnInvoice
    return found


def _by_bill(wanted: Cancel) -> list[tuple[Bill, dict[int, CancelledCost]]]:
    """Lock suppliers and bills, and return the lines to cancel by bill and number.

    Raises BillNotFound, DocumentNotOpen, LineNotOnBill.
    """
    found = []
    named = [bill_queries.get_bill(one) for one in {cost.bill_id for cost in wanted.costs}]
    for bill_id in (bill.id for bill in sorted(named, key=lambda one: (str(one.party_id), one.id))):
        claim_queries.lock_supplier(bill_id)
        bill = bill_queries.get_bill(bill_id, lock=True)
        if bill.status in ("draft", "void"):
            raise DocumentNotOpen
        asked = {cost.line_no: cost for cost in wanted.costs if cost.bill_id == bill_id}
        numbers = {line.line_no for line in document_queries.get_lines(bill)}
        if bill.trip_id != wanted.trip_id or not set(asked) <= numbers:
            raise LineNotOnBill
        found.append((bill, asked))
    return found


def _cancel_lines(
    actor: Actor,
    invoice: Invoice,
    asked: Mapping[int, CancelledLine],
    wanted: Cancel,
    done: _Done,
) -> None:
    """Credit lines of an invoice, and recognise what is kept of them."""
    asked, amounts = _credited(invoice, asked, done.day, KeptExceedsLine)
    note = None
    if amounts:
        if not can_be_credited(invoice):
            raise DocumentNotOpen
        note = issue_credit_note(
            actor,
            invoice.id,
            reason=done.reason,
            on=done.day,
            amounts=amounts,
            out_of_order_reason=wanted.out_of_order_reason,
            special=Special(
                wanted.credits_tcs,
                {
                    number: line.recalled
                    for number, line in asked.items()
                    if line.recalled is not None and number in amounts
                },
            ),
        )
        done.notes.append(note)
    elif asked:
        book_day(actor, invoice, done.day)
    standing = [
        one for one in standing_revenue(invoice, done.day, actor.currency) if one.line_no in asked
    ]
    _keep(actor, invoice, standing, done)
    recalled = queries.recalled_by(note.id) if note else {}
    for number in sorted(asked):
        kept_minor = sum(one.amount.amount_minor for one in standing if one.line_no == number)
        done.lines.append(
            CancellationLine(
                position=len(done.lines) + 1,
                invoice_id=invoice.id,
                invoice_line_no=number,
                credit_note_id=note.id if note and number in amounts else None,
                currency=invoice.currency,
                customer_credit_minor=amounts[number].amount_minor if number in amounts else 0,
                kept_minor=kept_minor,
                commission_recalled_minor=recalled.get(number, 0),
                tax_treatment="credit" if wanted.credits_tcs else "keep",
            )
        )


def _credited(
    document: Invoice | Bill,
    asked: Mapping[int, Asked],
    day: date,
    too_much: type[Unprocessable],
) -> tuple[dict[int, Asked], dict[int, Money]]:
    """Return the lines that are not credited yet, and what is credited of each now.

    A line that is kept whole has no amount. Raises DateTooEarly before the last credit of the
    document, InvalidAmount, and `too_much` if more is kept of a line than is not credited yet.
    """
    left = creditable(document)
    asked = {number: line for number, line in asked.items() if number in left}
    last = queries.last_credited(document)
    if asked and last is not None and day < last:
        raise DateTooEarly
    for number, line in asked.items():
        if line.kept.within(0).amount_minor > left[number].amount_minor:
            raise too_much
    amounts = {number: left[number] - line.kept for number, line in asked.items()}
    return asked, {number: amount for number, amount in amounts.items() if amount}


def _keep(actor: Actor, invoice: Invoice, standing: Sequence[StandingRevenue], done: _Done) -> None:
    """Recognise the deferred revenue of lines now, and cancel its later recognition.

    The entries belong to the invoice, whose deferred income they take.
    """
    by_day: dict[tuple[date, str], list[StandingRevenue]] = {}
    for one in standing:
        by_day.setdefault((one.service_date, one.sold_as), []).append(one)
    if not by_day:
        return
    chart.account_of(actor, KEPT)
    for (day, sold_as), found in sorted(by_day.items()):
        suffix = day.isoformat() + ("" if sold_as == "principal" else f" {sold_as}")
        _move(actor, invoice, found, (EARNED[sold_as], DEFERRED), day, done, suffix)
    _move(actor, invoice, standing, (DEFERRED, KEPT), done.day, done)


def _cancel_costs(
    actor: Actor,
    bill: Bill,
    asked: Mapping[int, CancelledCost],
    wanted: Cancel,
    done: _Done,
) -> None:
    """Credit lines of a bill, and recognise prepaid cost that the supplier keeps."""
    asked, amounts = _credited(bill, asked, done.day, ChargeExceedsLine)
    credit = _credit(actor, bill, amounts, wanted, done) if amounts else None
    if credit is None and asked:
        book_day(actor, bill, done.day)
    standing = [
        one for one in standing_costs(bill, done.day, actor.currency) if one.line_no in asked
    ]
    lost = [one for one in standing if one.account == PREPAID]
    _lose(actor, bill, lost, done)
    is_agent = any(
        line.bought_as == "agent" and line.line_no in asked
        for line in document_queries.get_lines(bill)
    )
    held = (one.amount for one in standing if one.account == BOUGHT["agent"])
    done.suppliers.append(
        SupplierEffect(
            bill.id,
            bill.vendor_reference,
            bill.party_name,
            Money(credit.total_minor if credit else 0, bill.currency),
            Money(credit.excess_minor if credit else 0, bill.currency),
            _sum((one.amount for one in lost), bill.currency),
            _sum(held, bill.currency) if is_agent else None,
        )
    )
    for number, cost in sorted(asked.items()):
        done.costs.append(
            CancellationLine(
                position=len(done.lines) + len(done.costs) + 1,
                bill_id=bill.id,
                bill_line_no=number,
                supplier_credit_id=credit.id if credit and number in amounts else None,
                currency=bill.currency,
                supplier_refund_minor=amounts[number].amount_minor if number in amounts else 0,
                supplier_charge_minor=cost.kept.amount_minor,
                supplier_expected_on=wanted.refund_expected_on if number in amounts else None,
            )
        )


def _credit(
    actor: Actor, bill: Bill, amounts: Mapping[int, Money], wanted: Cancel, done: _Done
) -> SupplierCredit:
    """Credit a bill with what the supplier gives back, and claim what is paid of it."""
    credit, _day = supplier_credits.credit_now(actor, bill, amounts, done.day)
    if credit.excess:
        claim = claims.open_claim(
            actor,
            bill.id,
            reason=done.reason,
            on=done.day,
            amounts=amounts,
            expected_on=wanted.refund_expected_on,
            further_credit_reason=done.reason,
        )
        return get_supplier_credit(claim.supplier_credit_id)
    position = len(done.suppliers) + 1
    return supplier_credits.credit_bill(
        actor,
        bill.id,
        vendor_reference=done.number if position == 1 else f"{done.number}/{position}",
        reason=done.reason,
        on=done.day,
        amounts=amounts,
        further_credit_reason=done.reason,
    )


def _lose(actor: Actor, bill: Bill, lost: Sequence[StandingCost], done: _Done) -> None:
    """Recognise the prepaid cost of lines now, and cancel its later recognition.

    The entries belong to the bill, whose prepaid cost they take.
    """
    by_day: dict[date, list[StandingCost]] = {}
    for one in lost:
        by_day.setdefault(one.service_date or done.day, []).append(one)
    for day, found in sorted(by_day.items()):
        _move(actor, bill, found, (PREPAID, BOUGHT["cost"]), day, done, day.isoformat())
    if lost:
        _move(actor, bill, lost, (BOUGHT["cost"], PREPAID), done.day, done)


def _move(
    actor: Actor,
    document: Invoice | Bill,
    parts: Sequence[StandingCost | StandingRevenue],
    sides: tuple[str, str],
    day: date,
    done: _Done,
    suffix: str = "",
) -> None:
    """Debit the account `sides[0]` and credit `sides[1]` with parts of a document."""
    kind, purpose = kind_of(document), f"cancellation {done.number}"
    total = _sum((one.amount for one in parts), document.currency)
    known = [one.base for one in parts if one.base is not None]
    base = _sum(known, actor.currency) if known else None
    title = f"Cancellation {done.number} of {kind.name} {number_of(document)}"
    entries.post(
        actor,
        source_type=kind.name,
        source_id=document.id,
        purpose=f"{purpose} {suffix}".rstrip(),
        narration=words.with_reason(title, document.party_name, done.reason),
        lines=entries.lines_of(
            [(sides[0], 1, total), (sides[1], -1, total)], memo=done.number, bases=[base, base]
        ),
        entry_date=day,
        trip_id=document.trip_id,
        **booked_at(document),
    )


def _charge(actor: Actor, fee: Fee, wanted: Cancel, done: _Done) -> None:
    """Invoice the fee, and settle the invoice from the customer's credits."""
    first = done.invoices[0]
    item = LineItem(
        description=fee.description,
        quantity=1,
        unit_price=fee.amount.decimal,
        currency=fee.amount.currency,
        sold_as="fee",
        tax=fee.tax,
    )
    drafted = drafts.draft_invoice(
        actor,
        party_id=first.party_id,
        customer_name=first.party_name,
        issue_date=done.day,
        line_items=[item],
        trip_id=first.trip_id,
        enquiry_id=first.enquiry_id,
        place_of_supply=taxing.place_of_customer(first),
        customer_tax_number=first.customer_tax_number,
        customer_pan=first.customer_pan,
        copied_from=first,
    )
    done.fee = issuing.issue_invoice(
        actor, drafted.id, out_of_order_reason=wanted.out_of_order_reason
    )
    held = done.credits()
    by_id = {one.id: one for one in held}
    for payment_id, minor in spread(
        done.fee.open_minor, [(one.id, one.unapplied_minor) for one in held]
    ):
        part = Part(done.fee.id, Money(minor, by_id[payment_id].currency))
        allocate(actor, payment_id, parts=[part], on=done.day)


def _pay_back(actor: Actor, wanted: PayBack, done: _Done) -> None:
    """Refund the customer's credits that the cancellation has left."""
    left = [(one.id, one.unapplied_minor) for one in done.credits()]
    whole = Money(sum(minor for _id, minor in left), done.currency)
    party_id = done.invoices[0].party_id
    if not whole or party_id is None:
        raise NothingToPayBack
    amount = wanted.amount or whole
    if amount.currency == whole.currency and amount.amount_minor > whole.amount_minor:
        raise RefundExceedsCredit
    refund = refund_party(
        actor,
        party_id,
        amount,
        on=wanted.on or done.day,
        means=wanted.means,
        parts=[
            Returned(payment_id, Money(minor, amount.currency))
            for payment_id, minor in spread(amount.amount_minor, left)
        ],
        reference=wanted.reference,
    )
    done.refund_id, done.paid_back_minor = refund.id, refund.amount_minor


def _seen(done: _Done, notes: Notes) -> CancellationPreview:
    """Return the effect of a cancellation, from what it has posted."""
    reader, currency = SessionReader(db.session), done.currency
    posted = []
    for entry_id in notes.entries:
        entry, lines = ledger_entries.read_entry(reader, entry_id)
        posted.append(PostedEntry(entry["entry_date"], entry["narration"], lines))
    owed_minor = sum(one.unapplied_minor for one in done.credits()) + done.paid_back_minor
    documents = [*done.invoices, *([done.fee] if done.fee else [])]
    return CancellationPreview(
        preview_hash=_hash_of(posted),
        cancelled_on=done.day,
        credited=Money(sum(note.total_minor for note in done.notes), currency),
        kept=Money(sum(line.kept_minor for line in done.lines), currency),
        fee=Money(done.fee.total_minor if done.fee else 0, currency),
        credit=Money(owed_minor, currency),
        paid_back=Money(done.paid_back_minor, currency),
        due=Money(sum(one.open_minor for one in documents), currency),
        suppliers=done.suppliers,
        held=_held(done),
        entries=posted,
    )


def _held(done: _Done) -> Money | None:
    """Return what the cancelled lines leave on the account held for suppliers.

    It is None if no purchase as agent is cancelled, or one in another currency.
    """
    bought = [one.held for one in done.suppliers if one.held is not None]
    if not bought or {one.currency for one in bought} != {done.currency}:
        return None
    cancelled = {(line.invoice_id, line.invoice_line_no) for line in done.lines}
    sold_minor = 0
    for invoice in done.invoices:
        credited = credit_queries.credited_by_line(invoice)
        recalled = credit_queries.recalled_by_line(invoice)
        for line in document_queries.get_lines(invoice):
            number = line.line_no
            if line.sold_as == "agent" and (invoice.id, number) in cancelled:
                sold_minor += line.amount_minor - credited.get(number, 0)
                sold_minor -= line.commission_minor - recalled.get(number, 0)
    return Money(sold_minor, done.currency) - _sum(bought, done.currency)


def _hash_of(posted: Iterable[PostedEntry]) -> str:
    """Return the hash of what is posted; numbers of documents and texts are left out."""
    names = ("debit_minor", "credit_minor", "base_debit_minor", "base_credit_minor")
    return digest(
        [
            [
                entry.day.isoformat(),
                [
                    [
                        line["code"],
                        None if line["party_id"] is None else str(line["party_id"]),
                        line["currency"],
                        *(line[name] for name in names),
                    ]
                    for line in entry.lines
                ],
            ]
            for entry in posted
        ]
    )


def _store(actor: Actor, wanted: Cancel, done: _Done, preview_hash: str) -> Cancellation:
    cancellation = Cancellation(
        id=new_id(),
        number=done.number,
        trip_id=wanted.trip_id,
        cancelled_on=done.day,
        reason=done.reason,
        preview_hash=preview_hash,
        fee_invoice_id=done.fee.id if done.fee else None,
        refund_id=done.refund_id,
        created_by_user_id=actor.user_id,
        created_at=clock.now(),
    )
    db.session.add(cancellation)
    db.session.flush()
    for line in (*done.lines, *done.costs):
        line.cancellation_id = cancellation.id
        db.session.add(line)
    db.session.flush()
    documents = {"fee_invoice_id": done.fee.id if done.fee else None, "refund_id": done.refund_id}
    audit.record(
        actor,
        "cancellation.recorded",
        entity_refs={"cancellation_id": cancellation.id, "invoice_id": done.invoices[0].id}
        | ({"trip_id": wanted.trip_id} if wanted.trip_id else {})
        | {name: one for name, one in documents.items() if one is not None},
        outputs={
            "number": done.number,
            "cancelled_on": done.day,
            "currency": done.currency,
            "invoices": [str(invoice.id) for invoice in done.invoices],
            "kept": Money(sum(line.kept_minor for line in done.lines), done.currency).wire,
        },
        private={"reason": done.reason},
    )
    return cancellation


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, Money(0, currency))
