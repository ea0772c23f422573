"""Pages of payouts of payment gateways: list, new, detail and reversal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.core.forms.reversals import ReverseForm
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import not_now, posted_lines, with_amounts
from voyagent.billing.core.views.previews import is_preview, preview, reversal_of
from voyagent.billing.core.views.reversals import Reversed, reverse_step
from voyagent.billing.payouts import queries, service
from voyagent.billing.payouts.errors import PayoutNotFound, PayoutReversed
from voyagent.billing.payouts.forms import ERROR_FIELDS, PayoutForm, PayoutList
from voyagent.billing.payouts.schemas import PayoutIn
from voyagent.http.account_names import account_name
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.kernel.pages import page_or_first


@pages.page("/payouts", permission="billing.read")
def payouts(reader: RequestReader) -> Any:
    """Show the list of payouts, newest first."""
    query = PayoutList.read(request.args)
    found, invalid = page_or_first(
        lambda cursor: queries.list_payouts(reader, cursor=cursor), query.place
    )
    wrong = query.invalid_labels(*invalid)
    return render_template(
        "payouts/list.html",
        asked=query,
        rows=[_shown(row) for row in found.items],
        older=found.next_cursor,
        invalid=wrong,
    ), (422 if wrong else 200)


@pages.page(
    "/payouts/new", methods=("GET", "POST"), permission="payment.record", direct=True, once=True
)
def new_payout(actor: Actor) -> Any:
    """Show and process the form of a payout.

    The URL or the form names the gateway; otherwise it is the first one.
    """
    reader = SessionReader(db.session)
    found = queries.gateways(reader)
    named = parse_id(request.values.get("gateway_id", ""))
    gateway = next((row for row in found if row["id"] == named), found[0] if found else None)
    banks = banking.open_accounts(reader, gateway["currency"]) if gateway else []
    banks = [row for row in banks if row["kind"] == "bank"]
    if gateway is None or not banks:
        return render_template("payouts/none.html", gateway=gateway)
    waiting = queries.list_waiting(reader, [gateway["id"]])
    form = PayoutForm.begun(gateway, waiting, banks)

    def act(body: PayoutIn) -> Any:
        return service.record_payout(actor, body.payout())

    def sides(body: PayoutIn) -> list[service.Side]:
        return service.payout_sides(actor, body.payout())

    payout = None if is_preview() else form.attempt(act, **ERROR_FIELDS)
    if payout is None:
        facts = preview(form, sides, day_of=lambda body: body.paid_on)
        return render_template(
            "payouts/new.html",
            form=form,
            gateways=[
                {
                    "label": account_name(row["name"]),
                    "href": url_for("billing.new_payout", gateway_id=row["id"]),
                    "here": row["id"] == gateway["id"],
                }
                for row in found
            ],
            gateway=gateway,
            waiting=[row | {"amount": Money(row["minor"], row["currency"])} for row in waiting],
            **facts,
        ), (200 if is_preview() else form.status)
    toast(_("Payout recorded."))
    return see_other(url_for("billing.payout", payout_id=payout.id))


@pages.page("/payouts/<payout_id>", permission="billing.read", missing=PayoutNotFound)
def payout(reader: Reader, payout_id: UUID) -> Any:
    """Show a payout with its payments and its journal entry."""
    found = queries.read_payout(reader, payout_id)
    currency = found.payout["currency"]
    return render_template(
        "payouts/payout.html",
        payout=_shown(found.payout),
        items=[row | {"amount": Money(row["minor"], currency)} for row in found.items],
        journal=posted_lines(found.journal),
    )


@pages.page(
    "/payouts/<payout_id>/reverse",
    methods=("GET", "POST"),
    permission="payment.reverse",
    direct=True,
    missing=PayoutNotFound,
)
def reverse_payout(actor: Actor, payout_id: UUID) -> Any:
    """Show the postings of reversing a payout (GET), and reverse it (POST)."""
    url = url_for("billing.payout", payout_id=payout_id)
    if queries.get_payout(payout_id).reversed_on is not None:
        return not_now(_(PayoutReversed.message), url)
    form = ReverseForm(data={"reversed_on": today()})

    def act(body: ReverseIn) -> Any:
        return service.reverse_payout(actor, payout_id, reason=body.reason, on=body.reversed_on)

    def look() -> Reversed:
        row = queries.get_payout(payout_id)
        gateway = banking.get_account(row.gateway_id)
        return Reversed(
            row.reference or _("Payout"),
            account_name(gateway.name),
            Money(row.net_minor, row.currency),
            _(
                "Use this for a payout recorded by mistake. Its entry is reversed on this date, and"
                " its payments wait for another payout. This can’t be undone."
            ),
            "payments",
            _("Payouts"),
            url_for("billing.payouts"),
            url,
            reversal_of(row.entry_id),
        )

    return reverse_step(form, act, look, _("Payout reversed."), url)


def _shown(row: Row) -> Row:
    amounts = with_amounts([row], row["currency"], "gross", "fee", "tax", "net")[0]
    return amounts | {
        name: account_name(row[name]) for name in ("gateway_name", "bank_account_name")
    }
