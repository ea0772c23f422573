"""HTML pages of the journal: the list, one entry, a new entry and a reversal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.http.documents import add_page_routes
from voyagent.http.files import list_file
from voyagent.http.forms import read_past_day
from voyagent.http.guards import Guard
from voyagent.http.htmx import is_htmx, see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.http.template_filters import today
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.pages import Cursor, InvalidCursor
from voyagent.ledger.documents import ENTRY
from voyagent.ledger.errors import EntryNotFound
from voyagent.ledger.forms.journal import (
    ENTRY_ERROR_FIELDS,
    REVERSAL_ERROR_FIELDS,
    EntryForm,
    ReversalForm,
)
from voyagent.ledger.queries import entries
from voyagent.ledger.queries.entry_preview import preview_entry
from voyagent.ledger.queries.exports import journal_listing
from voyagent.ledger.schemas.journal import PAGE_SIZE, JournalEntryIn
from voyagent.ledger.service import direct
from voyagent.ledger.service.direct import WRITTEN
from voyagent.ledger.service.entries import Posted

pages = PageBlueprint("journal", __name__, guard=Guard.SIGNED_IN)


@pages.page("/journal", permission="ledger.read")
def index(reader: RequestReader) -> Any:
    """Show the journal entries, newest book date first.

    Invalid query parameters are ignored; the page then has status 422 and names them.
    """
    typed = {name: request.args.get(name, "").strip() for name in ("from", "to", "after")}
    days = {name: read_past_day(typed[name]) for name in ("from", "to")}
    place, is_invalid = _place(typed["after"])
    is_invalid = is_invalid or any(typed[name] and days[name] is None for name in days)
    is_inverted = bool(days["from"] and days["to"] and days["to"] < days["from"])
    if is_inverted:
        days["to"] = None
    evening = clock.today(reader.authenticate().timezone)
    later_count = 0
    is_asked_for_later = days["to"] or (days["from"] and days["from"] > evening)
    last = days["to"] if is_asked_for_later else evening
    if (
        "format" in request.args
        and not (is_invalid or is_inverted)
        and (
            file := list_file(
                journal_listing("journal", days["from"], last), reader.authenticate().tenant_id
            )
        )
    ):
        return file
    if is_asked_for_later:
        found = entries.list_entries(reader, days["from"], last, limit=PAGE_SIZE, cursor=place)
    else:
        found, later_count = entries.list_entries_until(
            reader, days["from"], evening, limit=PAGE_SIZE, cursor=place
        )
    filters: dict[str, Any] = {name: day.isoformat() for name, day in days.items() if day}
    later: dict[str, Any] = {"from": (evening + timedelta(days=1)).isoformat()}
    facts = {
        "rows": [
            row
            | {
                "amounts": [
                    Money(minor, currency) for currency, minor in sorted(row["totals"].items())
                ]
            }
            for row in found.items
        ],
        "values": {name: days[name] or typed[name] for name in days},
        "may_write": reader.authenticate().can("ledger.post_direct"),
        "files": [url_for("journal.index", **filters, format=form) for form in ("xlsx", "csv-bom")],
        "is_narrowed": any(typed.values()),
        "later_count": min(later_count, entries.LATER_COUNT_MAX),
        "has_more_later": later_count > entries.LATER_COUNT_MAX,
        "later_url": url_for("journal.index", **later),
        "newest": url_for("journal.index", **filters) if place else None,
        "older": (
            url_for("journal.index", **filters, after=found.next_cursor)
            if found.next_cursor
            else None
        ),
    }
    return render_template(
        "ledger/journal.html", invalid=is_invalid, inverted=is_inverted, **facts
    ), 422 if is_invalid or is_inverted else 200


@pages.page(
    "/journal/new", methods=("GET", "POST"), permission="ledger.post", direct=True, once=True
)
def new(actor: Actor) -> Any:
    """Show and process the form of a manual journal entry.

    The buttons "Add a line" and "Show the effect" return the form with the values entered so far.
    """
    form = EntryForm(actor.currency, data={"entry_date": today()})

    def act(body: JournalEntryIn) -> Posted:
        return direct.post_direct(
            actor,
            narration=body.narration,
            lines=[line.line() for line in body.lines],
            entry_date=body.entry_date,
        )

    goes_on = request.method == "POST" and request.form.get("then") in ("line", "look")
    done = None if goes_on else form.attempt(act, **ENTRY_ERROR_FIELDS)
    if done is None:
        return _entry_page(actor, form, goes_on=goes_on)
    toast(_("Entry posted."))
    return see_other(url_for("journal.entry", entry_id=done.entry_id))


@pages.page("/journal/<entry_id>", permission="ledger.read", missing=EntryNotFound)
def entry(reader: RequestReader, entry_id: UUID) -> Any:
    """Show one journal entry with its lines."""
    found, lines = entries.read_entry(reader, entry_id)
    actor = reader.authenticate()
    base = entries.base_sides_of(lines)
    may = (
        actor.can("ledger.post_direct")
        and found["source_type"] in WRITTEN
        and not found["reversed_by_id"]
    )
    return render_template(
        "ledger/entry.html",
        entry=found,
        may_reverse=may,
        base=base,
        lines=[_shown(line, is_in_base=base is not None) for line in lines],
    )


add_page_routes(pages, ENTRY)


@pages.page(
    "/journal/<entry_id>/reverse",
    methods=("GET", "POST"),
    permission="ledger.reverse",
    direct=True,
    missing=EntryNotFound,
)
def reverse(actor: Actor, entry_id: UUID) -> Any:
    """Reverse a journal entry in two steps: preview the reversal, then post it."""
    found, lines = entries.read_entry(SessionReader(db.session), entry_id)
    if found["reversed_by_id"] or not direct.is_written(entries.get_entry(entry_id)):
        toast(
            _("This entry can’t be reversed here. Reverse or void its document instead."),
            kind="error",
        )
        return see_other(url_for("journal.entry", entry_id=entry_id))
    form = ReversalForm(data={"entry_date": max(today(), found["entry_date"])})
    done = form.attempt(
        lambda body: direct.reverse_direct(
            actor, entry_id, reason=body.reason, entry_date=body.entry_date
        ),
        **REVERSAL_ERROR_FIELDS,
    )
    if done is None:
        return (
            render_template(
                "ledger/reverse.html",
                form=form,
                entry=found,
                postings=[_swapped(line) for line in lines],
            ),
            form.status,
        )
    toast(_("Entry reversed."))
    return see_other(url_for("journal.entry", entry_id=done.entry_id))


def _entry_page(actor: Actor, form: EntryForm, *, goes_on: bool) -> Any:
    """Render the form of a new entry with its preview.

    `goes_on` is true if the person has asked for another line or for the preview, and not for
    posting. The response to htmx is then the preview alone.
    """
    lines, is_read = form.read_lines()
    chosen = {account_id for account_id, _debit, _credit in lines if account_id}
    preview = preview_entry(
        SessionReader(db.session),
        form.read_currency,
        lines,
        day=read_past_day(form.entry_date.iso or ""),
        selected=chosen,
    )
    if goes_on:
        form.dry_run(
            lambda body: direct.check_direct(
                actor, [line.line() for line in body.lines], body.entry_date
            )
        )
    facts = {"preview": preview, "is_read": is_read, "problems": form.problems}
    if goes_on and is_htmx():
        return render_template("ledger/_entry_preview.html", **facts)
    blank = max(1, 4 - len(form.lines.data))
    rows = [*form.lines.data, *({} for _ in range(blank))]
    return render_template("ledger/new_entry.html", form=form, rows=rows, **facts), (
        200 if goes_on else form.status
    )


def _shown(line: Row, *, is_in_base: bool) -> Row:
    """Return a line with its debit and credit, and those in base if they are shown."""
    if not is_in_base:
        debit, credit = entries.sides_of(line)
        return line | {"debit": debit, "credit": credit}
    sides = {"": line["currency"], "base_": line["base_currency"]}
    return line | {
        f"{prefix}{side}": Money(line[f"{prefix}{side}_minor"], currency)
        for prefix, currency in sides.items()
        for side in ("debit", "credit")
    }


def _place(typed: str) -> tuple[Cursor | None, bool]:
    try:
        return (Cursor.decode(typed) if typed else None), False
    except InvalidCursor:
        return None, True


def _swapped(line: Row) -> Row:
    debit, credit = entries.sides_of(line)
    return {"account": line, "is_debit": bool(credit), "amount": credit or debit}
