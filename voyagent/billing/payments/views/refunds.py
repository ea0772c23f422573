"""Page that refunds several payments and credits of a customer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import not_now, with_amounts
from voyagent.billing.core.views.previews import is_preview, preview
from voyagent.billing.payments.forms import PARTY_REFUNDED, PartyRefundForm
from voyagent.billing.payments.queries import refunds as refund_queries
from voyagent.billing.payments.schemas import RefundPartyIn
from voyagent.billing.payments.service import refunds
from voyagent.billing.payments.service.payments import Side
from voyagent.http.forms import typed_amount
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.parties import queries as parties
from voyagent.parties.queries import PartyNotFound


@pages.page(
    "/parties/<party_id>/refund",
    methods=("GET", "POST"),
    permission="payment.record",
    direct=True,
    missing=PartyNotFound,
    once=True,
)
def refund_party(actor: Actor, party_id: UUID) -> Any:
    """Refund the unused payments of a customer in one currency, oldest first."""
    party, reader = parties.get_party(party_id), SessionReader(db.session)
    back = url_for("parties.detail", party_id=party_id)
    unused = refund_queries.list_unused(reader, party_id)
    if request.method == "GET" and not unused:
        return not_now(_("This customer has no unused payment or credit."), back)
    currencies = sorted({row["currency"] for row in unused}, key=lambda one: one != actor.currency)
    asked = request.args.get("currency", "")
    first = asked if asked in currencies else next(iter(currencies), actor.currency)
    whole = sum(row["unapplied_minor"] for row in unused if row["currency"] == first)
    form = PartyRefundForm(
        party_id,
        currencies or [actor.currency],
        data={
            "amount": typed_amount(Money(whole, first)),
            "currency": first,
            "refunded_on": today(),
        },
    )
    bank_accounts = banking.open_accounts(reader, form.currency.data)
    form.offer_accounts(bank_accounts, actor.currency)

    def act(body: RefundPartyIn) -> Any:
        return refunds.refund_party(
            actor,
            party_id,
            body.money(),
            on=body.refunded_on,
            means=body.means(),
            reference=body.reference,
        )

    def sides(body: RefundPartyIn) -> list[Side]:
        return refunds.party_refund_sides(
            actor, party_id, body.money(), on=body.refunded_on, means=body.means()
        )

    if is_preview() or (refund := form.attempt(act, **PARTY_REFUNDED)) is None:
        facts = preview(form, sides, day_of=lambda body: body.refunded_on) | {
            "party": party,
            "unused": [
                row for one in unused for row in with_amounts([one], one["currency"], "unapplied")
            ],
        }
        return render_template("payments/refund_party.html", form=form, **facts), (
            200 if is_preview() else form.status
        )
    toast(_("Refund %(number)s recorded.", number=refund.number))
    return see_other(back)
