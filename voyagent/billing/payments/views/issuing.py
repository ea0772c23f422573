"""Page that issues an invoice, which may use advances."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request
from flask_babel import gettext as _

from voyagent.billing.core.errors import DraftChanged, TextTooLong
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.service import numbering, order
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import (
    post_step,
    to_be_booked,
    typed_reason,
    with_amounts,
)
from voyagent.billing.core.views.previews import (
    other_year_words,
    postings_of,
    recognition_postings,
)
from voyagent.billing.invoices.errors import (
    CreditLimitExceeded,
    InvoiceNotFound,
    NotDebitable,
    PartyOnHold,
)
from voyagent.billing.invoices.queries import credit, documents as invoice_queries
from voyagent.billing.invoices.service import credit_limits, issuing
from voyagent.billing.payments.errors import CashLimit, NothingLeft, PaymentReversed
from voyagent.billing.payments.queries import documents as payment_queries
from voyagent.billing.payments.service import at_issue
from voyagent.billing.treatments import queries as treatments
from voyagent.billing.treatments.errors import TreatmentUnconfirmed
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.settings import queries as settings
from voyagent.taxes.rules.numbers import country_of
from voyagent.taxes.words import TREATMENTS


@pages.page(
    "/invoices/<invoice_id>/issue",
    methods=("GET", "POST"),
    permission="invoice.issue",
    direct=True,
    missing=InvoiceNotFound,
)
def issue(actor: Actor, invoice_id: UUID) -> Any:
    """Show the postings of issuing a draft (GET), and issue it (POST).

    The form offers the advances that its customer has paid until the issue date.
    """
    typed, over_limit = typed_reason("out_of_order_reason"), typed_reason("over_limit_reason")
    ticked = [one for text in request.form.getlist("advance") if (one := parse_id(text))]

    def page(draft: Invoice, problem: str = "") -> str:
        advances = (
            payment_queries.list_advances(SessionReader(db.session), draft)
            if actor.can("payment.record_direct")
            else []
        )
        chosen, reader = settings.get_settings(), SessionReader(db.session)
        taxed = [line.tax for line in document_queries.get_lines(draft)]
        codes = treatments.unconfirmed(reader, country_of(chosen.tax_number), taxed)
        series, letter = numbering.series_of(taxed, is_debit_note=draft.debits_id is not None)
        return render_template(
            "billing/issue.html",
            invoice=draft,
            total=Money(draft.total_minor, draft.currency),
            number=numbering.next_number(series, draft.issue_date, letter=letter),
            postings=postings_of(issuing.issue_sides(draft)),
            recognitions=recognition_postings(issuing.recognitions_of(draft)),
            stop=credit_limits.find_stop(draft, credit.find_terms(draft.id)),
            other_year=other_year_words(draft.issue_date, series),
            later=order.last_after(Invoice, draft.issue_date, letter=letter),
            advances=with_amounts(advances, draft.currency, "unapplied"),
            ticked=ticked,
            unconfirmed=[TREATMENTS[code] for code in codes],
            must_be_confirmed=chosen.confirm_treatments,
            problem=problem,
            typed=typed,
            typed_over_limit=over_limit,
            **to_be_booked(draft, actor.currency),
        )

    return post_step(
        lambda: invoice_queries.get_invoice(invoice_id),
        lambda seen: at_issue.issue_with_advances(
            actor,
            invoice_id,
            advance_ids=ticked,
            seen=seen,
            over_limit_reason=over_limit,
            out_of_order_reason=typed,
        ),
        page,
        lambda number: _("Invoice %(number)s issued.", number=number),
        again=(
            *(DraftChanged, CreditLimitExceeded, PartyOnHold, TextTooLong, TreatmentUnconfirmed),
            NotDebitable,
            *(CashLimit, NothingLeft, PaymentReversed),
        ),
    )
