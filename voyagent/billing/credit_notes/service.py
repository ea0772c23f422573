"""Services of credit notes: issue and reverse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from voyagent.billing.core.errors import DocumentNotOpen
from voyagent.billing.core.models.credits import CreditNote
from voyagent.billing.core.models.invoices import Invoice, InvoiceLine
from voyagent.billing.core.models.kinds import CREDIT_NOTE
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.models.payments import Payment
from voyagent.billing.core.queries import (
    cancellations as cancellation_queries,
    credits as credit_queries,
    documents as document_queries,
    reversals as reversal_queries,
    taxes as tax_queries,
)
from voyagent.billing.core.queries.costs import deferred_parts, kept_parts, revenue_left
from voyagent.billing.core.rules import (
    CREDITS,
    Parts,
    revenue_minor,
    split_parts,
    stored_parts,
)
from voyagent.billing.core.service import (
    crediting,
    earning,
    numbering,
    rounding,
    taxing,
)
from voyagent.billing.core.service.crediting import CreditedLine, CreditedTax
from voyagent.billing.core.service.credits import (
    CreditEntry,
    CreditLineColumns,
    check_credit,
    creditable,
    enter_credit,
    proposed_amounts,
    reverse_credit,
)
from voyagent.billing.core.service.days import book_day
from voyagent.billing.core.service.earning import Recognition
from voyagent.billing.core.service.kept_papers import keep_later
from voyagent.billing.core.service.order import check_order
from voyagent.billing.core.service.reversals import mark, why_of
from voyagent.billing.credit_notes import queries as credit_note_queries
from voyagent.billing.credit_notes.errors import (
    CreditedBeforeCancellation,
    CreditNoteOfCancellation,
    CustomerCreditUsed,
    InvoiceWrittenOff,
    RecallOutOfRange,
)
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.service import chart
from voyagent.ledger.service.entries import Posted
from voyagent.taxes.rules.tables import COLLECTED

CREDIT_SERIES, CREDIT_LETTER = "credit_note", "C"
CUSTOMER_CREDITS = ("customer_credit", "K")
"""Name and prefix of the number series of credits of customers."""


@dataclass(frozen=True, slots=True)
class Special:
    """Exceptions from crediting in proportion to the amounts of the lines.

    With `credits_collected` the tax collected at source is credited too. `recalls` has the
    commission to take back by line number; that of other lines is in proportion.
    """

    credits_collected: bool = False
    recalls: Mapping[int, Money] = field(default_factory=dict)


ORDINARY = Special()
"""A credit note as people issue it by itself."""


def reverse_credit_note(
    actor: Actor, credit_note_id: UUID, *, reason: str, on: date | None = None
) -> CreditNote:
    """Reverse a whole credit note on a day.

    `on` defaults to today, or to the issue date of the credit note if the issue date is later. From
    that day the amount that the note settled is open on the invoice again, the customer's credit
    from it is gone, and the lines can be credited again. The number stays used.

    Raises Forbidden, CreditNoteNotFound, CreditNoteOfCancellation, CreditNoteReversed,
    CreditedBeforeCancellation, CustomerCreditUsed, ReasonRequired, TextTooLong, AmountAboveLimit,
    InvalidDate, PeriodLocked.
    """
    actor.require_authority("invoice.credit")
    note = credit_note_queries.get_credit_note(credit_note_id)
    if cancellation_queries.is_of_cancellation(note):
        raise CreditNoteOfCancellation
    # As in `allocate`, the payment is locked before the invoice.
    credit = credit_note_queries.get_customer_credit(note.id)
    invoice = invoice_queries.get_invoice(note.invoice_id, lock=True)
    kept = cancellation_queries.kept_lines(invoice.id)
    if any(line_no in kept for line_no in credit_note_queries.line_numbers(note.id)):
        raise CreditedBeforeCancellation
    if credit is None or credit.reversed_on is not None:
        reverse_credit(actor, CREDIT_NOTE, note, invoice, reason, on)
        return note
    if credit.unapplied_minor < credit.amount_minor:
        raise CustomerCreditUsed
    since = reversal_queries.last_taken_back(credit.id)
    reverse_credit(actor, CREDIT_NOTE, note, invoice, reason, on, since=since)
    assert note.reversed_on is not None
    assert note.reversal_entry_id is not None
    credit.refunded_minor = credit.amount_minor
    credit.base_used_minor = credit.base_minor or 0
    mark(actor, credit, note.reversed_on, why_of(reason), note.reversal_entry_id)
    return note


def issue_credit_note(
    actor: Actor,
    invoice_id: UUID,
    *,
    reason: str,
    on: date | None = None,
    amounts: Mapping[int, Money] | None = None,
    out_of_order_reason: str | None = None,
    special: Special = ORDINARY,
) -> CreditNote:
    """Issue a credit note on an invoice.

    `amounts` are the amounts to credit before tax, by line number. By default everything that is
    not credited yet is credited. What is above the open amount of the invoice becomes a credit of
    the customer: a payment that can be refunded or allocated to other invoices.

    `on` is the issue date. It defaults to today, or to the issue date of the invoice if that date
    is later. Revenue and taxes are posted against receivables on this date. The number is from a
    series of its own (Rule 53 of the CGST Rules). `out_of_order_reason` confirms a date before that
    of an earlier number of the financial year. `special` is what a cancellation credits otherwise.

    Raises Forbidden, InvoiceNotFound, DocumentNotOpen, ReasonRequired, TextTooLong, InvalidDate,
    DocumentOutOfOrder, NoLines, LineNotOnInvoice, InvalidAmount, MixedCurrencies,
    CreditExceedsLine, RecallOutOfRange, InvoiceWrittenOff, AmountAboveLimit, PeriodLocked,
    AccountNotFound, AccountInactive.
    """
    actor.require_authority("invoice.credit")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    if not can_be_credited(invoice):
        raise DocumentNotOpen
    why = why_of(reason)
    credit, day = credit_now(actor, invoice, amounts, on, special)
    if credit.excess:
        chart.account_of(actor, CREDITS)
    number = numbering.take_number(CREDIT_SERIES, day, letter=CREDIT_LETTER)
    note, posted = enter_credit(
        actor,
        CREDIT_NOTE,
        invoice,
        CreditEntry(
            number=number,
            reason=why,
            out_of_order_reason=check_order(CreditNote, day, out_of_order_reason),
            day=day,
            contents=credit,
        ),
        round_off_minor=credit.round_off.amount_minor,
        excess_minor=credit.excess.amount_minor,
    )
    if credit.excess:
        _keep_excess(actor, note, posted)
    earning.recognise(
        actor,
        ("credit_note", note.id),
        credit.recognitions,
        narration=f"Credit note {number} on invoice {invoice.number}, {invoice.party_name}",
        memo=number,
        document=invoice,
        posted=posted,
    )
    keep_later("credit_note", note.id)
    return note


def can_be_credited(invoice: Invoice) -> bool:
    """Return True if an invoice is open, or paid with lines that are not credited yet."""
    return invoice.status in OPEN or (invoice.status == "paid" and bool(creditable(invoice)))


def _keep_excess(actor: Actor, note: CreditNote, posted: Posted) -> None:
    """Store the credit of the customer from a credit note, as a payment."""
    series, letter = CUSTOMER_CREDITS
    base_minor = posted.base_minor(CREDITS)
    db.session.add(
        Payment(
            id=new_id(),
            number=numbering.take_number(series, note.issue_date, letter=letter),
            direction="in",
            nature="refundable",
            credit_note_id=note.id,
            party_id=note.party_id,
            party_name=note.party_name,
            currency=note.currency,
            amount_minor=note.excess_minor,
            base_minor=None if base_minor is None else -base_minor,
            paid_on=note.issue_date,
            reference=note.number,
            entry_id=note.entry_id,
            created_by_user_id=actor.user_id,
        )
    )
    db.session.flush()


@dataclass(frozen=True, slots=True)
class Credit:
    """The contents of a credit note.

    `later` has the credited revenue that is still deferred, by line number and day, and `kept` that
    which a cancellation has kept. `excess` is the part of the total above the open amount of the
    invoice.
    """

    currency: str
    lines: list[CreditedLine]
    taxes: list[CreditedTax]
    later: Mapping[int, Parts]
    round_off: Money
    """The invoice's rounding; it is returned with the credit of the last open amount."""
    excess: Money
    kept: Mapping[int, Parts]

    @property
    def rows(self) -> list[CreditLineColumns]:
        """Return the column values of the lines of the credit note."""
        return [
            {
                "line_no": line.line_no,
                "description": line.description,
                "amount_minor": line.amount_minor,
                "commission_minor": line.commission_minor,
                "parts_minor": stored_parts(line.parts),
            }
            for line in self.lines
        ]

    @property
    def total(self) -> Money:
        """The total of lines, taxes and returned rounding."""
        minors = (line.amount_minor for line in self.lines)
        return Money(crediting.total_minor_of(minors, self.taxes), self.currency) + self.round_off

    @property
    def sides(self) -> list[tuple[str, int, Money]]:
        """Return the journal lines: account, 1 for debit or -1 for credit, and amount."""
        debited = taxing.sides(self.lines, self.taxes, self.currency, self.later, self.kept)
        moved = rounding.side(self.round_off, 1)
        return [
            *((purpose, 1, amount) for purpose, amount in debited),
            *moved,
            *(
                (account, -1, amount)
                for account, amount in (
                    ("receivable", self.total - self.excess),
                    (CREDITS, self.excess),
                )
                if amount
            ),
        ]

    @property
    def recognitions(self) -> list[Recognition]:
        """Return the revenue whose recognition on later service dates is cancelled."""
        return earning.recognitions(self.lines, self.later, self.currency, is_credit=True)


def credit_of(
    invoice: Invoice,
    amounts: Mapping[int, Money] | None,
    day: date,
    special: Special = ORDINARY,
) -> Credit:
    """Return the contents of a credit note on an invoice.

    `amounts` are before tax, by line number; None credits all that is not credited yet.

    Taxes and commission are in proportion to the credited amounts. Each of them is rounded half up
    for all credits of a line together. Tax collected at source is not returned, unless `special`
    says so. The rounding amount of the invoice is returned when nothing is left to credit.

    Raises NoLines, LineNotOnInvoice, InvalidAmount, MixedCurrencies, CreditExceedsLine,
    RecallOutOfRange.
    """
    lines = document_queries.get_lines(invoice)
    before = credit_queries.credited_by_line(invoice)
    recalled = credit_queries.recalled_by_line(invoice)
    left = crediting.left_of(lines, before)
    amounts_to_credit = crediting.wanted_of(invoice, left, amounts)
    charged = (
        tax
        for tax in tax_queries.get_taxes(invoice)
        if special.credits_collected or tax.component != COLLECTED
    )
    taxes = crediting.taxes_on(
        amounts_to_credit,
        lines,
        charged,
        before,
        credit_queries.credited_taxes(invoice),
        invoice.currency,
    )
    left_parts = revenue_left(invoice)
    credited = []
    for line in lines:
        if not (minor := amounts_to_credit.get(line.line_no)):
            continue
        commission_minor = _recall(
            invoice, line, before, minor, recalled.get(line.line_no, 0), special
        )
        parts = split_parts(
            revenue_minor(line.sold_as, minor, commission_minor), left_parts[line.line_no]
        )
        credited.append(
            CreditedLine(
                line.line_no, line.description, line.sold_as, minor, commission_minor, parts
            )
        )
    by_line = {line.line_no: line.parts for line in credited}
    plain = Credit(
        invoice.currency,
        credited,
        taxes,
        deferred_parts(invoice, by_line, day),
        Money(0, invoice.currency),
        Money(0, invoice.currency),
        kept_parts(invoice, by_line),
    )
    is_last = all(minor == amounts_to_credit.get(number, 0) for number, minor in left.items())
    if (
        not is_last
        or not invoice.round_off_minor
        or credit_note_queries.round_off_given_back(invoice.id)
    ):
        return _beyond(plain, invoice)
    rounded = replace(plain, round_off=Money(invoice.round_off_minor, invoice.currency))
    return _beyond(rounded if rounded.total.amount_minor > 0 else plain, invoice)


def _recall(
    invoice: Invoice,
    line: InvoiceLine,
    before: Mapping[int, int],
    minor: int,
    recalled: int,
    special: Special,
) -> int:
    """Return the commission that a credit of a line takes back, in minor units.

    `minor` is the credited amount. `before` has the amounts that were credited earlier, and
    `recalled` is the commission that was taken back earlier.
    """
    wanted = special.recalls.get(line.line_no)
    if wanted is None:
        earlier = before.get(line.line_no, 0)
        return crediting.commission_on(line, earlier, minor, recalled, invoice.currency)
    if not 0 <= wanted.amount_minor <= min(line.commission_minor - recalled, minor):
        raise RecallOutOfRange
    return wanted.amount_minor


def _beyond(credit: Credit, invoice: Invoice) -> Credit:
    """Return a credit with the part of its total above the open amount of the invoice."""
    excess_minor = max(credit.total.amount_minor - invoice.open_minor, 0)
    return replace(credit, excess=Money(excess_minor, invoice.currency))


def credit_now(
    actor: Actor,
    invoice: Invoice,
    amounts: Mapping[int, Money] | None,
    on: date | None,
    special: Special = ORDINARY,
) -> tuple[Credit, date]:
    """Check a credit note, and return its contents and its date.

    The date is `on`, or the result of `default_day` if `on` is None. Raises InvalidDate,
    InvoiceWrittenOff, AmountAboveLimit, PeriodLocked, and the errors of `credit_of`.
    """
    day = book_day(actor, invoice, on)
    credit = credit_of(invoice, amounts, day, special)
    # The written-off part was never paid, so it cannot become a credit of the customer.
    if credit.excess and invoice.written_off_minor:
        raise InvoiceWrittenOff
    check_credit(actor, credit.total, day)
    return credit, day


def proposed(invoice: Invoice, day: date) -> dict[int, Money]:
    """Return the proposed amounts of a credit note by line number.

    With their taxes the amounts add up to at most the open amount. On a paid invoice they are all
    that is not credited yet.
    """

    def of(minors: Mapping[int, int]) -> Credit:
        amounts = {number: Money(minor, invoice.currency) for number, minor in minors.items()}
        return credit_of(invoice, amounts, day)

    return proposed_amounts(invoice, of)
