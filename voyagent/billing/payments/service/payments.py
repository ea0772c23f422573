"""Services that record payments and refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Literal, cast
from uuid import UUID

from voyagent.audit.service import recording as audit
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.core.errors import DocumentNotOpen
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import number_of
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.models.payments import Payment, Refund
from voyagent.billing.core.queries import reversals as reversal_queries
from voyagent.billing.core.rules import CONTROL
from voyagent.billing.core.service import advance_taxes, numbering, pricing
from voyagent.billing.core.service.carrying import carried_by_payment, money_or_none
from voyagent.billing.core.service.charges import (
    CHARGE_SHARE,
    NO_CHARGE,
    Charge,
    charge_of,
    confirm_share,
    entered_total,
    read_charge,
    reason_kept,
)
from voyagent.billing.core.service.days import day_of
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.errors import (
    ChargeOfPaymentOut,
    PaidInOtherMoney,
    PaymentOverAllocated,
)
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service.allocations import (
    check_left,
    check_refundable,
    exchange,
    settlements_now,
)
from voyagent.billing.payments.service.cash import (
    check_cash_limit,
    over_limit_output,
    over_limit_private,
)
from voyagent.billing.payments.service.deducting import (
    CERTIFICATE_MAX,
    NO_TDS,
    TDS_ACCOUNTS,
    TDS_SHARE,
    Tds,
    check_tds,
)
from voyagent.billing.payments.service.means import (
    BY_BANK,
    Means,
    find_means,
    ledger_account,
)
from voyagent.billing.payments.service.settling import (
    Direction,
    Part,
    Settlement,
    check_parts,
    exchange_sides,
    lock_documents,
    new_allocations,
    refs_of,
    settle,
)
from voyagent.kernel.actor import Actor
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import MixedCurrencies, Money
from voyagent.kernel.rates import Quote
from voyagent.ledger.rules import DIFFERENCES
from voyagent.ledger.service import entries, months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.parties.service.parties import NamedParty
from voyagent.settings.queries import check_limit

Side = tuple[UUID | str, int, Money]
"""Id or purpose of an account, 1 for debit or -1 for credit, and amount."""
SERIES: dict[str, tuple[str, str]] = {"in": ("receipt", "R"), "out": ("payment", "P")}
"""Name and prefix of the number series of payments, by direction."""
REFUND_SERIES, REFUND_LETTER = "refund", "F"
OPENING_ADVANCES = ("advance", "A")
"""Name and prefix of the number series of imported advances, so that no other has gaps."""


def record_payment(  # noqa: PLR0913 - each keyword is a field of the document
    actor: Actor,
    *,
    direction: Direction,
    party_name: str | None = None,
    party_id: UUID | None = None,
    amount: Money,
    on: date | None = None,
    means: Means = BY_BANK,
    tds: Tds = NO_TDS,
    charge: Charge = NO_CHARGE,
    reference: str | None = None,
    parts: Sequence[Part] = (),
    over_cash_limit_reason: str | None = None,
    exchange_rate: Quote | None = None,
) -> Payment:
    """Record a payment from a customer or to a supplier on a day (default today).

    The party is given by its id, its name or both. `amount` is the money. The tax that the payer
    deducted (`tds`) and what the bank or gateway kept of a receipt (`charge`) are added to it, and
    the sum settles the documents of `parts` immediately; the rest of the sum is an advance. The
    reason of the charge confirms a charge or tax above its usual share of the sum.
    `over_cash_limit_reason` confirms cash of the amount that the law forbids, for an actor with the
    permission `payment.over_cash_limit`. `exchange_rate` is the rate of a foreign currency in the
    books, by default the reference rate of the day.

    Raises Forbidden, AmountAboveLimit, TextTooLong, InvalidAmount, CashLimit, ChargeOfPaymentOut,
    DeductionAboveUsual, and the errors of `pricing.party_of`, `find_means`, `check_tds`,
    `read_charge` and `allocate`.
    """
    actor.require_authority("payment.record")
    kind: Literal["customer", "supplier"] = "customer" if direction == "in" else "supplier"
    party = pricing.party_of(actor, kind, party_id, party_name)
    paid = find_means(actor, means, amount.currency)
    payment, why = _read(
        actor, direction, party, amount, on, paid, tds=tds, charge=charge, reference=reference
    )
    return _record(actor, payment, parts, over_cash_limit_reason, exchange_rate, deducted=why)


def _record(
    actor: Actor,
    payment: Payment,
    parts: Sequence[Part],
    over_cash_limit_reason: str | None = None,
    exchange_rate: Quote | None = None,
    *,
    deducted: str | None = None,
) -> Payment:
    """Number, post and store a payment, and settle documents with it.

    `deducted` is the reason that confirmed an unusual deduction.
    """
    actor.require_authority("payment.record")
    direction = cast("Direction", payment.direction)
    documents = lock_documents(direction, [part.document_id for part in parts])
    settlements = check_parts(
        actor, payment, parts, documents, payment.paid_on, left_minor=payment.amount_minor
    )
    alike = [part for part in settlements if not part.is_exchanged]
    series, letter = OPENING_ADVANCES if payment.is_opening else SERIES[direction]
    payment.number = numbering.take_number(series, payment.paid_on, letter=letter)
    why = check_cash_limit(
        actor,
        payment,
        settlements,
        list(documents.values()),
        over_cash_limit_reason,
        is_new=True,
    )
    settled_base_minor = _post(actor, payment, alike, list(documents.values()), exchange_rate)
    db.session.add(payment)
    db.session.flush()
    if alike:
        settle(
            payment,
            new_allocations(payment, alike, payment.paid_on, settled_base_minor),
            payment.entry_id,
        )
    exchange(actor, payment, settlements, payment.paid_on)
    audit.record(
        actor,
        "payment.received" if direction == "in" else "payment.made",
        entity_refs=refs_of(payment, parts),
        outputs=_audit_outputs(payment, parts) | over_limit_output(why),
        private=over_limit_private(why) | reason_kept(deducted),
    )
    return payment


def payment_sides(  # noqa: PLR0913 - each keyword is a field of the document
    actor: Actor,
    *,
    direction: Direction,
    party_name: str,
    amount: Money,
    on: date | None = None,
    means: Means = BY_BANK,
    tds: Tds = NO_TDS,
    charge: Charge = NO_CHARGE,
    parts: Sequence[Part] = (),
) -> list[Side]:
    """Return the journal lines that recording a payment would post now.

    A journal line is a tuple: key or id of the account, 1 for debit or -1 for credit, and amount.
    Raises the errors of `record_payment`.
    """
    party = NamedParty(None, pricing.party(party_name))
    paid = find_means(actor, means, amount.currency)
    payment, _why = _read(actor, direction, party, amount, on, paid, tds=tds, charge=charge)
    settlements = settlements_now(
        actor, payment, parts, payment.paid_on, left_minor=payment.amount_minor
    )
    alike = [part for part in settlements if not part.is_exchanged]
    exchanged = (exchange_sides(payment, part) for part in settlements if part.is_exchanged)
    money = _money_sides(payment, ledger_account(paid), alike)
    return [side for side, _base_minor in money] + [side for sides in exchanged for side in sides]


def record_receipt(  # noqa: PLR0913 - each keyword is a field of the document
    actor: Actor,
    invoice_id: UUID,
    amount: Money | None,
    on: date | None = None,
    *,
    reference: str | None = None,
    means: Means = BY_BANK,
    tds: Tds = NO_TDS,
    charge: Charge = NO_CHARGE,
    over_cash_limit_reason: str | None = None,
) -> Payment:
    """Record a payment of an invoice.

    The invoice is settled for `amount`, the tax that the customer deducted (`tds`), and what the
    bank or gateway kept (`charge`). `amount` defaults to the whole open amount less these two.
    `on`, the payment date, defaults to today.

    Raises InvoiceNotFound, DocumentNotOpen, PaidInOtherMoney, and the errors of `record_payment`.
    """
    actor.require_authority("payment.record")
    invoice = invoice_queries.get_invoice(invoice_id, lock=True)
    return _pay_one(
        actor,
        invoice,
        amount,
        on,
        reference=reference,
        means=means,
        tds=tds,
        charge=charge,
        over_cash_limit_reason=over_cash_limit_reason,
    )


def pay_bill(
    actor: Actor,
    bill_id: UUID,
    amount: Money | None = None,
    on: date | None = None,
    *,
    reference: str | None = None,
    means: Means = BY_BANK,
    tds: Tds = NO_TDS,
) -> Payment:
    """Record a payment of a bill.

    The bill is settled for `amount` and the tax that the agency deducted (`tds`). `amount`
    defaults to the whole open amount less this tax. `on`, the payment date, defaults to today.

    Raises BillNotFound, DocumentNotOpen, PaidInOtherMoney, and the errors of `record_payment`.
    """
    actor.require_authority("payment.record")
    bill = bill_queries.get_bill(bill_id, lock=True)
    return _pay_one(actor, bill, amount, on, reference=reference, means=means, tds=tds)


def refund_payment(
    actor: Actor,
    payment_id: UUID,
    *,
    amount: Money | None = None,
    on: date | None = None,
    means: Means = BY_BANK,
    reference: str | None = None,
) -> Refund:
    """Record a refund of an advance.

    `amount` defaults to the whole unused amount. `on`, the date of the refund, defaults to today.

    Raises Forbidden, PaymentNotFound, MixedCurrencies, InvalidAmount, PaymentReversed, NothingLeft,
    PaymentOverAllocated, CustomerCreditUnused, AmountAboveLimit, InvalidDate, TextTooLong,
    PeriodLocked, and the errors of `find_means`.
    """
    actor.require_authority("payment.record")
    payment = payment_queries.get_payment(payment_id, lock=True)
    amount = Money(payment.unapplied_minor, payment.currency) if amount is None else amount
    day = _refunded_on(actor, payment, amount, on)
    paid = find_means(actor, means, payment.currency)
    refund = Refund(
        id=new_id(),
        payment_id=payment.id,
        number=numbering.take_number(REFUND_SERIES, day, letter=REFUND_LETTER),
        amount_minor=amount.amount_minor,
        refunded_on=day,
        reference=pricing.words(reference, 128),
        created_by_user_id=actor.user_id,
        **asdict(paid),
    )
    refund.base_minor = carried_by_payment(payment, amount.amount_minor)
    refund.entry_id = _post_refund(actor, payment, refund, amount, ledger_account(paid))
    payment.refunded_minor += amount.amount_minor
    payment.base_used_minor += refund.base_minor or 0
    db.session.add(refund)
    db.session.flush()
    advance_taxes.follow(actor, payment, day, refund)
    outputs = {"amount": amount.wire, "currency": amount.currency, "refunded_on": day.isoformat()}
    audit.record(
        actor,
        "payment.refunded",
        entity_refs={"payment_id": payment.id, "journal_entry_id": refund.entry_id},
        outputs=outputs,
    )
    return refund


def refund_sides(
    actor: Actor,
    payment: Payment,
    *,
    amount: Money,
    on: date | None = None,
    means: Means = BY_BANK,
) -> list[Side]:
    """Return the journal lines that a refund would post.

    A journal line is a tuple: key or id of the account, 1 for debit or -1 for credit, and amount.
    Raises the errors of `refund_payment`.
    """
    if months.is_closed(_refunded_on(actor, payment, amount, on)):
        raise PeriodLocked
    paid = find_means(actor, means, payment.currency)
    left, right = _refund_accounts(payment, ledger_account(paid))
    return [(left, 1, amount), (right, -1, amount)]


def _read(  # noqa: PLR0913 - each argument is a field of the document
    actor: Actor,
    direction: Direction,
    party: NamedParty,
    amount: Money,
    on: date | None,
    paid: Means,
    *,
    tds: Tds,
    charge: Charge,
    reference: str | None = None,
) -> tuple[Payment, str | None]:
    """Check the submitted fields and return a Payment that is not yet saved.

    The second result is the reason that confirmed an unusual deduction, or None.

    Raises InvalidAmount, AmountAboveLimit, InvalidDate, TextTooLong, MixedCurrencies,
    TdsWithoutSection, ChargeOfPaymentOut, DeductionAboveUsual, and the errors of `read_charge`.
    """
    check_tds(tds, amount.currency)
    day = day_of(actor, on, months.FIRST_DAY)
    kept = read_charge(charge, amount.currency, day)
    if kept.total and direction == "out":
        raise ChargeOfPaymentOut
    deducted = Money(tds.minor, amount.currency)
    whole = amount.within(1, entries.AMOUNT_MAX_MINOR) + deducted + kept.total
    check_limit(actor, whole.within(1, entries.AMOUNT_MAX_MINOR))
    why = kept.why
    if direction == "in":  # tax deducted from a supplier is owed to the government
        for one, usual in ((kept.total, CHARGE_SHARE), (deducted, TDS_SHARE)):
            why = confirm_share(one, whole, usual, charge.reason) or why
    payment = Payment(
        id=new_id(),
        direction=direction,
        party_id=party.id,
        party_name=party.name,
        currency=amount.currency,
        amount_minor=whole.amount_minor,
        tds_minor=tds.minor,
        tds_section=tds.section,
        tds_certificate=pricing.words(tds.certificate, CERTIFICATE_MAX),
        charge_minor=kept.total.amount_minor,
        charge_tax=kept.taxes_minor,
        allocated_minor=0,
        refunded_minor=0,
        base_used_minor=0,
        paid_on=day,
        reference=pricing.words(reference, 128),
        created_by_user_id=actor.user_id,
        **asdict(paid),
    )
    return payment, why


def _pay_one(  # noqa: PLR0913 - each keyword is a field of the document
    actor: Actor,
    document: Invoice | Bill,
    amount: Money | None,
    on: date | None,
    *,
    reference: str | None,
    means: Means,
    tds: Tds,
    charge: Charge = NO_CHARGE,
    over_cash_limit_reason: str | None = None,
) -> Payment:
    """Record a payment that settles one locked invoice or bill."""
    if document.status not in OPEN:
        raise DocumentNotOpen
    if amount is None:
        beside = Money(tds.minor, document.currency) + entered_total(charge, document.currency)
        amount = Money(document.open_minor, document.currency) - beside
    if amount.currency != document.currency:
        raise PaidInOtherMoney
    payment, why = _read(
        actor,
        "in" if isinstance(document, Invoice) else "out",
        NamedParty(document.party_id, document.party_name),
        amount,
        on,
        find_means(actor, means, amount.currency),
        tds=tds,
        charge=charge,
        reference=reference,
    )
    whole = Money(payment.amount_minor, payment.currency)
    parts = [Part(document.id, whole)]
    return _record(actor, payment, parts, over_cash_limit_reason, deducted=why)


def _refunded_on(actor: Actor, payment: Payment, amount: Money, on: date | None) -> date:
    """Check a refund and return its date.

    Raises PaymentReversed, NothingLeft, MixedCurrencies, InvalidAmount, PaymentOverAllocated,
    CustomerCreditUnused, AmountAboveLimit, InvalidDate.
    """
    check_left(payment)
    if amount.currency != payment.currency:
        raise MixedCurrencies
    if amount.within(1).amount_minor > payment.unapplied_minor:
        raise PaymentOverAllocated
    check_refundable([payment])
    check_limit(actor, amount)
    return day_of(
        actor,
        on,
        max(payment.paid_on, reversal_queries.last_taken_back(payment.id) or payment.paid_on),
    )


def _refund_accounts(payment: Payment, account: UUID | str) -> tuple[UUID | str, UUID | str]:
    """Return the account to debit and the account to credit for a refund."""
    advances = payment.advances_account
    return (advances, account) if payment.direction == "in" else (account, advances)


def _money_sides(
    payment: Payment, account: UUID | str, parts: Sequence[Settlement]
) -> list[tuple[Side, int | None]]:
    """Return the journal lines of a payment, each with its base amount if it has one.

    They are the money, the deducted tax, the charge, the settled documents and the advance.
    `account` holds the money. `parts` settle documents in the payment's currency. The rest is an
    advance. The documents without base amounts have one line, the other documents another one.
    """
    settled = sum(part.amount.amount_minor for part in parts)
    carrying = [
        (part.amount.amount_minor, part.document_base_minor)
        for part in parts
        if part.document_base_minor is not None
    ]
    carrying_minor = sum(minor for minor, _base_minor in carrying)
    sign = 1 if payment.direction == "in" else -1
    documents, advances = CONTROL[payment.direction][0], payment.advances_account
    sides: list[tuple[UUID | str, int, int, int | None]] = [
        (account, sign, payment.money_minor, None),
        (TDS_ACCOUNTS[payment.direction], sign, payment.tds_minor, None),
        *((key, side, amount.amount_minor, None) for key, side, amount in charge_of(payment).sides),
        (documents, -sign, carrying_minor, sum(base_minor for _minor, base_minor in carrying)),
        (documents, -sign, settled - carrying_minor, None),
        (advances, -sign, payment.amount_minor - settled, None),
    ]
    found = [
        ((key, side, Money(minor, payment.currency)), base_minor)
        for key, side, minor, base_minor in sides
        if minor
    ]
    return sorted(found, key=lambda one: -one[0][1])


def _post(
    actor: Actor,
    payment: Payment,
    parts: Sequence[Settlement],
    documents: Sequence[Invoice | Bill],
    exchange_rate: Quote | None = None,
) -> int | None:
    """Post the journal entry of a payment, and set its id and its base amount.

    `parts` settle documents in the payment's currency. They take their base amounts from the
    documents, and a difference to that of the money is an exchange gain or loss. Return the part
    of the payment's base amount that `parts` use, or None if the payment has no base amount.
    """
    name, memo, is_in = payment.party_name, payment.reference, payment.direction == "in"
    kind = "Receipt" if is_in else "Payment"
    references = [number_of(document) for document in documents[:1]]
    account = ledger_account(payment)
    sides = _money_sides(payment, account, parts)
    posted = entries.post(
        actor,
        source_type="payment",
        source_id=payment.id,
        purpose="receipt" if is_in else "payment",
        narration=", ".join(
            filter(
                None,
                (
                    (
                        f"Balance of {kind.casefold()} {memo}"
                        if payment.is_opening
                        else f"{kind} {payment.number}"
                    ),
                    *references,
                    name,
                ),
            )
        ),
        lines=entries.lines_of(
            [side for side, _base_minor in sides],
            memo=memo,
            party_id=payment.party_id,
            party_name=name,
            bases=[money_or_none(base_minor, actor.currency) for _side, base_minor in sides],
        ),
        entry_date=payment.paid_on,
        rates={} if exchange_rate is None else {payment.currency: exchange_rate},
        differences=DIFFERENCES,
    )
    payment.entry_id = posted.entry_id
    of_money = posted.base_minor(account)
    if of_money is None:
        return None
    beside = (TDS_ACCOUNTS[payment.direction], *(key for key, *_ in charge_of(payment).sides))
    advance = posted.base_minor(payment.advances_account) or 0
    payment.base_minor = abs(of_money + sum(posted.base_minor(key) or 0 for key in beside))
    return payment.base_minor - abs(advance)


def _post_refund(
    actor: Actor, payment: Payment, refund: Refund, amount: Money, account: UUID | str
) -> UUID:
    """Post the journal entry of a refund and return its id."""
    accounts = _refund_accounts(payment, account)
    base = money_or_none(refund.base_minor, actor.currency)
    posted = entries.post(
        actor,
        source_type="refund",
        source_id=refund.id,
        purpose="refund",
        narration=f"Refund {refund.number} of {payment.number}, {payment.party_name}",
        lines=entries.lines_of(
            [(key, side, amount) for key, side in zip(accounts, (1, -1), strict=True)],
            memo=refund.reference,
            party_id=payment.party_id,
            party_name=payment.party_name,
            bases=[None if key == account else base for key in accounts],
        ),
        entry_date=refund.refunded_on,
        differences=DIFFERENCES,
    )
    return posted.entry_id


def _audit_outputs(payment: Payment, parts: Sequence[Part]) -> dict[str, audit.Fact]:
    amount = Money(payment.money_minor, payment.currency)
    outputs: dict[str, audit.Fact] = {
        "amount": amount.wire,
        "currency": amount.currency,
        "paid_on": payment.paid_on.isoformat(),
    }
    if payment.tds_section is not None:
        tds = Money(payment.tds_minor, payment.currency)
        outputs |= {"tds_amount": tds.wire, "tds_section": payment.tds_section}
    if payment.charge_minor:
        outputs["charge_amount"] = Money(payment.charge_minor, payment.currency).wire
    return (
        outputs
        if len(parts) == 1
        else outputs
        | {
            "parts": [
                {"document_id": str(part.document_id), "amount": part.amount.wire} for part in parts
            ]
        }
    )
