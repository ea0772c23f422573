"""Import of open invoices, bills and advances from before, against opening balances."""

from __future__ import annotations

from datetime import date

from sqlalchemy.exc import IntegrityError

from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.payments import OPENING_ACCOUNT, Payment
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
    """Import an open invoice of the earlier program with its open amount.

    It is issued on its original day. Its former number is its reference, unique in the agency; its
    own number has a series apart (`O/2026-27/000001`), so that no number is missing (Rule 46 of the
    CGST Rules). It has no tax and no revenue. For a foreign currency `exchange_rate` is the booked
    rate.

    Raises Forbidden, FormerNumberRequired, FormerNumberTaken, and the errors of `draft_invoice` and
    `issue_invoice`.
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
    """Import an open bill with its open amount, received on its original day, without cost.

    Raises Forbidden, and the errors of `receive_bill`.
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
    """Import an unused advance of a customer, or to a supplier (`out`), on its original day.

    Its former number is its reference, unique by direction; its own number has a series apart
    (`A/2026-27/000001`). Bank and cash are unchanged. It is allocated and refunded like any other.

    Raises Forbidden, FormerNumberRequired, FormerPaymentTaken, and the errors of `record_payment`.
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
