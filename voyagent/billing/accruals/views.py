"""Pages of accrued trip costs, and checks of given services at closing."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _, lazy_gettext as _l, ngettext

from voyagent.billing.accruals import queries, service
from voyagent.billing.accruals.forms import ERROR_FIELDS, ReleaseForm
from voyagent.billing.core.errors import ExpectedBillNotFound
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import with_amounts
from voyagent.http.errors import sentence_of
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import month_words, today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Conflict
from voyagent.kernel.money import Money
from voyagent.ledger.errors import MonthNotFound
from voyagent.ledger.queries.closing_checks import Check, register_checks
from voyagent.ledger.rules import parse_month
from voyagent.ledger.service.months import check_month_end, wire_month
from voyagent.trips.queries import expected_bills

KINDS = {"accrued": _l("Accrued"), "billed": _l("Billed"), "released": _l("Released")}
NAMED_MAX = 5
"""The number of services that a check at closing names."""


@pages.page(
    "/months/<month>/accruals",
    methods=("GET", "POST"),
    permission="ledger.close",
    missing=MonthNotFound,
)
def accruals(actor: Actor, month: str) -> Any:
    """Show given services without bill or invoice (GET), and accrue their cost (POST)."""
    first = parse_month(month)
    if request.method == "POST":
        is_posted = bool(service.accrue(actor, first))
        toast(
            _("The cost of %(month)s is accrued.", month=month_words(first))
            if is_posted
            else _("The cost of all services is accrued. Nothing was posted.")
        )
        return see_other(url_for("billing.accruals", month=month))
    reader = SessionReader(db.session)
    found, due, refusal = queries.read_open_services(reader, first), None, None
    try:
        check_month_end(actor, first)
        due = service.preview_accruals(reader, first)
    except Conflict as error:
        refusal = sentence_of(error)
    return render_template(
        "accruals/month.html",
        month=month,
        name=month_words(first),
        unbilled=_shown(found.unbilled, "open", "accrued"),
        uninvoiced=_shown(found.uninvoiced, "price"),
        cancelled=_shown(found.cancelled, "open", "accrued"),
        due=due,
        kinds=KINDS,
        refusal=refusal,
        posted=[_with_base(row) for row in queries.read_accruals(reader, first).items],
    )


@pages.page(
    "/bills/expected/<expected_bill_id>/release-accrual",
    methods=("GET", "POST"),
    permission="ledger.close",
    missing=ExpectedBillNotFound,
)
def release_accrual(actor: Actor, expected_bill_id: UUID) -> Any:
    """Ask why no bill is expected (GET), and release the accrued cost (POST)."""
    form = ReleaseForm(data={"released_on": today()})
    done = form.attempt(
        lambda body: service.release_accrual(
            actor, expected_bill_id, reason=body.reason, on=body.released_on
        ),
        **ERROR_FIELDS,
    )
    if done is not None:
        toast(_("Accrued cost released."))
        return see_other(url_for("billing.expected_bills"))
    rows = expected_bills.get_expected_bills([expected_bill_id])
    if not rows:
        raise ExpectedBillNotFound
    return render_template(
        "accruals/release.html", form=form, row=_shown(rows, "accrued")[0]
    ), form.status


@register_checks
def check_services(reader: Reader, first: date, _last: date) -> list[Check]:
    """Return a check of each list that is not empty; it names the first services."""
    found = queries.read_open_services(reader, first)
    unbilled = ngettext(
        "%(num)d service was given and is not billed yet.",
        "%(num)d services were given and are not billed yet.",
        len(found.unbilled),
    )
    uninvoiced = ngettext(
        "%(num)d service was given that is not invoiced.",
        "%(num)d services were given that are not invoiced.",
        len(found.uninvoiced),
    )
    cancelled = ngettext(
        "%(num)d service was cancelled whose cost is still accrued.",
        "%(num)d services were cancelled whose cost is still accrued.",
        len(found.cancelled),
    )
    is_accrued = all(row["accrued_minor"] >= row["open_minor"] for row in found.unbilled)
    if is_accrued:
        unbilled = ngettext(
            "%(num)d service was given and is not billed yet; its cost is accrued.",
            "%(num)d services were given and are not billed yet; their cost is accrued.",
            len(found.unbilled),
        )
    address = url_for("billing.accruals", month=wire_month(first))
    return [
        Check(is_done, text=text, address=f"{address}#{name}", details=_named(rows))
        for name, rows, text, is_done in (
            ("unbilled", found.unbilled, unbilled, is_accrued),
            ("uninvoiced", found.uninvoiced, uninvoiced, False),
            ("cancelled", found.cancelled, cancelled, False),
        )
        if rows
    ]


def _named(rows: list[Row]) -> tuple[str, ...]:
    parts = ((row["service"], row["supplier"], row["trip_title"]) for row in rows[:NAMED_MAX])
    return tuple(" · ".join(filter(None, names)) for names in parts)


def _shown(rows: list[Row], *amounts: str) -> list[Row]:
    return [shown for row in rows for shown in with_amounts([row], row["currency"], *amounts)]


def _with_base(row: Row) -> Row:
    return row | {
        "amount": Money(row["amount_minor"], row["currency"]),
        "base": Money(row["base_minor"], row["base_currency"]),
    }
