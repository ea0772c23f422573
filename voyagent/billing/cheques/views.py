"""Pages of received cheques: the register, a new cheque, deposit and return."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.banking import queries as banking
from voyagent.billing.cheques import queries, service
from voyagent.billing.cheques.errors import ChequeNotDue, ChequeNotFound, ChequeNotHeld
from voyagent.billing.cheques.forms import (
    DEPOSITED,
    RECEIVED,
    RETURNED,
    ChequeForm,
    ChequeList,
    DepositForm,
    ReturnForm,
)
from voyagent.billing.cheques.schemas import ChequeIn, DepositIn, ReturnIn
from voyagent.billing.core.models.parts import OPEN
from voyagent.billing.core.views.blueprint import pages
from voyagent.billing.core.views.documents import not_now, open_of_party, with_amounts
from voyagent.billing.core.views.previews import is_preview, preview
from voyagent.billing.invoices.queries import documents as invoice_queries
from voyagent.billing.payments.service.payments import Side
from voyagent.billing.payments.service.settling import PARTS_MAX
from voyagent.http.account_names import account_name
from voyagent.http.forms import typed_amount
from voyagent.http.htmx import see_other
from voyagent.http.pages import toast
from voyagent.http.template_filters import today
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.ids import parse_id
from voyagent.kernel.money import Money
from voyagent.kernel.pages import page_or_first
from voyagent.parties import queries as parties


@pages.page("/payments/cheques", permission="billing.read")
def cheques(reader: RequestReader) -> Any:
    """Show the register of received cheques, with the sum of the held ones."""
    query = ChequeList.read(request.args)
    reader.authenticate()  # the agency's time zone determines today
    search = query.search_on(today())
    found, invalid = page_or_first(
        lambda cursor: queries.list_cheques(reader, search, cursor=cursor), query.place
    )
    wrong = query.invalid_labels(*invalid)
    return render_template(
        "cheques/list.html",
        asked=query,
        rows=[_shown(row) for row in found.items],
        totals=[
            Money(row["amount_minor"], row["currency"])
            for row in queries.held_totals(reader, search)
        ],
        older=found.next_cursor,
        invalid=wrong,
    ), (422 if wrong else 200)


@pages.page(
    "/payments/cheques/new", methods=("GET", "POST"), permission="payment.record", once=True
)
def new_cheque(actor: Actor) -> Any:
    """Record a cheque of a customer; the URL may name an invoice that it is for."""
    form = ChequeForm(actor.currency, data=_begun())
    form.offer_accounts(banking.open_accounts(SessionReader(db.session)))

    def act(body: ChequeIn) -> Any:
        fields = body.model_dump(exclude={"amount", "currency", "received_on"})
        return service.receive(actor, amount=body.money(), on=body.received_on, **fields)

    goes_on = request.form.get("then") == "documents"
    found = None if goes_on else form.attempt(act, **RECEIVED)
    if found is None:
        form.offer_parties()
        return render_template(
            "cheques/new.html",
            form=form,
            invoices=_open_invoices(form),
            known_names=parties.known_names("customer"),
        ), (200 if goes_on else form.status)
    toast(_("Cheque recorded. Nothing is posted until you deposit it."))
    return see_other(url_for("billing.cheque", cheque_id=found.id))


@pages.page("/payments/cheques/<cheque_id>", permission="billing.read", missing=ChequeNotFound)
def cheque(reader: Reader, cheque_id: UUID) -> Any:
    """Show a received cheque with its invoices."""
    found = queries.read_cheque(reader, cheque_id)
    return render_template(
        "cheques/cheque.html",
        cheque=_shown(found.cheque),
        invoices=with_amounts(found.invoices, found.cheque["currency"], "total"),
    )


@pages.page(
    "/payments/cheques/<cheque_id>/deposit",
    methods=("GET", "POST"),
    permission="payment.record",
    direct=True,
    missing=ChequeNotFound,
    once=True,
)
def deposit_cheque(actor: Actor, cheque_id: UUID) -> Any:
    """Show the postings of a deposit (GET), and record it (POST)."""
    url, found = url_for("billing.cheque", cheque_id=cheque_id), queries.get_cheque(cheque_id)
    if not found.is_held:
        return not_now(_(ChequeNotHeld.message), url)
    if found.cheque_on > today():
        return not_now(_(ChequeNotDue.message), url)
    form = DepositForm(data={"deposited_on": today(), "bank_account_id": found.bank_account_id})
    form.offer_accounts(banking.open_accounts(SessionReader(db.session), found.currency))

    def act(body: DepositIn) -> Any:
        return service.deposit(
            actor, cheque_id, on=body.deposited_on, bank_account_id=body.bank_account_id
        )

    def sides(body: DepositIn) -> list[Side]:
        return service.deposit_sides(
            actor, cheque_id, on=body.deposited_on, bank_account_id=body.bank_account_id
        )

    if is_preview() or form.attempt(act, **DEPOSITED) is None:
        facts = preview(form, sides, day_of=lambda body: body.deposited_on or today())
        shown = _shown(queries.read_cheque(SessionReader(db.session), cheque_id).cheque)
        return render_template("cheques/deposit.html", form=form, cheque=shown, **facts), (
            200 if is_preview() else form.status
        )
    toast(_("Cheque deposited. The payment is recorded."))
    return see_other(url)


@pages.page(
    "/payments/cheques/<cheque_id>/return",
    methods=("GET", "POST"),
    permission="payment.record",
    missing=ChequeNotFound,
)
def return_cheque(actor: Actor, cheque_id: UUID) -> Any:
    """Record that a held cheque is given back to the customer."""
    url = url_for("billing.cheque", cheque_id=cheque_id)
    if not queries.get_cheque(cheque_id).is_held:
        return not_now(_(ChequeNotHeld.message), url)
    form = ReturnForm(data={"returned_on": today()})

    def act(body: ReturnIn) -> Any:
        return service.give_back(actor, cheque_id, reason=body.reason, on=body.returned_on)

    if form.attempt(act, **RETURNED) is None:
        shown = _shown(queries.read_cheque(SessionReader(db.session), cheque_id).cheque)
        return render_template("cheques/return.html", form=form, cheque=shown), form.status
    toast(_("Cheque given back."))
    return see_other(url)


def _begun() -> dict[str, Any]:
    """Return the initial values of the form, some from the invoice that the URL names.

    Raises InvoiceNotFound.
    """
    begun: dict[str, Any] = {"received_on": today()}
    invoice_id = parse_id(request.args.get("invoice_id", ""))
    if invoice_id is None:
        return begun
    invoice = invoice_queries.get_invoice(invoice_id)
    if invoice.status not in OPEN:
        return begun
    return begun | {
        "party_name": invoice.party_name,
        "party_id": invoice.party_id,
        "currency": invoice.currency,
        "amount": typed_amount(Money(invoice.open_minor, invoice.currency)),
        "invoice_ids": [str(invoice.id)],
    }


def _open_invoices(form: ChequeForm) -> list[Row]:
    """Return the open invoices of the entered customer in the entered currency."""
    rows = open_of_party(SessionReader(db.session), "receivable", form.party_ref)
    alike = [row for row in rows if row["currency"] == form.currency.data][:PARTS_MAX]
    return with_amounts(alike, form.currency.data, "open") if alike else []


def _shown(row: Row) -> Row:
    """Return a cheque with its amount, and whether it can be deposited today."""
    return row | {
        "amount": Money(row["amount_minor"], row["currency"]),
        "bank_account_name": account_name(row["bank_account_name"]),
        "is_held": row["status"] == "received",
        "is_due": row["status"] == "received" and row["cheque_on"] <= today(),
    }
