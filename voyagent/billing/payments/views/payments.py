"""Pages of payments: list, detail, recording, allocation and reversals."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.bills import queries as bill_queries
from voyagent.billing.core.forms.reversals import ReverseForm
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.models.payments import Allocation, Payment
from voyagent.billing.core.queries.open_documents import Kind
from voyagent.billing.core.rules import is_taxable_advance
from voyagent.billing.core.schemas.reversals import ReverseIn
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import (
    not_now,
    open_of_party,
    posted_lines,
    with_amounts,
)
from voyagent.billing.core.views.previews import is_preview, postings_of, preview, reversal_of
from voyagent.billing.core.views.reversals import Reversed, reverse_step
from voyagent.billing.core.words.means import mode_words, money_account
from voyagent.billing.core.words.rates import rate_words
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments import errors as payment_errors
from voyagent.billing.payments.errors import AllocationNotFound, PaymentNotFound, RefundNotFound
from voyagent.billing.payments.forms import (
    ALLOCATION_ERROR_FIELDS,
    BOUNCED,
    RECORD_ERROR_FIELDS,
    REFUNDED,
    TAKEN_BACK,
    AllocateForm,
    BounceForm,
    PaymentForm,
    PaymentList,
    RefundForm,
    UnallocateForm,
)
from voyagent.billing.payments.queries import (
    allocations as allocation_queries,
    documents as payment_queries,
)
from voyagent.billing.payments.queries.documents import payments_listing
from voyagent.billing.payments.schemas import (
    AllocateIn,
    BounceIn,
    PaymentRecordIn,
    RefundIn,
    UnallocateIn,
)
from voyagent.billing.payments.service import (
    allocations,
    payments as payment_service,
    reversals as payment_reversals,
    settling,
)
from voyagent.http.files import list_file
from voyagent.http.forms import typed_amount
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import day, today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.errors import Conflict
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money, currency_codes
from voyagent.kernel.pages import page_or_first
from voyagent.ledger.service import months
from voyagent.parties import queries as parties
from voyagent.settings import queries as settings

KINDS = ("customer", "supplier")
_SUMS = ("amount", "allocated", "refunded", "tds", "charge")
EVER = (months.FIRST_DAY, months.LAST_DAY)


@pages.page("/payments", permission="billing.read")
def payments(reader: RequestReader) -> Any:
    """Show the list of payments, newest payment date first."""
    query = PaymentList.read(request.args)
    if (
        "format" in request.args
        and not query.invalid
        and (file := list_file(payments_listing(query.search()), reader.authenticate().tenant_id))
    ):
        return file
    found, invalid = page_or_first(
        lambda cursor: payment_queries.list_payments(reader, query.search(), cursor=cursor),
        query.place,
    )
    facts = {
        "asked": query,
        "rows": [_shown(row) for row in found.items],
        "invalid": query.invalid_labels(*invalid),
    }
    return render_template("payments/list.html", older=found.next_cursor, **facts), (
        422 if facts["invalid"] else 200
    )


@pages.page("/payments/<payment_id>", permission="billing.read", missing=PaymentNotFound)
def payment(reader: Reader, payment_id: UUID) -> Any:
    """Show a payment with its allocations, refunds and journal entries."""
    found = payment_queries.read_payment(reader, payment_id)
    currency = found.payment["currency"]
    letterhead = settings.read(reader) or {}
    return render_template(
        "payments/payment.html",
        letterhead=letterhead,
        payment=_shown(found.payment),
        may_have_voucher=is_taxable_advance(found.payment, letterhead.get("tax_number")),
        allocations=[_settling(row) for row in with_amounts(found.allocations, currency, "amount")],
        refunds=[
            _with_means(row) for row in with_amounts(found.refunds, currency, "amount", "total")
        ],
        journal=posted_lines(found.journal),
    )


@pages.page("/payments/refunds/<refund_id>", permission="billing.read", missing=RefundNotFound)
def payment_of_refund(reader: Reader, refund_id: UUID) -> Any:
    """Redirect to the payment of a refund; journal entries link to this URL."""
    return see_other(
        url_for(
            "billing.payment", payment_id=allocation_queries.payment_of_refund(reader, refund_id)
        )
    )


@pages.page(
    "/payments/allocations/<allocation_id>", permission="billing.read", missing=AllocationNotFound
)
def payment_of_allocation(reader: Reader, allocation_id: UUID) -> Any:
    """Redirect to the payment of an allocation; journal entries link to this URL."""
    return see_other(
        url_for(
            "billing.payment",
            payment_id=allocation_queries.payment_of_allocation(reader, allocation_id),
        )
    )


@pages.page(
    "/payments/new", methods=("GET", "POST"), permission="payment.record", direct=True, once=True
)
def new_payment(actor: Actor) -> Any:
    """Show and submit the form to record a payment.

    The URL may name the document to settle.
    """
    form = PaymentForm(actor.currency, data=_begun())
    form.keep_known_taxes()
    form.offer_accounts(banking.open_accounts(SessionReader(db.session)), actor.currency)

    def act(body: PaymentRecordIn) -> Payment:
        fields = body.model_dump(
            include={"direction", "party_id", "party_name", "reference", "over_cash_limit_reason"}
        )
        return payment_service.record_payment(
            actor,
            amount=body.money(),
            on=body.paid_on,
            parts=body.parts(),
            means=body.means(),
            tds=body.tds(body.currency),
            charge=body.charge(),
            **fields,
        )

    def sides(body: PaymentRecordIn) -> list[payment_service.Side]:
        fields = body.model_dump(include={"direction", "party_name"})
        return payment_service.payment_sides(
            actor,
            amount=body.money(),
            on=body.paid_on,
            parts=body.parts(),
            means=body.means(),
            tds=body.tds(body.currency),
            charge=body.charge(),
            **fields,
        )

    def offered() -> tuple[list[Row], list[Row]]:
        return _open_documents(actor, form.direction.data, form.party_ref, form.currency.data)

    form.offer(offered()[1] if form.is_submitted() else (), actor.currency)
    payment = None if _goes_on() else form.attempt(act, **RECORD_ERROR_FIELDS)
    if payment is None:
        documents, foreign = offered()
        if request.form.get("then") == "fill" and form.money is not None:
            _fill(form, documents, form.money)
        elif request.method == "GET":
            form.allocations.data = [
                part
                for part in form.allocations.data
                if part["document_id"] in {str(row["id"]) for row in documents}
            ]
        facts = preview(form, sides, day_of=lambda body: body.paid_on) | {
            "documents": documents,
            "foreign": foreign,
            "books": actor.currency,
            "whole": form.money,
        }
        form.offer_parties()
        known = parties.known_names(KINDS[form.direction.data == "out"])
        return render_template("payments/form.html", form=form, known_names=known, **facts), (
            200 if _goes_on() else form.status
        )
    toast(_("Payment %(number)s recorded.", number=payment.number))
    return see_other(url_for("billing.payment", payment_id=payment.id))


@pages.page(
    "/payments/<payment_id>/allocate",
    methods=("GET", "POST"),
    permission="payment.record",
    direct=True,
    missing=PaymentNotFound,
    once=True,
)
def allocate_payment(actor: Actor, payment_id: UUID) -> Any:
    """Allocate an advance to documents; the form proposes the earliest due date first."""
    found = payment_queries.get_payment(payment_id)
    left = Money(found.unapplied_minor, found.currency)
    documents, foreign = _open_documents(actor, found.direction, found.party_id, found.currency)
    form = AllocateForm(data={"effective_on": today()})
    form.offer(foreign, actor.currency)
    if request.method == "GET" or request.form.get("then") == "fill":
        _fill(form, documents, left)

    def act(body: AllocateIn) -> Payment:
        return allocations.allocate(
            actor,
            payment_id,
            parts=body.parts(left.currency) or [],
            on=body.effective_on,
            over_cash_limit_reason=body.over_cash_limit_reason,
        )

    def sides(body: AllocateIn) -> list[tuple[str, int, Money]]:
        return allocations.allocation_sides(
            actor,
            payment_queries.get_payment(payment_id),
            body.parts(left.currency) or [],
            body.effective_on,
        )

    if _goes_on() or form.attempt(act, **ALLOCATION_ERROR_FIELDS) is None:
        found = payment_queries.get_payment(payment_id)
        facts = preview(form, sides) | {
            "payment": found,
            "documents": documents,
            "foreign": foreign,
            "books": actor.currency,
            "whole": left,
        }
        return render_template("payments/allocate.html", form=form, **facts), (
            200 if _goes_on() else form.status
        )
    toast(_("Payment allocated."))
    return see_other(url_for("billing.payment", payment_id=payment_id))


@pages.page(
    "/payments/<payment_id>/allocations/<allocation_id>/unallocate",
    methods=("GET", "POST"),
    permission="payment.record",
    direct=True,
    missing=AllocationNotFound,
)
def unallocate_payment(actor: Actor, payment_id: UUID, allocation_id: UUID) -> Any:
    """Confirm (GET) and perform (POST) taking back an allocation."""
    allocation = allocation_queries.get_allocation(payment_id, allocation_id)
    found = payment_queries.get_payment(payment_id)
    amount = Money(abs(allocation.amount_minor), found.currency)
    form = UnallocateForm(data={"effective_on": today()})

    def act(body: UnallocateIn) -> Payment:
        return allocations.deallocate(actor, payment_id, allocation_id, on=body.effective_on)

    if form.attempt(act, **TAKEN_BACK) is None:
        found, allocation = (
            payment_queries.get_payment(payment_id),
            allocation_queries.get_allocation(payment_id, allocation_id),
        )
        facts = {
            "payment": found,
            "allocation_id": allocation_id,
            "amount": amount,
            "postings": _taking_back(found, allocation),
        }
        return (
            render_template(
                "payments/unallocate.html",
                form=form,
                **facts,
            ),
            form.status,
        )
    toast(_("Allocation reversed."))
    return see_other(url_for("billing.payment", payment_id=payment_id))


@pages.page(
    "/payments/<payment_id>/refund",
    methods=("GET", "POST"),
    permission="payment.record",
    direct=True,
    missing=PaymentNotFound,
    once=True,
)
def refund_payment(actor: Actor, payment_id: UUID) -> Any:
    """Refund an advance; the form proposes the whole unused amount and today."""
    found = payment_queries.get_payment(payment_id)
    left = Money(found.unapplied_minor, found.currency)
    if request.method == "GET" and not left:
        return not_now(
            _("This payment has no unallocated amount to refund."),
            url_for("billing.payment", payment_id=payment_id),
        )
    form = RefundForm(data={"amount": typed_amount(left), "refunded_on": today()})
    bank_accounts = banking.open_accounts(SessionReader(db.session), left.currency)
    form.offer_accounts(bank_accounts, actor.currency)

    def act(body: RefundIn) -> Any:
        given = {
            "amount": body.money(left.currency),
            "on": body.refunded_on,
            "means": body.means(),
            "reference": body.reference,
        }
        return payment_service.refund_payment(actor, payment_id, **given)  # type: ignore[arg-type]

    def sides(body: RefundIn) -> list[payment_service.Side]:
        typed = body.money(left.currency)
        given = {
            "amount": left if typed is None else typed,
            "on": body.refunded_on,
            "means": body.means(),
        }
        return payment_service.refund_sides(actor, payment_queries.get_payment(payment_id), **given)  # type: ignore[arg-type]

    if is_preview() or form.attempt(act, **REFUNDED) is None:
        facts = preview(form, sides, day_of=lambda body: body.refunded_on) | {
            "payment": payment_queries.get_payment(payment_id),
            "left": left,
        }
        return render_template("payments/refund.html", form=form, **facts), (
            200 if is_preview() else form.status
        )
    toast(_("Refund recorded."))
    return see_other(url_for("billing.payment", payment_id=payment_id))


@pages.page(
    "/payments/<payment_id>/reverse",
    methods=("GET", "POST"),
    permission="payment.reverse",
    direct=True,
    missing=PaymentNotFound,
)
def reverse_payment(actor: Actor, payment_id: UUID) -> Any:
    """Show the postings of reversing a payment (GET), and reverse it (POST)."""
    found = payment_queries.get_payment(payment_id)
    url = url_for("billing.payment", payment_id=payment_id)
    try:
        payment_reversals.check_reversible(found)
    except (
        payment_errors.PaymentOfCreditNote,
        payment_errors.PaymentReversed,
        payment_errors.PaymentPaidOut,
        payment_errors.PaymentRefunded,
    ) as refusal:
        return not_now(_(refusal.message), url)
    form = ReverseForm(data={"reversed_on": today()})

    def act(body: ReverseIn) -> Payment:
        return payment_reversals.reverse_payment(
            actor, payment_id, reason=body.reason, on=body.reversed_on
        )

    def look() -> Reversed:
        found = payment_queries.get_payment(payment_id)
        explained = _(
            "Use this for a payment recorded by mistake. Its entry is reversed on this date, and"
            " the documents it settles are due again. The payment keeps its number, and reports"
            " for earlier dates do not change. This can’t be undone."
        )
        return _reversed(
            found,
            found.number,
            found.amount_minor,
            explained,
            postings_of(payment_reversals.reversal_sides(found)),
        )

    return reverse_step(form, act, look, _("Payment reversed."), url)


@pages.page(
    "/payments/<payment_id>/bounce",
    methods=("GET", "POST"),
    permission="payment.reverse",
    direct=True,
    missing=PaymentNotFound,
    once=True,
)
def bounce_payment(actor: Actor, payment_id: UUID) -> Any:
    """Show and process the form of a cheque that bounced."""
    url = url_for("billing.payment", payment_id=payment_id)
    found = payment_queries.get_payment(payment_id)
    try:
        payment_reversals.check_cheque(found)
        payment_reversals.check_reversible(found)
    except Conflict as refusal:
        return not_now(_(refusal.message), url)
    form = BounceForm(data={"reversed_on": today()})
    form.keep_known_taxes()

    def act(body: BounceIn) -> Payment:
        return payment_reversals.reverse_payment(
            actor, payment_id, reason=body.reason, on=body.reversed_on, charge=body.charge()
        )

    def sides(body: BounceIn) -> list[tuple[UUID | str, int, Money | None]]:
        return payment_reversals.bounce_sides(
            payment_queries.get_payment(payment_id), body.charge(), body.reversed_on or today()
        )

    if is_preview() or form.attempt(act, **BOUNCED) is None:
        facts = preview(form, sides)
        found = payment_queries.get_payment(payment_id)
        return render_template(
            "payments/bounce.html",
            form=form,
            payment=found,
            amount=Money(found.money_minor, found.currency),
            **facts,
        ), (200 if is_preview() else form.status)
    toast(_("Bounced cheque recorded."))
    return see_other(url)


@pages.page(
    "/payments/<payment_id>/refunds/<refund_id>/reverse",
    methods=("GET", "POST"),
    permission="payment.reverse",
    direct=True,
    missing=RefundNotFound,
)
def reverse_refund(actor: Actor, payment_id: UUID, refund_id: UUID) -> Any:
    """Show the postings of reversing a refund (GET), and reverse it (POST)."""
    url = url_for("billing.payment", payment_id=payment_id)
    if allocation_queries.get_refund(payment_id, refund_id).reversed_on is not None:
        return not_now(_(payment_errors.RefundReversed.message), url)
    form = ReverseForm(data={"reversed_on": today()})

    def act(body: ReverseIn) -> Any:
        return payment_reversals.reverse_refund(
            actor, payment_id, refund_id, reason=body.reason, on=body.reversed_on
        )

    def look() -> Reversed:
        refund = allocation_queries.get_refund(payment_id, refund_id)
        explained = _(
            "Use this for a refund recorded by mistake. Its entry is reversed on this date, and"
            " the amount is an advance again. The refund keeps its number, and reports for"
            " earlier dates do not change. This can’t be undone."
        )
        return _reversed(
            payment_queries.get_payment(payment_id),
            refund.number,
            refund.amount_minor,
            explained,
            reversal_of(refund.entry_id),
        )

    return reverse_step(form, act, look, _("Refund reversed."), url)


def _reversed(
    found: Payment, number: str, minor: int, explained: str, postings: list[dict[str, Any]]
) -> Reversed:
    """Return the content of the confirmation page of a reversal.

    `number` and `minor` are the number and the amount of the payment or refund to reverse, and
    `found` is the payment. `explained` is a sentence about the reversal.
    """
    amount, url = Money(minor, found.currency), url_for("billing.payment", payment_id=found.id)
    return Reversed(
        number,
        found.party_name,
        amount,
        explained,
        "payments",
        _("Payments"),
        url_for("billing.payments"),
        url,
        postings,
    )


def _taking_back(found: Payment, allocation: Allocation) -> list[dict[str, Any]]:
    """Return the postings of taking back an allocation.

    The list is empty if `allocation` is the row that was added to take back another allocation.
    """
    if allocation.reverses_id is not None:
        return []
    return (
        reversal_of(allocation.entry_id)
        if allocation.is_exchanged
        else postings_of(allocations.deallocation_sides(found, allocation))
    )


def _begun() -> dict[str, Any]:
    """Return the initial values of the form of a payment, some of them from the URL.

    The URL may name the direction, the party and a document to settle. Raises InvoiceNotFound,
    BillNotFound.
    """
    parameters = {
        name: request.args.get(name, "")[:255]
        for name in ("party", "party_id", "direction", "document")
    }
    begun = {
        "direction": parameters["direction"] or "in",
        "party_name": parameters["party"],
        "party_id": parameters["party_id"],
        "paid_on": today(),
    }
    if (document_id := parse_id(parameters["document"])) is None:
        return begun
    document = (
        bill_queries.get_bill(document_id)
        if begun["direction"] == "out"
        else invoice_queries.get_invoice(document_id)
    )
    if document.status not in OPEN:
        return begun
    still = typed_amount(Money(document.open_minor, document.currency))
    parts = [{"document_id": str(document.id), "amount": still}]
    return begun | {
        "party_name": document.party_name,
        "party_id": document.party_id,
        "currency": document.currency,
        "amount": still,
        "allocations": parts,
    }


def _goes_on() -> bool:
    return request.method == "POST" and request.form.get("then") in ("documents", "fill", "look")


def _open_documents(
    actor: Actor, direction: Any, party: Any, currency: Any
) -> tuple[list[Row], list[Row]]:
    """Return a party's open documents in a currency, and its other open documents.

    The documents of the second list are in other currencies. In both lists the earliest due date is
    first. A row of the second list also has `booked_rate` (the booked exchange rate as text, or
    None), `base` (the base currency of the exchange rate of the day that the user may enter),
    `can_be` (True if the payment can settle the document), and `is_beyond` (True if neither the
    document nor the payment is in the currency of the ledger).
    """
    if currency not in currency_codes():
        return [], []
    kind: Kind = "payable" if direction == "out" else "receivable"
    reader = SessionReader(db.session)
    rows = open_of_party(reader, kind, party)
    alike = [row for row in rows if row["currency"] == currency][: settling.PARTS_MAX]
    others = [row for row in rows if row["currency"] != currency][: settling.PARTS_MAX]
    rates = (
        allocation_queries.booked_rates(reader, kind, [row["id"] for row in others])
        if others
        else {}
    )
    foreign = []
    for row in others:
        booked = rates.get(row["id"])
        base = currency if row["currency"] == actor.currency else row["currency"]
        is_beyond = actor.currency not in (row["currency"], currency)
        can_be = row["currency"] == actor.currency or (bool(booked) and not is_beyond)
        facts = {
            "base": base,
            "booked_rate": rate_words(booked) if booked else None,
            "can_be": can_be,
            "is_beyond": is_beyond,
        }
        foreign += with_amounts([row | facts], row["currency"], "total", "open")
    return with_amounts(alike, currency, "total", "open"), foreign


def _fill(form: PaymentForm | AllocateForm, documents: list[Row], amount: Money) -> None:
    """Distribute an amount over documents, earliest due date first.

    `documents` are in the payment's currency. Amounts that the user entered for documents in
    another currency stay, and are deducted from `amount` first.
    """
    rows = [row for row in form.allocations.data if row["document_id"] in form.pairs]
    form.allocations.data = rows
    left = amount - form.allocations.total(amount.currency)
    spread = allocations.spread(
        left.amount_minor, [(row["id"], row["open_minor"]) for row in documents]
    )
    form.allocations.data = rows + [
        {"document_id": str(one), "amount": typed_amount(Money(minor, amount.currency))}
        for one, minor in spread
    ]


def _shown(row: Row) -> Row:
    """Return a payment row with its amounts as Money.

    `left` is the unused amount, and `given` is what the payer gave: the amount and the charge.
    """
    shown = with_amounts([row], row["currency"], *_SUMS)[0]
    left = shown["amount"] - shown["allocated"] - shown["refunded"]
    refunded = Money(0, row["currency"]) if row["reversed_on"] else shown["refunded"]
    return _with_means(shown) | {
        "amount": shown["amount"] - shown["tds"] - shown["charge"],
        "given": shown["amount"] - shown["tds"],
        "left": left,
        "refunded": refunded,
        "is_in": row["direction"] == "in",
    }


def _with_means(row: Row) -> Row:
    """Return a payment or refund with two texts for the page.

    `money_account` names its bank account, and `mode_words` its mode.
    """
    on = row["instrument_on"]
    words = mode_words(row, day(on, year=True) if on else "")
    return row | {"money_account": money_account(row), "mode_words": words}


def _settling(row: Row) -> Row:
    """Return an allocation row with the amount `settled`.

    `settled` is in the document's currency, or None if the payment has the same currency.
    """
    return row | {
        "settled": (
            None
            if row["settled_minor"] is None
            else Money(row["settled_minor"], row["document_currency"])
        )
    }
