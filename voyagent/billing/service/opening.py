"""What was open before the books began: invoices, bills and payments brought forward with what is
left of them, against the account for that.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.exc import IntegrityError

from voyagent.billing.models import OPENING_ACCOUNT, Bill, Invoice, Payment
from voyagent.billing.service import bills, drafts, exchange, invoices, payments
from voyagent.billing.service.allocations import Direction
from voyagent.billing.service.errors import (
    FormerNumberRequired,
    FormerNumberTaken,
    FormerPaymentTaken,
)
from voyagent.billing.service.pricing import LineItem
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.kernel.rates import Quote
from voyagent.ledger import service as ledger


def import_open_invoice(
    actor: Actor,
    *,
    party_name: str,
    reference: str,
    issue_date: date,
    due_date: date | None,
    amount: Money,
    exchange_rate: Quote | None = None,
) -> Invoice:
    """Bring an invoice of the program before forward, with what is still open of it.

    It is issued at once, on the day on which it was.

    Its former number is its reference, once in the agency; its own comes from a series apart
    (`O/2026-27/000001`), so that none is missing among those that were issued here (Rule 46 of the
    CGST Rules). Nothing is sold by it, so it bears no tax and stands against no revenue. Where it
    is in another currency than the books, `exchange_rate` is that at which it was booked. Raises
    Forbidden, FormerNumberRequired, FormerNumberTaken, and what `draft_invoice` and `issue_invoice`
    raise.
    """
    actor.require_authority("invoice.issue")
    former = _former(reference)
    ledger.opening_account(actor)
    items = [_line(f"Balance of invoice {former}", amount)]
    try:
        invoice = drafts.create_draft(
            actor,
            Invoice,
            party_name=party_name,
            issue_date=issue_date,
            due_date=due_date,
            line_items=items,
            party_reference=former,
            notes=None,
            is_opening=True,
            **exchange.booked_columns(actor, exchange_rate, items),
        )
    except IntegrityError as error:
        if "uq_invoices_opening" in str(error.orig):
            raise FormerNumberTaken from None
        raise
    return invoices.issue_invoice(actor, invoice.id)


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
    """Bring a supplier's bill forward with what is still open of it: received at once, on the day
    on which it was, against no cost.

    Raises Forbidden, and what `receive_bill` raises.
    """
    actor.require_authority("bill.receive")
    ledger.opening_account(actor)
    items = [_line(f"Balance of bill {reference.strip()}"[:500], amount)]
    fields = bills.BillFields(
        vendor_name=party_name,
        vendor_reference=reference,
        issue_date=issue_date,
        due_date=due_date,
        line_items=items,
        exchange_rate=exchange_rate,
    )
    return bills.receive_bill(actor, is_opening=True, **fields)


def import_advance(
    actor: Actor,
    *,
    direction: Direction,
    party_name: str,
    reference: str,
    paid_on: date,
    amount: Money,
) -> Payment:
    """Bring what a customer had paid ahead forward, or what a supplier was paid (`out`), with what
    is left of it: on the day on which it came or went.

    Its former number is its reference, once in the agency and direction; its own comes from a
    series apart (`A/2026-27/000001`). It moves no bank or cash of now. It settles documents and is
    given back like any other. Raises Forbidden, FormerNumberRequired, FormerPaymentTaken, and what
    `record_payment` raises.
    """
    actor.require_authority("payment.record")
    former = _former(reference)
    ledger.opening_account(actor)
    try:
        return payments.record_payment(
            actor,
            direction=direction,
            party_name=party_name,
            amount=amount,
            on=paid_on,
            account=OPENING_ACCOUNT,
            reference=former,
        )
    except IntegrityError as error:
        if "uq_payments_opening" in str(error.orig):
            raise FormerPaymentTaken from None
        raise


def _former(reference: str) -> str:
    former = " ".join(reference.split())
    if not 1 <= len(former) <= 128:
        raise FormerNumberRequired
    return former


def _line(description: str, amount: Money) -> LineItem:
    return LineItem(
        description=description, quantity=1, unit_price=amount.decimal, currency=amount.currency
    )
