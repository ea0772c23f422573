"""Pages of credit notes: list, single credit note, issue and reversal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l

from voyagent.billing.core.errors import DocumentNotOpen
from voyagent.billing.core.forms.credits import CreditList
from voyagent.billing.core.models.kinds import BILL, CREDIT_NOTE, INVOICE, DocumentKind
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.core.queries.credits import list_credits
from voyagent.billing.core.service import days
from voyagent.billing.core.service.credits import creditable
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.credits import CreditPages, credit_page, credit_url, reverse_page
from voyagent.billing.core.views.documents import (
    Place,
    journal_of,
    not_now,
    posted_lines,
    with_amounts,
)
from voyagent.billing.core.views.previews import (
    recognition_postings,
)
from voyagent.billing.core.words.taxes import (
    is_under_gst,
    tax_number_words,
    taxable_total,
    with_state,
    with_taxes,
)
from voyagent.billing.credit_notes import (
    queries as credit_note_queries,
    service as credit_note_service,
)
from voyagent.billing.credit_notes.errors import CreditNoteNotFound
from voyagent.billing.credit_notes.forms import CreditForm
from voyagent.billing.invoices.errors import InvoiceNotFound
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.http.pages import translated
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row
from voyagent.kernel.money import Money
from voyagent.kernel.pages import page_or_first
from voyagent.settings import queries as settings
from voyagent.taxes.words import place_of_supply

PAGES = CreditPages(
    kind=CREDIT_NOTE,
    list_url=lambda: url_for("billing.credit_notes"),
    document=invoice_queries.get_invoice,
    series=credit_note_service.CREDIT_SERIES,
    credit=credit_note_queries.get_credit_note,
    reverse=credit_note_service.reverse_credit_note,
    explained=_l(
        "Use this for a credit note issued by mistake. Its entry is reversed on this date,"
        " and the amount that it settled is due on the invoice again. What it credited to the"
        " customer beyond that is taken back. The credit note keeps its number, and"
        " reports for earlier dates do not change. This can’t be undone."
    ),
    entered=lambda number: _("Credit note %(number)s issued.", number=number),
    reversed=_l("Credit note reversed."),
)


@pages.page("/credit-notes", permission="billing.read")
def credit_notes(reader: Reader) -> Any:
    """Show the list of credit notes to customers or from suppliers, newest first."""
    query = CreditList.read(request.args)
    kind = BILL if query.kind else INVOICE
    found, invalid_names = page_or_first(
        lambda cursor: list_credits(reader, kind, query.search(), cursor=cursor), query.place
    )
    invalid = query.invalid_labels(*invalid_names)
    rows = [_shown(row, kind) for row in found.items]
    return render_template(
        "billing/credit_notes.html",
        asked=query,
        rows=rows,
        invalid=invalid,
        older=found.next_cursor,
    ), (422 if invalid else 200)


@pages.page("/credit-notes/<credit_note_id>", permission="billing.read", missing=CreditNoteNotFound)
def credit_note(reader: Reader, credit_note_id: UUID) -> Any:
    """Show a credit note with its journal entries."""
    document = credit_note_queries.read_credit_note(reader, credit_note_id)
    note, currency = document.credit, document.credit["currency"]
    lines = with_taxes(document.lines, document.taxes, currency)
    return render_template(
        "billing/credit_note.html",
        letterhead=with_state(settings.read(reader) or {}),
        note=with_amounts([note], currency, "total", "round_off", "excess")[0],
        customer_tax_number=tax_number_words(note["customer_tax_number"]),
        place_of_supply=place_of_supply(note["place_of_supply"]),
        lines=with_amounts(lines, currency, "amount"),
        taxable=taxable_total(lines, currency),
        is_signed=is_under_gst((), document.taxes),
        taxes=tax_queries.sum_taxes(document.taxes, currency),
        journal=posted_lines(document.journal),
        recognitions=journal_of(document.recognitions),
    )


@pages.page(
    "/invoices/<invoice_id>/credit",
    methods=("GET", "POST"),
    permission="invoice.credit",
    direct=True,
    missing=InvoiceNotFound,
    once=True,
)
def credit(actor: Actor, invoice_id: UUID) -> Any:
    """Show and submit the form to credit an invoice.

    The form can preview the postings.
    """
    invoice = invoice_queries.get_invoice(invoice_id)
    if not credit_note_service.can_be_credited(invoice):
        return not_now(translated(DocumentNotOpen.message), Place(invoice).url())
    day, left = days.default_day(actor, invoice), creditable(invoice)
    form = CreditForm.of(
        invoice,
        document_queries.get_lines(invoice),
        left,
        day,
        credit_note_service.proposed(invoice, day),
    )

    def act(body: Any) -> Any:
        return credit_note_service.issue_credit_note(
            actor,
            invoice_id,
            reason=body.reason,
            on=body.issue_date,
            amounts=body.amounts(invoice.currency),
            out_of_order_reason=body.out_of_order_reason,
        )

    def sides(body: Any) -> list[tuple[str, int, Money]]:
        credit = credit_note_service.credit_now(
            actor,
            invoice_queries.get_invoice(invoice_id),
            body.amounts(invoice.currency),
            body.issue_date,
        )[0]
        recognitions.extend(recognition_postings(credit.recognitions))
        return credit.sides

    recognitions: list[dict[str, Any]] = []
    return credit_page(PAGES, form, act, sides, recognitions)


@pages.page(
    "/credit-notes/<credit_note_id>/reverse",
    methods=("GET", "POST"),
    permission="invoice.credit",
    direct=True,
    missing=CreditNoteNotFound,
)
def reverse_credit_note(actor: Actor, credit_note_id: UUID) -> Any:
    """Show the postings of reversing a credit note (GET), and reverse it (POST)."""
    return reverse_page(PAGES, actor, credit_note_id)


def _shown(row: Row, kind: DocumentKind) -> Row:
    return row | {
        "number": row[kind.credit.number],
        "url": credit_url(kind.credit, row["id"]),
        "on": row[kind.credit.document_number],
        "on_url": url_for(f"billing.{kind.name}", **{kind.key: row[kind.key]}),
        "total": Money(row["total_minor"], row["currency"]),
    }
