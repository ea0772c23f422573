"""Pages of bank accounts in the settings: list, new, edit and close."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _

from voyagent.banking import queries, service
from voyagent.banking.errors import BankAccountNotFound
from voyagent.banking.forms import ERROR_FIELDS, BankAccountChangeForm, BankAccountForm
from voyagent.banking.models import BankAccount
from voyagent.banking.schemas import BankAccountIn, balances_of
from voyagent.banking.words import KIND_WORDS
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money

pages = PageBlueprint("banking", __name__, guard=Guard.SIGNED_IN)


@pages.page("/settings/bank-accounts", permission="ledger.read")
def index(reader: RequestReader) -> Any:
    """Show all bank accounts with their balances."""
    rows = service.listed(reader, reader.authenticate)
    return render_template("banking/list.html", rows=[_shown(row) for row in rows])


@pages.page("/settings/bank-accounts/new", methods=("GET", "POST"), permission=service.PERMISSION)
def new(actor: Actor) -> Any:
    """Show and process the form of a new bank account."""
    fit = queries.fit_accounts(SessionReader(db.session))
    form = BankAccountForm.begun(actor.currency, fit)

    def act(body: BankAccountIn) -> BankAccount:
        return service.open_account(
            actor,
            kind=body.kind,
            currency=body.currency,
            details=body.details(),
            account_id=body.account_id,
            opened_on=body.opened_on,
        )

    if form.attempt(act, **ERROR_FIELDS) is None:
        return render_template("banking/new.html", form=form), form.status
    toast(_("Bank account added."))
    return see_other(url_for("banking.index"))


@pages.page(
    "/settings/bank-accounts/<bank_account_id>/edit",
    methods=("GET", "POST"),
    permission=service.PERMISSION,
    missing=BankAccountNotFound,
)
def edit(actor: Actor, bank_account_id: UUID) -> Any:
    """Show and process the form that changes a bank account."""
    row = _shown(queries.read_account(SessionReader(db.session), bank_account_id))
    form = BankAccountChangeForm.of(queries.get_account(bank_account_id))
    changed = form.attempt(
        lambda body: service.change_account(actor, bank_account_id, body.details()),
        **ERROR_FIELDS,
    )
    if changed is None:
        return render_template("banking/edit.html", form=form, account=row), form.status
    toast(_("Saved."))
    return see_other(url_for("banking.index"))


@pages.page(
    "/settings/bank-accounts/<bank_account_id>/close",
    permission=service.PERMISSION,
    missing=BankAccountNotFound,
)
def ask_to_close(actor: Actor, bank_account_id: UUID) -> Any:  # noqa: ARG001 - not for readers
    """Ask before a bank account is closed."""
    row = queries.read_account(SessionReader(db.session), bank_account_id)
    return render_template("banking/close.html", account=_shown(row))


@pages.page(
    "/settings/bank-accounts/<bank_account_id>/close",
    methods=("POST",),
    permission=service.PERMISSION,
    missing=BankAccountNotFound,
)
def close(actor: Actor, bank_account_id: UUID) -> Any:
    """Close a bank account."""
    service.close_account(actor, bank_account_id)
    toast(_("Bank account closed."))
    return see_other(url_for("banking.index"))


def _shown(row: Row) -> Row:
    balances = [Money(one["minor"], one["currency"]) for one in balances_of(row)]
    return row | {"balances": balances, "kind_words": KIND_WORDS[row["kind"]]}
