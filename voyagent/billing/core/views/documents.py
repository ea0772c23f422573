"""Page parts and page flows shared by invoices and bills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _
from wtforms import SelectChoice

from voyagent.billing.core.errors import (
    DateInFuture,
    DocumentNotVoidable,
    DraftChanged,
    NeedsReason,
)
from voyagent.billing.core.forms.drafts import VOID_ERROR_FIELDS, DocumentForm, VoidForm
from voyagent.billing.core.models.bills import Bill
from voyagent.billing.core.models.invoices import Invoice
from voyagent.billing.core.models.kinds import kind_of, number_of
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.queries import open_list
from voyagent.billing.core.queries.documents import DocumentSearch, get_lines, open_minor_of
from voyagent.billing.core.queries.instalments import Instalment, instalments_of
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.rules import credited_minor_of, shown_status
from voyagent.billing.core.schemas.documents import VoidIn
from voyagent.billing.core.service import days, taxing, voiding
from voyagent.billing.core.service.carrying import money_or_none
from voyagent.billing.core.service.exchange import columns_of, rate_to_be_booked
from voyagent.billing.core.service.numbering import series_of
from voyagent.billing.core.views.previews import (
    continues_editing,
    other_year_words,
    postings_of,
    reversal_of,
    reversals_of,
    typed_day,
)
from voyagent.billing.core.words.rates import rate_on_paper, rate_words
from voyagent.billing.core.words.settled import settled_words
from voyagent.http.errors import sentence_of, status_of
from voyagent.http.forms import opened_state
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast, translated
from voyagent.http.template_filters import day, today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db, finish
from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.fields import without_controls
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.kernel.passport_numbers import hidden_in
from voyagent.ledger.queries import closed_months
from voyagent.ledger.queries.entries import sides_of
from voyagent.ledger.service import months
from voyagent.ledger.service.errors import PeriodLocked
from voyagent.rates.errors import RateMissing
from voyagent.taxes.rules.calculation import PlaceOfSupplyMissing
from voyagent.trips.queries import trips

TRIPS_OFFERED = 50


@dataclass(frozen=True, slots=True)
class Place:
    """URLs, labels and amounts of an invoice or a bill, for the templates."""

    document: Invoice | Bill

    @property
    def nav(self) -> str:
        """Name of the active menu entry, which is also the endpoint of the list."""
        return "invoices" if isinstance(self.document, Invoice) else "bills"

    @property
    def all_words(self) -> str:
        """Label of the list of invoices or bills."""
        return str(_("Invoices") if isinstance(self.document, Invoice) else _("Bills"))

    @property
    def all_url(self) -> str:
        """URL of the list of invoices or bills."""
        return url_for(f"billing.{self.nav}")

    @property
    def words(self) -> str:
        """Label of the document, such as `Invoice 2026-27/000123`.

        A bill is labelled with its reference, an invoice with its number, and a draft invoice with
        its customer.
        """
        if isinstance(self.document, Bill):
            return str(_("Bill %(reference)s", reference=self.document.vendor_reference))
        if self.document.number is None:
            return str(_("Draft for %(name)s", name=self.document.party_name))
        return str(_("Invoice %(number)s", number=self.document.number))

    @property
    def total(self) -> Money:
        """Total amount, taxes included."""
        return Money(self.document.total_minor, self.document.currency)

    @property
    def open(self) -> Money:
        """Open amount, which is neither paid nor credited."""
        return Money(self.document.open_minor, self.document.currency)

    @property
    def paid(self) -> Money:
        """Amount paid so far."""
        return Money(self.document.paid_minor, self.document.currency)

    def url(self, step: str | None = None) -> str:
        """Return the URL of the document, or of one of its actions such as `edit`."""
        if isinstance(self.document, Invoice):
            return url_for(f"billing.{step or 'invoice'}", invoice_id=self.document.id)
        return url_for(f"billing.{step}_bill" if step else "billing.bill", bill_id=self.document.id)


def turned_back(document: Invoice | Bill, *, may: bool) -> Any:
    """Return None if `may` is true, else a redirect to the document.

    The page of the document then shows that its status does not allow the action.
    """
    if may:
        return None
    return not_now(
        _("This document’s status no longer allows this. Reload the page."),
        Place(document).url(),
    )


def to_be_booked(document: Invoice | Bill, books: str) -> dict[str, Any]:
    """Return the template variables about the exchange rate of a draft.

    `books` is the currency of the ledger. `lacks_rate` is true if the draft is in another currency
    and has no exchange rate. `base_total` is its total at the rate. `missing_rate` is the error of
    a draft that cannot be posted without one.
    """
    quote, missing = None, None
    try:
        quote = rate_to_be_booked(document)
    except RateMissing as error:
        missing = {"sentence": sentence_of(error), "remedy": error.remedy}
    return {
        "booked_rate": rate_words(dict(columns_of(quote))),
        "base_total": quote and quote.convert(Money(document.total_minor, document.currency)),
        "lacks_rate": document.currency != books and quote is None,
        "missing_rate": missing,
        "rate_url": Place(document).url("edit"),
    }


def draft_page(
    form: DocumentForm[Any],
    draft: Invoice | Bill | None,
    sides: Sequence[tuple[str, int, Money | None]],
    **facts: Any,
) -> Any:
    """Render the form of a draft with the postings of issuing or receiving it.

    `draft` is None for a new draft. `sides` has the journal lines of the postings. `facts` are
    further template variables.
    """
    form.trip_id.choices = _trips(form.trip_id.data)
    form.offer_parties()
    form.propose_rate(SessionReader(db.session))
    blank = (
        1 if form.line_items.data and not continues_editing() and request.method == "POST" else 3
    )
    shown = {
        "rows": [*form.line_items.data, *({} for _blank in range(blank))],
        "plan_rows": [
            *form.instalments.data,
            *({} for _blank in range(1 if form.instalments.data else 2)),
        ],
        "plan": form.previewed_plan(),
        "postings": postings_of(sides),
        "problems": form.problems,
        "other_year": other_year_words(
            typed_day(form.issue_date),
            None
            if form.is_bill
            else series_of(row.get("tax") or None for row in form.line_items.data)[0],
        ),
        "place": Place(draft) if draft else None,
        "is_bill": form.is_bill,
    }
    return render_template("billing/form.html", form=form, **shown, **facts), (
        200 if continues_editing() else form.status
    )


def _trips(chosen: str | None) -> list[SelectChoice]:
    found = trips.recent(TRIPS_OFFERED, parse_id(chosen or ""))
    return (
        [
            SelectChoice("", _("No trip")),
            *(
                SelectChoice(str(key), f"{title} · {day(opened, year=True)}")
                for key, title, opened in found
            ),
        ]
        if found
        else []
    )


def journal_of(entries: list[Row]) -> list[Row]:
    """Return the entries of `recognitions.by_entry` with debits and credits as Money."""
    return [entry | {"lines": posted_lines(entry["lines"])} for entry in entries]


def with_amounts(rows: list[Row], currency: str, *names: str) -> list[Row]:
    """Return rows with some of their amounts as Money, for a template.

    For the name `total` in `names`, each row gets `total` from its column `total_minor`.
    """
    return [row | {name: Money(row[f"{name}_minor"], currency) for name in names} for row in rows]


def posted_lines(rows: list[Row]) -> list[Row]:
    """Return journal lines with debit and credit as Money, for a page.

    `rows` are those of `entry_lines_statement` or `further_lines_statement`. A line that is only a
    difference in the base currency has its debit and credit in that currency.
    """
    return [row | dict(zip(("debit", "credit"), sides_of(row), strict=True)) for row in rows]


def settling(rows: list[Row], currency: str) -> list[Row]:
    """Return the rows of a document's payments with amounts, for a page.

    `rows` are rows of `settling_statement`. `amount` is the settled amount in `currency`, the
    document's currency. `taken` is the used part of a payment in another currency, otherwise None.
    """
    taken = (
        (
            None
            if row["payment_currency"] == currency
            else Money(row["payment_minor"], row["payment_currency"])
        )
        for row in rows
    )
    return [
        row | {"taken": one}
        for row, one in zip(with_amounts(rows, currency, "amount"), taken, strict=True)
    ]


def discard_step(draft: Invoice | Bill, discard: Callable[[], None]) -> Any:
    """Confirm (GET) and perform (POST) the deletion of a draft."""
    if back := turned_back(draft, may=draft.status == "draft"):
        return back
    place = Place(draft)
    if request.method == "GET":
        return render_template("billing/discard.html", place=place)
    all_url = place.all_url
    discard()
    toast(_("Draft deleted."))
    return see_other(all_url)


def typed_reason(name: str) -> str | None:
    """Return the submitted reason of a field on one line, or None if there is none.

    It is cleaned like a text field of the API: passport numbers are masked.
    """
    return hidden_in(without_controls(request.form.get(name, ""))).strip() or None


def post_step(
    read: Callable[[], Invoice | Bill],
    post: Callable[[datetime | None], Invoice | Bill],
    page: Callable[..., Any],
    done: Callable[[str | None], str],
    *,
    again: tuple[type[VoyagentError], ...] = (DraftChanged,),
) -> Any:
    """Issue or receive a draft (POST), or show the page of its postings (GET).

    A POST redirects to the document. If the draft cannot be posted because of its status, its date
    or its place of supply, both redirect to a page with the error message. `read` returns the
    draft. `page` renders the postings of the draft, and says whether an exchange rate is missing
    (`to_be_booked`). Its argument `problem` is the sentence of a refusal that a reason would
    confirm. `post` issues or receives the draft; its argument is the `updated_at` that the draft
    had when the page was shown. `done` returns the success message for the document's number. After
    an error of `again`, the page is shown again with its message.
    """
    draft = read()
    place = Place(draft)
    if back := turned_back(draft, may=draft.status == "draft"):
        return back
    if draft.issue_date > today():
        return not_now(translated(DateInFuture.message), place.url("edit"))
    month = closed_months.last_closed_month()
    if month is not None and draft.issue_date.replace(day=1) <= month:
        return not_now(translated(PeriodLocked.message), place.url("edit"))
    if isinstance(draft, Invoice) and (back := _place_to_settle(draft, place)):
        return back
    if request.method == "GET":
        return page(draft)
    try:
        posted = post(opened_state(request.form.get("seen")))
    except again as refusal:
        return not_now(sentence_of(refusal), Place(read()).url(kind_of(draft).purpose))
    except (NeedsReason, RateMissing) as refusal:
        finish(refusal)
        problem = sentence_of(refusal) if isinstance(refusal, NeedsReason) else ""
        return page(read(), problem=problem), status_of(refusal)
    toast(done(number_of(posted)))
    return see_other(place.url())


def _place_to_settle(draft: Invoice, place: Place) -> Any:
    """Return a redirect if the supplies of the lines prevent the issue, else None."""
    if taxing.waits(draft):
        return not_now(translated(PlaceOfSupplyMissing.message), place.url("edit"))
    if reason := taxing.reason_to_split(draft, get_lines(draft)):
        return not_now(sentence_of(reason), place.url("split"))
    return None


def void_step(
    actor: Actor, read: Callable[[], Invoice | Bill], void: Callable[[VoidIn], Any], done: str
) -> Any:
    """Void a document and redirect to it, or render the form with the postings.

    `read` returns the document. `void` voids it, with the reason and date of its argument. After an
    error `read` is called again, because the transaction was rolled back. `done` is the message
    after success.
    """
    document = read()
    url = Place(document).url()
    if not voiding.can_be_void(document):
        return not_now(translated(DocumentNotVoidable.message), url)
    form = VoidForm(data={"voided_on": days.default_day(actor, document)})
    if form.attempt(void, **VOID_ERROR_FIELDS) is None:
        return _void_page(form, read())
    toast(done)
    return see_other(url)


def _void_page(form: VoidForm, document: Invoice | Bill) -> Any:
    shown = {
        "place": Place(document),
        "postings": reversal_of(document.entry_id),
    }
    on = typed_day(form.voided_on) or document.issue_date
    recognitions = reversals_of((kind_of(document).name, document.id), on)
    return render_template(
        "billing/void.html", form=form, recognitions=recognitions, **shown
    ), form.status


def open_of_party(reader: Reader, kind: Kind, party: UUID | str | None) -> list[Row]:
    """Return the open documents of an entered party, earliest due date first.

    `party` is an id, or a name as it was typed. The result is empty if it cannot be a name. Rows:
    those of `open_list.list_open`.
    """
    if not isinstance(party, UUID):
        party = " ".join((party or "").replace("\x00", "").split())
        if not 1 <= len(party) <= 255:
            return []
    ever = (months.FIRST_DAY, months.LAST_DAY)
    return open_list.list_open(reader, kind, *ever, today=today(), party=party)


def not_now(why: str, url: str) -> Any:
    """Return a redirect to `url`, where the page shows the error message `why`."""
    toast(why, kind="error")
    return see_other(url)


def shown(row: Row) -> Row:
    """Return a document's row for a page, with amounts, instalments and days past due.

    `look` is the status to show. The status is `overdue` if the document has an open amount and the
    due date is before today. `settled` says how a document without an open amount was settled.
    """
    currency = row["currency"]
    days_past_due = (today() - row["due_date"]).days
    is_overdue = row["status"] in OPEN and days_past_due > 0
    return row | {
        "total": Money(row["total_minor"], currency),
        "net": Money(
            row["total_minor"] - row.get("tax_minor", 0) - row.get("round_off_minor", 0), currency
        ),
        "round_off": Money(row.get("round_off_minor", 0), currency),
        "paid": Money(row["paid_minor"], currency),
        "credited": Money(credited_minor_of(row), currency),
        "excess": Money(row.get("excess_minor", 0), currency),
        "written_off": Money(row.get("written_off_minor", 0), currency),
        "open": Money(open_minor_of(row), currency),
        "paid_percent": (
            100 * row["paid_minor"] // max(row["total_minor"] - row["credited_minor"], 1)
        ),
        "days_past_due": days_past_due,
        "is_overdue": is_overdue,
        "look": "overdue" if is_overdue else shown_status(row),
        "settled": settled_words(row),
        "booked_rate": rate_words(row) if "rate" in row else None,
        "base_total": money_or_none(row.get("base_minor"), row.get("base_currency", "")),
        "paper_rate": rate_on_paper(row, partial(day, year=True)) if "rate" in row else None,
        "instalments": [_instalment(one, row) for one in instalments_of(row)],
    }


def listed(row: Row, search: DocumentSearch) -> Row:
    """Return a document row for a list.

    If only some of the open instalments are due in the filtered period, `part` has their sum as
    `open` and the earliest of their due dates as `due_date`. Otherwise `part` is None.
    """
    days = search.due_from or date.min, search.due_until or date.max
    parts = [
        one for one in instalments_of(row) if one.open_minor and days[0] <= one.due_date <= days[1]
    ]
    part_minor = sum(one.open_minor for one in parts)
    is_part = parts and part_minor != open_minor_of(row)
    return shown(row) | {
        "part": (
            {"open": Money(part_minor, row["currency"]), "due_date": parts[0].due_date}
            if is_part
            else None
        )
    }


def _instalment(one: Instalment, row: Row) -> Row:
    days_past_due = (today() - one.due_date).days
    part = (
        "paid"
        if not one.open_minor
        else (
            "overdue"
            if days_past_due > 0
            else "partly_paid"
            if one.open_minor < one.amount_minor
            else "open"
        )
    )
    return {
        "place": one.place,
        "due_date": one.due_date,
        "amount": Money(one.amount_minor, row["currency"]),
        "open": Money(one.open_minor, row["currency"]),
        "days_past_due": days_past_due,
        "look": None if row["status"] in ("draft", "void") else part,
    }
