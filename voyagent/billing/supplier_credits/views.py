"""The pages of credits from suppliers: entering one on a bill with what it will post, and one with
what stands in the books.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.billing import queries, service
from voyagent.billing.core.forms.credits import CREDIT_PLACES
from voyagent.billing.core.forms.reversals import ReverseForm
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import Place, not_now, with_amounts
from voyagent.billing.core.views.previews import (
    looked,
    looks,
    other_year_words,
    reversal_of,
    typed_day,
)
from voyagent.billing.core.views.reversals import Reversed, reverse_step
from voyagent.billing.queries import BillNotFound, SupplierCreditNotFound
from voyagent.billing.supplier_credits.forms import BillCreditForm
from voyagent.billing.supplier_credits.schemas import BillCreditIn
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast, translated
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.money import Money


@pages.page(
    "/supplier-credits/<supplier_credit_id>",
    permission="billing.read",
    missing=SupplierCreditNotFound,
)
def supplier_credit(reader: Reader, supplier_credit_id: UUID) -> Any:
    """One credit of a supplier, and what stands in the books."""
    document = queries.read_supplier_credit(reader, supplier_credit_id)
    currency = document.credit["currency"]
    return render_template(
        "bills/supplier_credit.html",
        credit=document.credit | {"total": Money(document.credit["total_minor"], currency)},
        net=Money(document.credit["total_minor"] - document.credit["tax_minor"], currency),
        taxes=queries.sum_taxes(document.taxes, currency),
        lines=with_amounts(document.lines, currency, "amount"),
        journal=with_amounts(document.journal, currency, "debit", "credit"),
    )


@pages.page(
    "/bills/<bill_id>/credit",
    methods=("GET", "POST"),
    permission="bill.credit",
    direct=True,
    missing=BillNotFound,
    once=True,
)
def credit_bill(actor: Actor, bill_id: UUID) -> Any:
    """Enter a supplier's credit: all that is left of each line, unless something else is typed;
    "Look" shows what it will post.
    """
    bill = queries.get_bill(bill_id)
    if refused := service.credit_refused(bill):
        return not_now(translated(refused.message), Place(bill).url())
    day, left = service.first_day(actor, bill), service.creditable_of_bill(bill)
    form = BillCreditForm.of(
        bill, queries.get_lines(bill), left, day, service.proposed_of_bill(bill)
    )

    def act(body: BillCreditIn) -> Any:
        given = {"vendor_reference": body.vendor_reference, "reason": body.reason}
        return service.credit_bill(
            actor, bill_id, on=body.issue_date, amounts=body.amounts(bill.currency), **given
        )

    def sides(body: BillCreditIn) -> list[tuple[str, int, Money]]:
        return service.bill_credit_sides(
            actor, queries.get_bill(bill_id), body.amounts(bill.currency), body.issue_date
        )

    entered = None if looks() else form.attempt(act, **CREDIT_PLACES)
    if entered is None:
        facts = looked(form, sides) | {"place": Place(queries.get_bill(bill_id)), "rows": form.rows}
        facts["other_year"] = other_year_words(typed_day(form.issue_date))
        return render_template("billing/credit.html", form=form, **facts), (
            200 if looks() else form.status
        )
    toast(_("Supplier credit note %(reference)s entered.", reference=entered.vendor_reference))
    return see_other(url_for("billing.supplier_credit", supplier_credit_id=entered.id))


@pages.page(
    "/supplier-credits/<supplier_credit_id>/reverse",
    methods=("GET", "POST"),
    permission="bill.credit",
    direct=True,
    missing=SupplierCreditNotFound,
)
def reverse_supplier_credit(actor: Actor, supplier_credit_id: UUID) -> Any:
    """Take a supplier's credit that was entered by mistake back: the first step asks why and shows
    what it will post, the second does it.
    """
    credit = queries.get_supplier_credit(supplier_credit_id)
    url = url_for("billing.supplier_credit", supplier_credit_id=supplier_credit_id)
    if credit.reversed_on is not None:
        return not_now(_(service.SupplierCreditReversed.message), url)
    form = ReverseForm(data={"reversed_on": max(today(), credit.issue_date)})

    def act(body: ReverseIn) -> Any:
        return service.reverse_supplier_credit(
            actor, supplier_credit_id, reason=body.reason, on=body.reversed_on
        )

    def look() -> Reversed:
        credit = queries.get_supplier_credit(supplier_credit_id)
        explained = _(
            "Use this for a supplier credit note entered by mistake. Its entry is reversed on"
            " this date, and the amount is due on the bill again. Its number can be entered"
            " again, and reports for earlier dates do not change. This can’t be undone."
        )
        amount, place = (
            Money(credit.total_minor, credit.currency),
            (
                "credit_notes",
                _("Credit notes"),
                url_for("billing.credit_notes", kind="supplier"),
                url,
            ),
        )
        return Reversed(
            credit.vendor_reference,
            credit.party_name,
            amount,
            explained,
            *place,
            reversal_of(credit.entry_id),
        )

    return reverse_step(form, act, look, _("Supplier credit note reversed."), url)
