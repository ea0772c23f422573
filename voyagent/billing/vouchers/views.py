"""Pages of receipt vouchers and refund vouchers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.billing.core.forms.reversals import ReverseForm
from voyagent.billing.core.queries import vouchers as voucher_queries
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import not_now, posted_lines, with_amounts
from voyagent.billing.core.views.previews import is_preview, preview, reversal_of
from voyagent.billing.core.views.reversals import Reversed, reverse_step
from voyagent.billing.core.words.taxes import tax_number_words, with_state
from voyagent.billing.payments.errors import PaymentNotFound
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.vouchers import queries, service
from voyagent.billing.vouchers.errors import (
    NotATaxableAdvance,
    ReceiptVoucherNotFound,
    RefundVoucherNotFound,
    VoucherReversed,
)
from voyagent.billing.vouchers.forms import ISSUED, ReceiptVoucherForm
from voyagent.billing.vouchers.schemas import ReceiptVoucherIn
from voyagent.billing.vouchers.words import (
    place_of_advance,
    service_of_advance,
    taxes_of_advance,
    value_of_advance,
)
from voyagent.http.forms import typed_amount
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.settings import queries as settings


@pages.page(
    "/receipt-vouchers/<receipt_voucher_id>",
    permission="billing.read",
    missing=ReceiptVoucherNotFound,
)
def receipt_voucher(reader: Reader, receipt_voucher_id: UUID) -> Any:
    """Show a receipt voucher with the uses of its advance."""
    document = queries.read_voucher(reader, receipt_voucher_id)
    uses = with_amounts(document.uses, document.voucher["currency"], "amount")
    return _page(
        reader,
        document.voucher,
        document.journal,
        title=_("Receipt voucher"),
        uses=[use | {"tax": _tax_of(use, document.voucher)} for use in uses],
    )


@pages.page(
    "/refund-vouchers/<refund_voucher_id>",
    permission="billing.read",
    missing=RefundVoucherNotFound,
)
def refund_voucher(reader: Reader, refund_voucher_id: UUID) -> Any:
    """Show the refund voucher of a refunded advance."""
    document = queries.read_refund_voucher(reader, refund_voucher_id)
    return _page(reader, document.voucher, document.journal, title=_("Refund voucher"), uses=[])


@pages.page(
    "/receipt-vouchers/uses/<voucher_use_id>",
    permission="billing.read",
    missing=ReceiptVoucherNotFound,
)
def receipt_voucher_of_use(reader: Reader, voucher_use_id: UUID) -> Any:
    """Redirect to the receipt voucher of a use; journal entries link to this URL."""
    found = queries.read_voucher_of_use(reader, voucher_use_id)
    return see_other(url_for("billing.receipt_voucher", receipt_voucher_id=found))


@pages.page(
    "/payments/<payment_id>/voucher",
    methods=("GET", "POST"),
    permission="payment.record",
    direct=True,
    missing=PaymentNotFound,
    once=True,
)
def issue_voucher(actor: Actor, payment_id: UUID) -> Any:
    """Show and submit the form of a receipt voucher; it proposes all that is unused."""
    payment = payment_queries.get_payment(payment_id)
    url, currency = url_for("billing.payment", payment_id=payment_id), payment.currency
    if not service.can_have_voucher(payment):
        return not_now(_(NotATaxableAdvance.message), url)
    if not is_preview() and (given := voucher_queries.find_voucher_of(payment_id)) is not None:
        return see_other(url_for("billing.receipt_voucher", receipt_voucher_id=given.id))
    left = Money(payment.unapplied_minor, currency)
    form = ReceiptVoucherForm(data={"amount": typed_amount(left), "issued_on": payment.paid_on})
    form.offer(service.treatments_on(payment.paid_on))

    def act(body: ReceiptVoucherIn) -> Any:
        return service.issue_voucher(actor, payment_id, body.taxation(currency))

    def sides(body: ReceiptVoucherIn) -> list[tuple[str, int, Money]]:
        return service.voucher_sides(actor, payment_id, body.taxation(currency))

    if is_preview() or (voucher := form.attempt(act, **ISSUED)) is None:
        facts = preview(form, sides) | {
            "payment": payment_queries.get_payment(payment_id),
            "left": left,
        }
        return render_template("vouchers/new.html", form=form, **facts), (
            200 if is_preview() else form.status
        )
    toast(_("Receipt voucher %(number)s issued.", number=voucher.number))
    return see_other(url_for("billing.receipt_voucher", receipt_voucher_id=voucher.id))


@pages.page(
    "/receipt-vouchers/<receipt_voucher_id>/reverse",
    methods=("GET", "POST"),
    permission="payment.reverse",
    direct=True,
    missing=ReceiptVoucherNotFound,
)
def reverse_receipt_voucher(actor: Actor, receipt_voucher_id: UUID) -> Any:
    """Show the postings of reversing a receipt voucher (GET), and reverse it (POST)."""
    voucher = queries.get_voucher(receipt_voucher_id)
    url = url_for("billing.receipt_voucher", receipt_voucher_id=receipt_voucher_id)
    if voucher.reversed_on is not None:
        return not_now(_(VoucherReversed.message), url)
    form = ReverseForm(data={"reversed_on": today()})

    def act(body: ReverseIn) -> Any:
        return service.reverse_voucher(
            actor, receipt_voucher_id, reason=body.reason, on=body.reversed_on
        )

    def look() -> Reversed:
        found = queries.get_voucher(receipt_voucher_id)
        payment = payment_queries.get_payment(found.payment_id)
        return Reversed(
            found.number,
            payment.party_name,
            Money(found.amount_minor, payment.currency),
            _(
                "Use this for a receipt voucher issued by mistake. Its entry is reversed on this"
                " date, and the voucher keeps its number. This can’t be undone."
            ),
            "payments",
            _("Payments"),
            url_for("billing.payments"),
            url,
            reversal_of(found.entry_id),
        )

    return reverse_step(form, act, look, _("Receipt voucher reversed."), url)


def _page(reader: Reader, voucher: Row, journal: list[Row], *, title: str, uses: list[Row]) -> Any:
    """Render a receipt voucher, or a refund voucher, which names its receipt voucher."""
    return render_template(
        "vouchers/voucher.html",
        title=title,
        letterhead=with_state(settings.read(reader) or {}),
        voucher=with_amounts([voucher], voucher["currency"], "amount")[0],
        service=service_of_advance(voucher),
        place_of_supply=place_of_advance(voucher),
        customer_tax_number=tax_number_words(voucher["customer_tax_number"]),
        taxable=value_of_advance(voucher),
        taxes=taxes_of_advance(voucher),
        uses=uses,
        journal=posted_lines(journal),
    )


def _tax_of(use: Row, voucher: Row) -> Money:
    """Return the tax that a use released, or charged again as a negative amount."""
    part = use | {"currency": voucher["currency"]}
    return Money(use["amount_minor"], voucher["currency"]) - value_of_advance(part)
