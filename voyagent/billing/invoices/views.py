"""Pages of invoices: list, single invoice, drafts and voiding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import make_response, render_template, request, url_for
from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.core.forms.drafts import DRAFT_ERROR_FIELDS
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.core.rules import quantity_words
from voyagent.billing.core.schemas.documents import VoidIn
from voyagent.billing.core.schemas.lines import PAGE_SIZE
from voyagent.billing.core.service import days, taxing
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import (
    Place,
    discard_step,
    draft_page,
    journal_of,
    listed,
    not_now,
    posted_lines,
    settling,
    shown,
    turned_back,
    void_step,
    with_amounts,
)
from voyagent.billing.core.views.previews import (
    continues_editing,
    recognition_postings,
)
from voyagent.billing.core.words.taxes import (
    draft_title,
    is_under_gst,
    line_notes,
    required_sentences,
    supply_words,
    tax_number_words,
    taxable_total,
    title_of_invoice,
    with_state,
    with_taxes,
)
from voyagent.billing.invoices.errors import InvoiceNotFound, NotDebitable, NothingToSplit
from voyagent.billing.invoices.forms.debit_notes import DEBIT_ERROR_FIELDS, DebitNoteForm
from voyagent.billing.invoices.forms.drafts import COLLECT, SOLD_AS, InvoiceForm
from voyagent.billing.invoices.forms.listing import InvoiceList
from voyagent.billing.invoices.queries import (
    board as invoice_board,
    documents as invoice_queries,
)
from voyagent.billing.invoices.queries.documents import InvoiceDocument
from voyagent.billing.invoices.queries.listing import invoices_listing
from voyagent.billing.invoices.schemas.documents import InvoiceDraftIn
from voyagent.billing.invoices.service import (
    debit_notes,
    drafts as invoice_drafts,
    from_trips,
    issuing,
    splitting,
)
from voyagent.billing.treatments import queries as treatments
from voyagent.enquiries.queries import enquiries
from voyagent.enquiries.queries.enquiries import EnquiryNotFound
from voyagent.http.files import list_file
from voyagent.http.forms import opened_state
from voyagent.http.htmx import is_htmx, see_other
from voyagent.http.pages import toast, translated
from voyagent.http.template_filters import page_locale, today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.kernel.spelling import in_words
from voyagent.parties import queries as parties
from voyagent.settings import queries as settings
from voyagent.taxes.rules.numbers import country_of
from voyagent.taxes.words import TREATMENTS, place_of_supply
from voyagent.trips.queries import trips


@pages.page("/invoices", permission="billing.read")
def invoices(reader: RequestReader) -> Any:
    """Show the list of invoices; a search by HTMX gets only the changed fragment."""
    query = InvoiceList.read(request.args)
    if query.status == "overdue":
        reader.authenticate()  # the agency's time zone determines today
    search = query.search(today())
    if (
        "format" in request.args
        and not query.invalid
        and (file := list_file(invoices_listing(search), reader.authenticate().tenant_id))
    ):
        return file
    board = invoice_board.read_list_page(reader, search, limit=PAGE_SIZE, offset=query.offset)
    facts = {
        "asked": query,
        "board": board,
        "rows": [listed(row, search) for row in board.page.items],
        "numbers": board.numbers(today()),
    }
    facts |= {"trip_title": trips.read_title(reader, query.trip)}
    if not is_htmx():
        return render_template("billing/list.html", **facts), 422 if query.invalid else 200
    answer = make_response(render_template("billing/_list.html", swap_oob=True, **facts))
    answer.headers["HX-Push-Url"] = query.address(page=query.page)
    return answer


@pages.page("/invoices/<invoice_id>", permission="billing.read", missing=InvoiceNotFound)
def invoice(reader: Reader, invoice_id: UUID) -> Any:
    """Show an invoice with its payments and its journal entries."""
    document = invoice_queries.read_document(reader, invoice_id)
    currency = document.invoice["currency"]
    lines = with_taxes(document.lines, document.taxes, currency)
    letterhead = banking.read_letterhead(reader, currency)
    return render_template(
        "billing/invoice.html",
        invoice=shown(document.invoice),
        lines=with_amounts(
            [
                line | {"notes": line_notes(line), "quantity_words": quantity_words(line)}
                for line in lines
            ],
            currency,
            "unit_price",
            "discount",
            "amount",
            "commission",
        ),
        letterhead=with_state(letterhead),
        sheet_title=(
            draft_title(document.invoice)
            if document.invoice["status"] == "draft"
            else title_of_invoice(document.invoice, document.lines, document.taxes)
        ),
        debit_notes=with_amounts(document.debit_notes, currency, "total"),
        customer_tax_number=tax_number_words(document.invoice["customer_tax_number"]),
        shows_tax=any(line["tax_words"] for line in lines),
        taxable=taxable_total(lines, currency),
        is_signed=is_under_gst(document.lines, document.taxes),
        in_words=in_words(Money(document.invoice["total_minor"], currency), page_locale()),
        taxes=tax_queries.sum_taxes(document.taxes, currency),
        waits=taxing.is_waiting(*document.taxed_lines),
        is_to_split=len(document.supplies) > 1,
        unconfirmed=_unconfirmed(reader, document, letterhead.get("tax_number")),
        required_sentences=required_sentences(document.lines, document.taxes),
        place_of_supply=place_of_supply(document.invoice["place_of_supply"]),
        payments=settling(document.payments, currency),
        credit_notes=with_amounts(document.credit_notes, currency, "amount"),
        cancellations=document.cancellations,
        write_offs=with_amounts(document.write_offs, currency, "amount"),
        asked=document.write_off_requests[0] if document.write_off_requests else None,
        held_cheques=with_amounts(document.held_cheques, currency, "amount"),
        journal=posted_lines(document.journal),
        recognitions=journal_of(document.recognitions),
        revenue=invoice_queries.revenue_by_month(reader, document),
    )


@pages.page(
    "/invoices/new",
    methods=("GET", "POST"),
    permission="invoice.draft",
    missing=EnquiryNotFound,
    once=True,
)
def new(actor: Actor) -> Any:
    """Show and submit the form of a new draft.

    The URL may name the enquiry, the trip or the customer of the draft. With a trip, the form has
    its services that are not invoiced yet.
    """
    begun = _begun()
    left_out = begun.pop("left_out", [])
    form = InvoiceForm(actor.currency, taxing.home(), data=begun)
    drawn = (
        None
        if continues_editing()
        else form.attempt(
            lambda body: invoice_drafts.draft_invoice(actor, **body.fields()), **DRAFT_ERROR_FIELDS
        )
    )
    if drawn is None:
        return _form_page(form, None, left_out=left_out)
    toast(_("Draft for %(name)s saved.", name=drawn.party_name))
    return see_other(url_for("billing.invoice", invoice_id=drawn.id))


@pages.page(
    "/invoices/<invoice_id>/edit",
    methods=("GET", "POST"),
    permission="invoice.draft",
    missing=InvoiceNotFound,
)
def edit(actor: Actor, invoice_id: UUID) -> Any:
    """Show and submit the form to change a draft."""
    draft = invoice_queries.get_invoice(invoice_id)
    if back := turned_back(draft, may=draft.status == "draft" and draft.debits_id is None):
        return back
    form = InvoiceForm.of(draft, document_queries.get_lines(draft), taxing.home(), actor.currency)

    def act(body: InvoiceDraftIn) -> Any:
        changes: Any = {**body.fields(), "currency": body.currency}
        del changes["enquiry_id"]
        return invoice_drafts.revise_draft(
            actor, invoice_id, changes, seen=opened_state(form.seen.data)
        )

    if continues_editing() or form.attempt(act, **DRAFT_ERROR_FIELDS) is None:
        return _form_page(form, invoice_queries.get_invoice(invoice_id))
    toast(_("Saved."))
    return see_other(url_for("billing.invoice", invoice_id=invoice_id))


@pages.page(
    "/invoices/<invoice_id>/discard",
    methods=("GET", "POST"),
    permission="invoice.draft",
    missing=InvoiceNotFound,
)
def discard(actor: Actor, invoice_id: UUID) -> Any:
    """Confirm (GET) and perform (POST) the deletion of a draft."""
    return discard_step(
        invoice_queries.get_invoice(invoice_id),
        lambda: invoice_drafts.discard_draft(actor, invoice_id),
    )


@pages.page(
    "/invoices/<invoice_id>/split",
    methods=("GET", "POST"),
    permission="invoice.draft",
    missing=InvoiceNotFound,
)
def split(actor: Actor, invoice_id: UUID) -> Any:
    """Show the invoices into which a draft would be split (GET), and split it (POST)."""
    draft = invoice_queries.get_invoice(invoice_id)
    if back := turned_back(draft, may=draft.status == "draft"):
        return back
    lines = document_queries.get_lines(draft)
    parts = [
        (supply_words(supply), [line.description for line in group])
        for supply, group in splitting.by_supply(draft, lines)
    ]
    if len(parts) < 2:
        return not_now(translated(NothingToSplit.message), Place(draft).url())
    if request.method == "GET":
        return render_template("billing/split.html", place=Place(draft), parts=parts)
    found = splitting.split_draft(actor, invoice_id, seen=opened_state(request.form.get("seen")))
    toast(_("Split into %(count)s drafts.", count=len(found)))
    return see_other(url_for("billing.invoice", invoice_id=invoice_id))


@pages.page(
    "/invoices/<invoice_id>/debit",
    methods=("GET", "POST"),
    permission="invoice.draft",
    missing=InvoiceNotFound,
    once=True,
)
def debit(actor: Actor, invoice_id: UUID) -> Any:
    """Show and submit the form that drafts a debit note for an invoice."""
    invoice = invoice_queries.get_invoice(invoice_id)
    if not debit_notes.is_debitable(invoice):
        return not_now(translated(NotDebitable.message), Place(invoice).url())
    lines = document_queries.get_lines(invoice)
    form = DebitNoteForm.of(invoice, lines, days.default_day(actor, invoice))
    drawn = form.attempt(
        lambda body: debit_notes.draft_debit_note(
            actor,
            invoice_id,
            reason=body.reason,
            amounts=body.amounts(invoice.currency),
            on=body.issue_date,
            due_date=body.due_date,
        ),
        **DEBIT_ERROR_FIELDS,
    )
    if drawn is None:
        place = Place(invoice_queries.get_invoice(invoice_id))
        return render_template("billing/debit.html", form=form, place=place), form.status
    toast(_("Draft of the debit note saved."))
    return see_other(url_for("billing.invoice", invoice_id=drawn.id))


@pages.page(
    "/invoices/<invoice_id>/void",
    methods=("GET", "POST"),
    permission="invoice.void",
    direct=True,
    missing=InvoiceNotFound,
)
def void(actor: Actor, invoice_id: UUID) -> Any:
    """Show the postings of voiding an issued invoice (GET), and void it (POST)."""

    def act(body: VoidIn) -> Any:
        return issuing.void_invoice(actor, invoice_id, reason=body.reason, on=body.voided_on)

    return void_step(
        actor, lambda: invoice_queries.get_invoice(invoice_id), act, _("Invoice voided.")
    )


def _unconfirmed(reader: Reader, document: InvoiceDocument, tax_number: str | None) -> list[Any]:
    """Return the labels of a draft's tax treatments that nobody has confirmed."""
    if document.invoice["status"] != "draft":
        return []
    codes = treatments.unconfirmed(
        reader, country_of(tax_number), (line["tax"] for line in document.lines)
    )
    return [TREATMENTS[code] for code in codes]


def _begun() -> dict[str, Any]:
    """Return the initial values of a draft, some of them from the URL.

    Raises EnquiryNotFound, TripNotFound.
    """
    begun: dict[str, Any] = {
        "issue_date": today(),
        "customer_name": request.args.get("customer_name", "")[:255],
        "party_id": parse_id(request.args.get("party_id", "")),
    }
    enquiry_id = parse_id(request.args.get("enquiry_id", ""))
    if (trip_id := parse_id(request.args.get("trip", ""))) is not None:
        sale = from_trips.find_sale(trip_id)
        begun |= {"trip_id": trip_id, "line_items": [_row_of(item) for item in sale.items]}
        begun |= {"currency": sale.items[0]["currency"]} if sale.items else {}
        enquiry_id = enquiry_id or sale.enquiry_id
        begun |= {"left_out": sale.left_out}
    if enquiry_id is None:
        return begun
    return begun | {
        "enquiry_id": enquiry_id,
        "customer_name": enquiries.get_enquiry(enquiry_id).customer_name,
    }


def _row_of(item: LineItem) -> dict[str, str]:
    """Return a service of a trip as the inputs of a line."""
    return {
        "description": item["description"],
        "quantity": str(item["quantity"]),
        "unit": item.get("unit") or "",
        "unit_price": str(item["unit_price"]),
        "discount": str(item.get("discount") or ""),
        "service_date": str(item.get("service_date") or ""),
        "service_to": str(item.get("service_to") or ""),
        "trip_line_id": str(item.get("trip_line_id") or ""),
    }


def _form_page(form: InvoiceForm, draft: Invoice | None, *, left_out: Sequence[str] = ()) -> Any:
    form.offer_details()
    come_to = form.sketch()
    sides = come_to.sides if come_to else [("receivable", 1, None), ("revenue_services", -1, None)]
    recognitions = recognition_postings(come_to.recognitions if come_to else [])
    choices = {
        "treatments": form.treatments,
        "service_codes": form.service_codes,
        "sold_as": SOLD_AS,
        "collect": COLLECT,
    }
    facts = choices | {
        "waits": come_to and come_to.is_waiting,
        "recognitions": recognitions,
        "is_rounded": settings.get_settings().round_invoices,
    }
    facts |= {"left_out": left_out}
    return draft_page(form, draft, sides, known_names=parties.known_names("customer"), **facts)
