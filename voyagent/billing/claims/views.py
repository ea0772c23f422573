"""Pages of refunds that suppliers owe, and of their receipts."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.bills.errors import BillNotFound
from voyagent.billing.claims import queries, service
from voyagent.billing.claims.errors import (
    ClaimNotFound,
    ClaimNotOpen,
    ClaimReceiptNotFound,
    ClaimReceiptReversed,
)
from voyagent.billing.claims.forms import (
    CLAIMED,
    FOLLOWED_UP,
    RECEIVED,
    ClaimForm,
    ClaimList,
    ClaimReceiptForm,
    FollowUpForm,
)
from voyagent.billing.claims.schemas import BillClaimIn, ClaimReceiptIn, FollowUpIn
from voyagent.billing.core.errors import DocumentNotOpen
from voyagent.billing.core.forms.reversals import ReverseForm
from voyagent.billing.core.queries import documents as document_queries
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.core.service import days
from voyagent.billing.core.service.credits import creditable
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import Place, not_now, with_amounts
from voyagent.billing.core.views.previews import (
    is_preview,
    preview,
    recognition_postings,
    reversal_of,
)
from voyagent.billing.core.views.reversals import Reversed, reverse_step
from voyagent.http.account_names import account_name
from voyagent.http.forms import typed_amount
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.pages import page_or_first


@pages.page("/suppliers/claims", permission="billing.read")
def claims(reader: RequestReader) -> Any:
    """Show the refunds that suppliers owe, newest first."""
    query = ClaimList.read(request.args)
    found, invalid = page_or_first(
        lambda cursor: queries.list_claims(reader, query.search(), cursor=cursor), query.place
    )
    wrong = query.invalid_labels(*invalid)
    return render_template(
        "claims/list.html",
        asked=query,
        rows=[_shown(row, today()) for row in found.items],
        older=found.next_cursor,
        invalid=wrong,
    ), (422 if wrong else 200)


@pages.page("/suppliers/claims/<claim_id>", permission="billing.read", missing=ClaimNotFound)
def claim(reader: Reader, claim_id: UUID) -> Any:
    """Show a refund that a supplier owes, with its receipts."""
    found = queries.read_claim(reader, claim_id)
    currency = found.claim["currency"]
    return render_template(
        "claims/claim.html",
        claim=_shown(found.claim, today()),
        receipts=[
            row
            | {
                "money": Money(row["money_minor"], row["money_currency"]),
                "bank_account_name": account_name(row["bank_account_name"]),
            }
            for row in with_amounts(found.receipts, currency, "received", "given_up")
        ],
    )


@pages.page(
    "/suppliers/claims/receipts/<claim_receipt_id>",
    permission="billing.read",
    missing=ClaimReceiptNotFound,
)
def claim_of_receipt(reader: Reader, claim_receipt_id: UUID) -> Any:
    """Redirect to the claim of a receipt; journal entries link to this URL."""
    claim_id = queries.read_claim_of_receipt(reader, claim_receipt_id)
    return see_other(url_for("billing.claim", claim_id=claim_id))


@pages.page(
    "/bills/<bill_id>/claim",
    methods=("GET", "POST"),
    permission="bill.credit",
    direct=True,
    missing=BillNotFound,
    once=True,
)
def open_claim(actor: Actor, bill_id: UUID) -> Any:
    """Claim a refund of a paid bill; the form proposes all that is not credited yet."""
    bill = bill_queries.get_bill(bill_id)
    left = creditable(bill)
    if not service.can_be_claimed(bill) or not left:
        return not_now(_(DocumentNotOpen.message), Place(bill).url())
    form = ClaimForm.of(bill, document_queries.get_lines(bill), left, days.default_day(actor, bill))

    def act(body: BillClaimIn) -> Any:
        return service.open_claim(
            actor,
            bill_id,
            reason=body.reason,
            on=body.issue_date,
            amounts=body.amounts(bill.currency),
            expected_on=body.expected_on,
            credit_note_number=body.credit_note_number,
            further_credit_reason=body.further_credit_reason,
        )

    def sides(body: BillClaimIn) -> list[tuple[str, int, Money]]:
        credit, _day = service.claim_now(
            actor, bill_queries.get_bill(bill_id), body.amounts(bill.currency), body.issue_date
        )
        recognitions.extend(recognition_postings(credit.recognitions))
        return credit.sides

    recognitions: list[dict[str, Any]] = []
    found = None if is_preview() else form.attempt(act, **CLAIMED)
    if found is None:
        facts = preview(form, sides) | {
            "place": Place(bill_queries.get_bill(bill_id)),
            "rows": form.rows,
            "recognitions": recognitions,
        }
        return render_template("claims/new.html", form=form, **facts), (
            200 if is_preview() else form.status
        )
    toast(_("Claim %(number)s recorded.", number=found.number))
    return see_other(url_for("billing.claim", claim_id=found.id))


@pages.page(
    "/suppliers/claims/<claim_id>/receive",
    methods=("GET", "POST"),
    permission="payment.record",
    direct=True,
    missing=ClaimNotFound,
    once=True,
)
def receive_claim(actor: Actor, claim_id: UUID) -> Any:
    """Record the money that a supplier refunds; the form proposes all that is open."""
    url, reader = url_for("billing.claim", claim_id=claim_id), SessionReader(db.session)
    found = queries.get_claim(claim_id)
    if not found.open_minor:
        return not_now(_(ClaimNotOpen.message), url)
    still = Money(found.open_minor, found.currency)
    form = ClaimReceiptForm(data={"amount": typed_amount(still), "received_on": today()})
    form.offer_accounts(banking.open_accounts(reader), found.currency)

    def act(body: ClaimReceiptIn) -> Any:
        return service.receive_claim(actor, claim_id, body.refund(found.currency))

    def sides(body: ClaimReceiptIn) -> list[service.Side]:
        return service.refund_sides(actor, claim_id, body.refund(found.currency))

    if is_preview() or form.attempt(act, **RECEIVED) is None:
        facts = preview(form, sides, day_of=lambda body: body.received_on or today()) | {
            "claim": _shown(queries.read_claim(reader, claim_id).claim, today())
        }
        return render_template("claims/receive.html", form=form, **facts), (
            200 if is_preview() else form.status
        )
    toast(_("Refund recorded."))
    return see_other(url)


@pages.page(
    "/suppliers/claims/<claim_id>/follow-up",
    methods=("GET", "POST"),
    permission="bill.draft",
    missing=ClaimNotFound,
)
def follow_up_claim(actor: Actor, claim_id: UUID) -> Any:
    """Note a reminder to the supplier, or the number of its credit note."""
    url = url_for("billing.claim", claim_id=claim_id)
    found = queries.get_claim(claim_id)
    form = FollowUpForm(data={"chased_on": today(), "expected_on": found.expected_on})

    def act(body: FollowUpIn) -> bool:
        service.follow_up(
            actor,
            claim_id,
            chased_on=body.chased_on,
            expected_on=body.expected_on,
            credit_note_number=body.credit_note_number,
        )
        return True

    if form.attempt(act, **FOLLOWED_UP) is None:
        claim = _shown(queries.read_claim(SessionReader(db.session), claim_id).claim, today())
        return render_template("claims/follow_up.html", form=form, claim=claim), form.status
    toast(_("Follow-up saved."))
    return see_other(url)


@pages.page(
    "/suppliers/claims/receipts/<claim_receipt_id>/reverse",
    methods=("GET", "POST"),
    permission="payment.reverse",
    direct=True,
    missing=ClaimReceiptNotFound,
)
def reverse_claim_receipt(actor: Actor, claim_receipt_id: UUID) -> Any:
    """Show the postings of reversing a receipt (GET), and reverse it (POST)."""
    row = queries.get_receipt(claim_receipt_id)
    url = url_for("billing.claim", claim_id=row.claim_id)
    if row.reversed_on is not None:
        return not_now(_(ClaimReceiptReversed.message), url)
    form = ReverseForm(data={"reversed_on": today()})

    def act(body: ReverseIn) -> Any:
        return service.reverse_receipt(
            actor, claim_receipt_id, reason=body.reason, on=body.reversed_on
        )

    def look() -> Reversed:
        receipt = queries.get_receipt(claim_receipt_id)
        claim = queries.read_claim(SessionReader(db.session), receipt.claim_id).claim
        return Reversed(
            claim["number"],
            claim["party_name"],
            Money(receipt.received_minor + receipt.given_up_minor, claim["currency"]),
            _(
                "Use this for a refund recorded by mistake. Its entry is reversed on this date, and"
                " its amount is open on the claim again. This can’t be undone."
            ),
            "bills",
            _("Refunds awaited"),
            url_for("billing.claims"),
            url,
            reversal_of(receipt.entry_id),
        )

    return reverse_step(form, act, look, _("Refund reversed."), url)


def _shown(row: Row, day: date) -> Row:
    """Return a claim with its amounts, and with the number of days that it is late.

    `days_late` is zero if nothing is open, or if no day is expected.
    """
    late = (day - row["expected_on"]).days if row["open_minor"] and row["expected_on"] else 0
    amounts = with_amounts([row], row["currency"], "amount", "received", "given_up", "open")[0]
    return amounts | {"days_late": max(late, 0)}
