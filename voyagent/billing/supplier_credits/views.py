"""Pages of supplier credits: single credit, entry on a bill, and reversal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _, lazy_gettext as _l

from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.core.errors import SupplierCreditExceedsOpen
from voyagent.billing.core.models.kinds import SUPPLIER_CREDIT
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.core.service import days
from voyagent.billing.core.service.credits import creditable
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.credits import CreditPages, credit_page, reverse_page
from voyagent.billing.core.views.documents import (
    Place,
    journal_of,
    not_now,
    posted_lines,
    with_amounts,
)
from voyagent.billing.core.views.previews import recognition_postings
from voyagent.billing.supplier_credits import (
    queries as supplier_credit_queries,
    service as supplier_credit_service,
)
from voyagent.billing.supplier_credits.errors import SupplierCreditNotFound
from voyagent.billing.supplier_credits.forms import BillCreditForm
from voyagent.billing.supplier_credits.schemas import BillCreditIn
from voyagent.http.pages import translated
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader
from voyagent.kernel.money import Money

PAGES = CreditPages(
    kind=SUPPLIER_CREDIT,
    list_url=lambda: url_for("billing.credit_notes", kind="supplier"),
    document=bill_queries.get_bill,
    series=None,
    credit=supplier_credit_queries.get_supplier_credit,
    reverse=supplier_credit_service.reverse_supplier_credit,
    explained=_l(
        "Use this for a supplier credit note entered by mistake. Its entry is reversed on"
        " this date, and the amount is due on the bill again. Its number can be entered"
        " again, and reports for earlier dates do not change. This can’t be undone."
    ),
    entered=lambda reference: _("Supplier credit note %(reference)s entered.", reference=reference),
    reversed=_l("Supplier credit note reversed."),
)


@pages.page(
    "/supplier-credits/<supplier_credit_id>",
    permission="billing.read",
    missing=SupplierCreditNotFound,
)
def supplier_credit(reader: Reader, supplier_credit_id: UUID) -> Any:
    """Show a supplier credit with its journal entries."""
    document = supplier_credit_queries.read_supplier_credit(reader, supplier_credit_id)
    currency = document.credit["currency"]
    return render_template(
        "bills/supplier_credit.html",
        credit=document.credit | {"total": Money(document.credit["total_minor"], currency)},
        net=Money(document.credit["total_minor"] - document.credit["tax_minor"], currency),
        taxes=tax_queries.sum_taxes(document.taxes, currency),
        lines=with_amounts(document.lines, currency, "amount"),
        journal=posted_lines(document.journal),
        recognitions=journal_of(document.recognitions),
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
    """Credit a bill; the form proposes the amounts and can preview the postings."""
    bill = bill_queries.get_bill(bill_id)
    if refused := supplier_credit_service.credit_refused(bill):
        return not_now(translated(refused.message), Place(bill).url())
    day, left = days.default_day(actor, bill), creditable(bill)
    form = BillCreditForm.of(
        bill,
        document_queries.get_lines(bill),
        left,
        day,
        supplier_credit_service.proposed(bill),
    )

    def act(body: BillCreditIn) -> Any:
        return supplier_credit_service.credit_bill(
            actor,
            bill_id,
            vendor_reference=body.vendor_reference,
            reason=body.reason,
            on=body.issue_date,
            amounts=body.amounts(bill.currency),
            further_credit_reason=body.further_credit_reason,
        )

    def sides(body: BillCreditIn) -> list[tuple[str, int, Money]]:
        credit, _day = supplier_credit_service.credit_now(
            actor, bill_queries.get_bill(bill_id), body.amounts(bill.currency), body.issue_date
        )
        if credit.excess:
            raise SupplierCreditExceedsOpen
        recognitions.extend(recognition_postings(credit.recognitions))
        return credit.sides

    recognitions: list[dict[str, Any]] = []
    return credit_page(PAGES, form, act, sides, recognitions)


@pages.page(
    "/supplier-credits/<supplier_credit_id>/reverse",
    methods=("GET", "POST"),
    permission="bill.credit",
    direct=True,
    missing=SupplierCreditNotFound,
)
def reverse_supplier_credit(actor: Actor, supplier_credit_id: UUID) -> Any:
    """Show the postings of reversing a supplier credit (GET), and reverse it (POST)."""
    return reverse_page(PAGES, actor, supplier_credit_id)
