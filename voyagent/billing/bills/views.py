"""Pages of bills: list, single bill, drafts, receipt, payment date and voiding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.billing.bills import queries as bill_queries, service as bill_service
from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.bills.forms import (
    BOUGHT_AS,
    FROM_EXPECTED_ERROR_FIELDS,
    INPUT_CREDIT,
    MATCH_ERROR_FIELDS,
    SCHEDULE_ERROR_FIELDS,
    BillForm,
    BillList,
    ExpectedBillList,
    FromExpectedForm,
    MatchForm,
    RematchForm,
    ScheduleForm,
)
from voyagent.billing.bills.queries import bills_listing, costs_by_month
from voyagent.billing.bills.schemas import BillDraftIn
from voyagent.billing.bills.service import BillChanges
from voyagent.billing.core.errors import ExpectedBillNotFound
from voyagent.billing.core.forms.drafts import DRAFT_ERROR_FIELDS
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.parts import OPEN_BILL
from voyagent.billing.core.queries import documents as document_queries, taxes as tax_queries
from voyagent.billing.core.rules import quantity_words, taxes_by_line
from voyagent.billing.core.schemas.documents import VoidIn
from voyagent.billing.core.service import accruals, input_taxes, matching, taxing
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import (
    Place,
    discard_step,
    draft_page,
    journal_of,
    listed,
    post_step,
    posted_lines,
    settling,
    shown,
    to_be_booked,
    turned_back,
    typed_reason,
    void_step,
    with_amounts,
)
from voyagent.billing.core.views.previews import (
    continues_editing,
    other_year_words,
    postings_of,
    recognition_postings,
)
from voyagent.billing.core.words.taxes import service_note, tax_note
from voyagent.http.errors import sentence_of
from voyagent.http.files import list_file
from voyagent.http.forms import opened_state
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import day, today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.kernel.pages import page_or_first
from voyagent.parties import queries as parties
from voyagent.taxes.words import component
from voyagent.trips.queries import expected_bills as expected, trips
from voyagent.trips.words import LINE_WORDS, country_name

_ERROR_FIELDS = DRAFT_ERROR_FIELDS | {"customer_name_required": "vendor_name"}


@pages.page("/bills", permission="billing.read")
def bills(reader: RequestReader) -> Any:
    """Show the list of bills, newest issue date first."""
    query = BillList.read(request.args)
    if query.status == "overdue":
        reader.authenticate()  # the agency's time zone determines today
    search = query.search(today())
    if (
        "format" in request.args
        and not query.invalid
        and (file := list_file(bills_listing(search), reader.authenticate().tenant_id))
    ):
        return file
    found, invalid = page_or_first(
        lambda cursor: bill_queries.list_bills(reader, search, cursor=cursor), query.place
    )
    facts = {
        "asked": query,
        "rows": [listed(row, search) for row in found.items],
        "invalid": query.invalid_labels(*invalid),
    }
    facts |= {"trip_title": trips.read_title(reader, query.trip)}
    return render_template("bills/list.html", older=found.next_cursor, **facts), (
        422 if facts["invalid"] else 200
    )


@pages.page("/bills/<bill_id>", permission="billing.read", missing=BillNotFound)
def bill(reader: Reader, bill_id: UUID) -> Any:
    """Show a bill with its payments and its journal entries."""
    document = bill_queries.read_bill(reader, bill_id)
    currency, taxes = document.bill["currency"], taxes_by_line(document.taxes)
    return render_template(
        "bills/bill.html",
        bill=shown(document.bill),
        lines=[
            line
            | {
                "tax_note": tax_note(line, taxes[line["line_no"]], currency),
                "quantity_words": quantity_words(line),
                "notes": service_note(line),
            }
            for line in with_amounts(document.lines, currency, "unit_price", "discount", "amount")
        ],
        taxes=tax_queries.sum_taxes(document.taxes, currency),
        payments=settling(document.payments, currency),
        credit_notes=with_amounts(
            [row | {"number": row["vendor_reference"]} for row in document.credits],
            currency,
            "amount",
        ),
        cancellations=document.cancellations,
        journal=posted_lines(document.journal),
        recognitions=journal_of(document.recognitions),
        costs=costs_by_month(reader, document),
        matches=_matches(reader, document.matches, currency),
        country_name=country_name,
    )


@pages.page("/bills/new", methods=("GET", "POST"), permission="bill.draft", once=True)
def new_bill(actor: Actor) -> Any:
    """Show the form of a new draft (GET), and save the draft (POST).

    The query parameters `trip` (an id) and `vendor_name` prefill the form.
    """
    begun = {"issue_date": today(), "vendor_name": request.args.get("vendor_name", "")[:255]}
    if (trip_id := parse_id(request.args.get("trip", ""))) is not None:
        begun["trip_id"] = trips.get_trip(trip_id).id
    form = BillForm(actor.currency, taxing.home(), data=begun)
    entered = (
        None
        if continues_editing()
        else form.attempt(
            lambda body: bill_service.draft_bill(actor, **body.fields()), **_ERROR_FIELDS
        )
    )
    if entered is None:
        return _form_page(form, None)
    toast(_("Draft of bill %(reference)s saved.", reference=entered.vendor_reference))
    return see_other(url_for("billing.bill", bill_id=entered.id))


@pages.page(
    "/bills/<bill_id>/edit", methods=("GET", "POST"), permission="bill.draft", missing=BillNotFound
)
def edit_bill(actor: Actor, bill_id: UUID) -> Any:
    """Show and submit the form to change a draft."""
    draft = bill_queries.get_bill(bill_id)
    if back := turned_back(draft, may=draft.status == "draft"):
        return back
    form = BillForm.of(
        draft,
        document_queries.get_lines(draft),
        tax_queries.get_taxes(draft),
        taxing.home(),
        actor.currency,
    )

    def act(body: BillDraftIn) -> Any:
        changes: BillChanges = {**body.fields(), "currency": body.currency}
        return bill_service.revise_bill(actor, bill_id, changes, seen=opened_state(form.seen.data))

    if continues_editing() or form.attempt(act, **_ERROR_FIELDS) is None:
        return _form_page(form, bill_queries.get_bill(bill_id))
    toast(_("Saved."))
    return see_other(url_for("billing.bill", bill_id=bill_id))


@pages.page(
    "/bills/<bill_id>/discard",
    methods=("GET", "POST"),
    permission="bill.draft",
    missing=BillNotFound,
)
def discard_bill(actor: Actor, bill_id: UUID) -> Any:
    """Confirm (GET) and perform (POST) the deletion of a draft."""
    return discard_step(
        bill_queries.get_bill(bill_id), lambda: bill_service.discard_bill(actor, bill_id)
    )


@pages.page(
    "/bills/<bill_id>/receive",
    methods=("GET", "POST"),
    permission="bill.receive",
    direct=True,
    missing=BillNotFound,
)
def receive_bill(actor: Actor, bill_id: UUID) -> Any:
    """Show the postings of receiving a draft (GET), and receive it (POST)."""
    typed, typed_variance = typed_reason("input_tax_reason"), typed_reason("variance_reason")

    def page(draft: Bill, problem: str = "") -> str:
        above, variance = input_taxes.above_rate(draft), matching.find_variance(draft)
        takes = accruals.takes_of(actor, draft)
        return render_template(
            "bills/receive.html",
            place=Place(draft),
            postings=postings_of(bill_service.receive_sides(draft, takes)),
            recognitions=recognition_postings(bill_service.recognitions_of(draft)),
            other_year=other_year_words(draft.issue_date),
            above=above and sentence_of(above),
            variance=variance and sentence_of(variance),
            problem=problem,
            typed=typed,
            typed_variance=typed_variance,
            **to_be_booked(draft, actor.currency),
        )

    return post_step(
        lambda: bill_queries.get_bill(bill_id),
        lambda seen: bill_service.receive_draft(
            actor,
            bill_id,
            seen=seen,
            input_tax_reason=typed,
            variance_reason=typed_variance,
        ),
        page,
        lambda reference: _("Bill %(reference)s received.", reference=reference),
    )


@pages.page(
    "/bills/<bill_id>/void",
    methods=("GET", "POST"),
    permission="bill.void",
    direct=True,
    missing=BillNotFound,
)
def void_bill(actor: Actor, bill_id: UUID) -> Any:
    """Show the postings of voiding a received bill (GET), and void it (POST)."""

    def act(body: VoidIn) -> Any:
        return bill_service.void_bill(actor, bill_id, reason=body.reason, on=body.voided_on)

    return void_step(actor, lambda: bill_queries.get_bill(bill_id), act, _("Bill voided."))


@pages.page(
    "/bills/<bill_id>/schedule",
    methods=("GET", "POST"),
    permission="bill.schedule",
    missing=BillNotFound,
)
def schedule_bill(actor: Actor, bill_id: UUID) -> Any:
    """Set the payment date of an open bill."""
    document = bill_queries.get_bill(bill_id)
    if back := turned_back(document, may=document.status in OPEN_BILL):
        return back
    form = ScheduleForm(data={"pay_on": document.pay_on or max(document.due_date, today())})
    scheduled = form.attempt(
        lambda body: bill_service.schedule_bill(actor, bill_id, pay_on=body.pay_on),
        **SCHEDULE_ERROR_FIELDS,
    )
    if scheduled is None:
        return (
            render_template(
                "bills/schedule.html", form=form, place=Place(bill_queries.get_bill(bill_id))
            ),
            form.status,
        )
    toast(_("Payment scheduled for %(day)s.", day=day(scheduled.pay_on, year=True)))
    return see_other(url_for("billing.bill", bill_id=bill_id))


@pages.page(
    "/bills/<bill_id>/unschedule",
    methods=("POST",),
    permission="bill.schedule",
    missing=BillNotFound,
)
def unschedule_bill(actor: Actor, bill_id: UUID) -> Any:
    """Remove the payment date of a bill."""
    document = bill_queries.get_bill(bill_id)
    if back := turned_back(document, may=document.status == "scheduled"):
        return back
    bill_service.unschedule_bill(actor, bill_id)
    toast(_("Payment unscheduled."))
    return see_other(url_for("billing.bill", bill_id=bill_id))


@pages.page(
    "/bills/<bill_id>/match",
    methods=("GET", "POST"),
    permission="bill.draft",
    missing=BillNotFound,
)
def match_bill(actor: Actor, bill_id: UUID) -> Any:
    """Show the choice of expected bills for a draft (GET), and match it (POST)."""
    draft = bill_queries.get_bill(bill_id)
    if back := turned_back(draft, may=draft.status == "draft"):
        return back
    return _match_step(
        draft,
        MatchForm,
        lambda body: bill_service.match_bill(actor, bill_id, body.in_currency(draft.currency)),
    )


@pages.page(
    "/bills/<bill_id>/rematch",
    methods=("GET", "POST"),
    permission="bill.receive",
    direct=True,
    missing=BillNotFound,
)
def rematch_bill(actor: Actor, bill_id: UUID) -> Any:
    """Show the expected bills for a received bill (GET), and match it (POST)."""
    received = bill_queries.get_bill(bill_id)
    if back := turned_back(received, may=received.status not in ("draft", "void")):
        return back
    return _match_step(
        received,
        RematchForm,
        lambda body: bill_service.rematch_bill(
            actor,
            bill_id,
            body.in_currency(received.currency),
            variance_reason=body.variance_reason,
            on=body.matched_on,
        ),
    )


@pages.page(
    "/bills/expected/draft",
    methods=("GET", "POST"),
    permission="bill.draft",
    missing=ExpectedBillNotFound,
)
def draft_expected(actor: Actor) -> Any:
    """Ask for number and date of an expected bill (GET), and draft it (POST)."""
    ids = [found for typed in request.values.getlist("expected") if (found := parse_id(typed))]
    form = FromExpectedForm(data={"expected_bill_ids": ids, "issue_date": today()})
    drafted = form.attempt(
        lambda body: bill_service.bill_from_expected(actor, **body.model_dump()),
        **FROM_EXPECTED_ERROR_FIELDS,
    )
    if drafted is None:
        rows = expected.get_expected_bills(ids)
        return render_template(
            "bills/draft_expected.html", form=form, rows=_expected_rows(rows)
        ), form.status
    toast(_("Draft of bill %(reference)s saved.", reference=drafted.vendor_reference))
    return see_other(url_for("billing.bill", bill_id=drafted.id))


@pages.page("/bills/expected", permission="billing.read")
def expected_bills(reader: RequestReader) -> Any:
    """Show the bills that suppliers are expected to send, the first due one first."""
    query = ExpectedBillList.read(request.args)
    found, invalid = page_or_first(
        lambda cursor: expected.list_expected_bills(reader, query.search(), cursor=cursor),
        query.place,
    )
    wrong = query.invalid_labels(*invalid)
    title = trips.read_title(reader, query.trip_id)
    return render_template(
        "bills/expected.html",
        asked=query,
        rows=_expected_rows(found.items),
        older=found.next_cursor,
        invalid=wrong,
        trip_title=title,
        line_words=LINE_WORDS,
        country_name=country_name,
    ), 422 if wrong else 200


def _match_step(bill: Bill, form_type: type[MatchForm], act: Callable[[Any], Bill]) -> Any:
    """Show the form to match a bill, or match it and return to its page."""
    bill_id = bill.id
    document = bill_queries.read_bill(SessionReader(db.session), bill_id)
    candidates = matching.candidates(bill)
    form = form_type(document.lines, candidates, bill.currency, matched=document.matches)
    if form.attempt(act, **MATCH_ERROR_FIELDS) is None:
        lines = with_amounts(document.lines, document.bill["currency"], "amount")
        place = Place(bill_queries.get_bill(bill_id))
        return render_template("bills/match.html", form=form, lines=lines, place=place), form.status
    toast(_("Saved."))
    return see_other(url_for("billing.bill", bill_id=bill_id))


def _matches(reader: Reader, matches: Sequence[Row], currency: str) -> list[Row]:
    """Return the matches of a bill with their expected bills and amounts.

    `variance` is the sum of all matched bills less the expected amount, or None while the expected
    bill is open.
    """
    if not matches:
        return []
    ids = {row["expected_bill_id"] for row in matches}
    known = {row["id"]: row for row in expected.read_expected_bills(reader, ids)}
    found = []
    for match in matches:
        one = known[match["expected_bill_id"]]
        off_minor = one["matched_minor"] - one["amount_minor"]
        found.append(
            one
            | {
                "expected": Money(one["amount_minor"], currency),
                "variance": Money(off_minor, currency) if one["status"] == "matched" else None,
                "line_no": match["line_no"],
            }
        )
    return found


def _expected_rows(rows: list[Row]) -> list[Row]:
    return [
        shown_row
        for row in rows
        for shown_row in with_amounts([row], row["currency"], "amount", "matched", "open")
    ]


def _form_page(form: BillForm, draft: Bill | None) -> Any:
    components = [(one, component(one)) for one in form.components]
    return draft_page(
        form,
        draft,
        form.sides,
        known_names=parties.known_names("supplier"),
        bought_as=BOUGHT_AS,
        input_credit=INPUT_CREDIT,
        components=components,
        recognitions=recognition_postings(form.recognitions),
    )
