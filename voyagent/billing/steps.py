"""What the pages of invoices and bills share: where a document's pages are, the steps it goes
through, and what each of them would post.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _
from wtforms import SelectChoice

from voyagent.billing import queries
from voyagent.billing.bills.forms import BillForm
from voyagent.billing.core.forms.drafts import DocumentForm, VoidForm
from voyagent.billing.core.forms.reversals import REVERSED, ReverseForm
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.core.words.rates import rate_on_paper, rate_words
from voyagent.billing.models import OPEN, Bill, Invoice
from voyagent.billing.models.parts import RATE_COLUMNS
from voyagent.billing.queries import DocumentSearch, Instalment, instalments_of, open_minor_of
from voyagent.billing.service import INVOICE_SERIES, DraftChanged, Recognition, other_year
from voyagent.http.forms import DateText, SchemaForm
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast, translated
from voyagent.http.template_filters import day, today
from voyagent.kernel.database.read_pool import Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.ledger.queries import accounts, closed_months, entries as ledger_entries
from voyagent.ledger.service import PeriodLocked
from voyagent.trips import queries as trips

TRIPS_OFFERED = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A document's pages, and what people call it."""

    document: Invoice | Bill

    @property
    def nav(self) -> str:
        """Its entry in the menu."""
        return "invoices" if isinstance(self.document, Invoice) else "bills"

    @property
    def all_words(self) -> str:
        """What the list is called."""
        return str(_("Invoices") if isinstance(self.document, Invoice) else _("Bills"))

    @property
    def all_url(self) -> str:
        """The list."""
        return url_for(f"billing.{self.nav}")

    @property
    def words(self) -> str:
        """The document with its number, or its draft with whom it is for."""
        if isinstance(self.document, Bill):
            return str(_("Bill %(reference)s", reference=self.document.vendor_reference))
        if self.document.number is None:
            return str(_("Draft for %(name)s", name=self.document.party_name))
        return str(_("Invoice %(number)s", number=self.document.number))

    @property
    def total(self) -> Money:
        """What it is over."""
        return Money(self.document.total_minor, self.document.currency)

    @property
    def open(self) -> Money:
        """What is neither paid nor credited."""
        return Money(self.document.open_minor, self.document.currency)

    @property
    def paid(self) -> Money:
        """Amount paid so far."""
        return Money(self.document.paid_minor, self.document.currency)

    def url(self, step: str | None = None) -> str:
        """Its page, or that of a step."""
        if isinstance(self.document, Invoice):
            return url_for(f"billing.{step or 'invoice'}", invoice_id=self.document.id)
        return url_for(f"billing.{step}_bill" if step else "billing.bill", bill_id=self.document.id)


@dataclass(frozen=True, slots=True)
class Reversed:
    """What is about to be reversed, as its page says it: its words, whose it is, its amount, what
    reversing it does; and the ways to it and to all like it.

    `postings` is what reversing it posts, `further` what on days of service.
    """

    words: str
    party_name: str
    amount: Money
    explained: str
    nav: str
    all_words: str
    all_url: str
    url: str
    postings: list[dict[str, Any]]
    further: Sequence[dict[str, Any]] = ()


def turned_back(document: Invoice | Bill, *, may: bool) -> Any:
    """The way back to the document where it cannot take the step any more, and None where it may."""
    if may:
        return None
    return not_now(
        _("This document’s status does not allow this any more. Reload the page."),
        Place(document).url(),
    )


def closed(document: Invoice | Bill) -> Any:
    """The way to the form of a draft whose day lies in a closed month, where another can be chosen;
    None where its month is open.
    """
    month = closed_months.last_closed_month()
    if month is None or document.issue_date.replace(day=1) > month:
        return None
    return not_now(translated(PeriodLocked.message), Place(document).url("edit"))


def changed(refusal: DraftChanged, document: Invoice | Bill, step: str) -> Any:
    """The step once more, with what the draft is now, where somebody has changed it meanwhile."""
    return not_now(translated(refusal.message), Place(document).url(step))


def to_be_booked(document: Invoice | Bill, books: str) -> dict[str, Any]:
    """The rate at which a draft in another currency than the books is booked, in words, whether it
    names none, and where it is given.
    """
    rate = {name: getattr(document, name) for name in RATE_COLUMNS}
    lacks_rate = document.currency != books and document.rate is None
    return {
        "booked_rate": rate_words(rate),
        "lacks_rate": lacks_rate,
        "rate_url": Place(document).url("edit"),
    }


def other_year_words(booked: date | None, series: str | None = None) -> str | None:
    """That a day lies in another financial year than today, and which number of it a document of a
    series will have; None where it does not, or is no day.
    """
    if booked is None or (found := other_year(booked, today(), series)) is None:
        return None
    words = {"day": day(booked, year=True), "year": found.year}
    if found.is_first is None:
        return str(
            _(
                "Dated %(day)s, in a different financial year: it is booked in %(year)s.",
                **words,
            )
        )
    if found.is_first:
        return str(
            _(
                "Dated %(day)s, in a different financial year: it gets the first number of"
                " %(year)s.",
                **words,
            )
        )
    return str(
        _(
            "Dated %(day)s, in a different financial year: it gets the next number of %(year)s.",
            **words,
        )
    )


def typed_day(field: DateText) -> date | None:
    """The day that is typed so far; None while it cannot be read."""
    try:
        return date.fromisoformat(field.iso or "")
    except ValueError:  # it has its sentence once the form is sent
        return None


def goes_on() -> bool:
    """Whether another line or a look was asked for, and nothing is to be made yet."""
    return request.method == "POST" and request.form.get("then") in ("line", "look")


def looks() -> bool:
    """Whether a look at what would be posted was asked for, and nothing is to be made yet."""
    return request.method == "POST" and request.form.get("then") == "look"


def looked(
    form: SchemaForm[Any], sides: Callable[[Any], Sequence[tuple[str, int, Money | None]]]
) -> dict[str, Any]:
    """What a step would post as it is typed, as `postings`; none of it where it would be refused,
    and `unfit` says why; neither while it is not all typed yet.

    `sides` reads what the schema's value comes to, and raises what the step itself would.
    """
    found = form.look(sides)
    return {"postings": postings_of(found or ()), "unfit": form.unfit}


def draft_page(
    form: DocumentForm[Any],
    draft: Invoice | Bill | None,
    sides: Sequence[tuple[str, int, Money | None]],
    **facts: Any,
) -> Any:
    """A document that is drawn up, or the draft that is changed, with what issuing or receiving it
    would post.
    """
    is_bill = isinstance(form, BillForm)
    form.trip_id.choices = _trips(form.trip_id.data)
    blank = 1 if form.line_items.data and not goes_on() and request.method == "POST" else 3
    shown = {
        "rows": [*form.line_items.data, *({} for _blank in range(blank))],
        "plan_rows": [
            *form.instalments.data,
            *({} for _blank in range(1 if form.instalments.data else 2)),
        ],
        "plan": form.look_at_plan(),
        "postings": postings_of(sides),
        "unfit": form.unfit,
        "other_year": other_year_words(
            typed_day(form.issue_date), None if is_bill else INVOICE_SERIES
        ),
        "place": Place(draft) if draft else None,
        "is_bill": is_bill,
    }
    return render_template("billing/form.html", form=form, **shown, **facts), (
        200 if goes_on() else form.status
    )


def _trips(chosen: str | None) -> list[SelectChoice]:
    """What the field of the trip offers: none, and the newest trips with the day on which each was
    opened; nothing where the agency has none.
    """
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


def postings_of(sides: Sequence[tuple[str, int, Money | None]]) -> list[dict[str, Any]]:
    """What a step would post: the accounts by their purpose with their side and amount; without an
    amount while the lines cannot be read.
    """
    found = accounts.find_accounts(purpose for purpose, _sign, _amount in sides)
    return [
        {"account": found[purpose], "is_debit": sign > 0, "amount": amount}
        for purpose, sign, amount in sides
        if purpose in found
    ]


def further_of(found: Iterable[Recognition]) -> list[dict[str, Any]]:
    """What a step would book on days of service beside that: the `day` and its `postings`."""
    return [{"day": one.day, "postings": postings_of(one.sides)} for one in found]


def journal_of(entries: list[Row]) -> list[Row]:
    """What is booked on days of service, as the page of a document says it."""
    return [
        entry | {"lines": with_amounts(entry["lines"], entry["currency"], "debit", "credit")}
        for entry in entries
    ]


def with_amounts(rows: list[Row], currency: str, *names: str) -> list[Row]:
    """Rows with their minor units as amounts beside them."""
    return [row | {name: Money(row[f"{name}_minor"], currency) for name in names} for row in rows]


def settling(rows: list[Row], currency: str) -> list[Row]:
    """Payments of a document with their amounts, and what was taken of one in another currency."""
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


def void_page(form: VoidForm, document: Invoice | Bill) -> Any:
    """The step before a document is made void, with what it would post."""
    shown = {
        "place": Place(document),
        "postings": reversal_of(document.entry_id),
    }
    further = (
        reversals_of(("invoice", document.id), typed_day(form.voided_on) or document.issue_date)
        if isinstance(document, Invoice)
        else []
    )
    return render_template("billing/void.html", form=form, further=further, **shown), form.status


def reverse_step(
    form: ReverseForm,
    act: Callable[[ReverseIn], Any],
    look: Callable[[], Reversed],
    done: str,
    url: str,
) -> Any:
    """The way back to what the form has reversed, said to be `done`; before that, or where it is
    refused, the step that asks why and says what it will post.

    `look` reads what is to be reversed anew, since a refusal has rolled back what was read before.
    """
    if form.attempt(act, **REVERSED) is None:
        found = look()
        shown = {
            "reversed": found,
            "postings": found.postings,
            "further": found.further,
        }
        return render_template("billing/reverse.html", form=form, **shown), form.status
    toast(done)
    return see_other(url)


def not_now(why: str, url: str) -> Any:
    """The way back from a step that cannot be taken any more, with the sentence that says why."""
    toast(why, kind="error")
    return see_other(url)


def shown(row: Row) -> Row:
    """An invoice or a bill that was read, with its amounts as amounts, and the state as the page
    says it: what is open and past its day is overdue.
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
        "credited": Money(row["credited_minor"] - row.get("written_off_minor", 0), currency),
        "written_off": Money(row.get("written_off_minor", 0), currency),
        "open": Money(open_minor_of(row), currency),
        "paid_percent": (
            100 * row["paid_minor"] // max(row["total_minor"] - row["credited_minor"], 1)
        ),
        "days_past_due": days_past_due,
        "is_overdue": is_overdue,
        "look": "overdue" if is_overdue else _look(row),
        "booked_rate": rate_words(row) if "rate" in row else None,
        "paper_rate": rate_on_paper(row, partial(day, year=True)) if "rate" in row else None,
        "instalments": [_instalment(one, row) for one in instalments_of(row)],
    }


def listed(row: Row, search: DocumentSearch) -> Row:
    """The same in a list: of a document in instalments what of it is due within the days asked for,
    as `part` with its first day; None where all of it is.
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
    """An instalment as the page says it; of a draft and of what is void it has no state."""
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


def reversals_of(source: tuple[str, UUID], day: date) -> list[dict[str, Any]]:
    """What taking an invoice or a credit note back on a day would post beside that: what it booked
    on days of service, on these or that day, the later one.
    """
    return [
        {"day": max(day, booked_on), "postings": reversal_of(entry_id)}
        for entry_id, booked_on in queries.recognised(*source)
    ]


def reversal_of(entry_id: UUID | None) -> list[dict[str, Any]]:
    """What reversing an entry would post: its lines with the sides swapped."""
    if entry_id is None:
        return []
    lines = ledger_entries.read_entry(SessionReader(db.session), entry_id)[1]
    return [
        {
            "account": line,
            "is_debit": bool(line["credit_minor"]),
            "amount": Money(line["credit_minor"] or line["debit_minor"], line["currency"]),
        }
        for line in lines
    ]


def _look(row: Row) -> str:
    """The state as a word of the page: what is settled without a payment was credited, and where
    anything was given up it was written off.
    """
    if row["status"] == "paid" and row.get("written_off_minor"):
        return "written_off"
    if row["status"] == "paid" and not row["paid_minor"]:
        return "credited"
    return "partly_paid" if row["status"] == "partially_paid" else str(row["status"])
