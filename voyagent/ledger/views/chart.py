"""HTML pages of the chart of accounts."""

from __future__ import annotations

from itertools import groupby
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money
from voyagent.kernel.pages import CursorPage, InvalidCursor
from voyagent.ledger.errors import AccountNotFound
from voyagent.ledger.forms.chart import (
    ERROR_FIELDS,
    AccountChangeForm,
    AccountForm,
    is_fixed,
)
from voyagent.ledger.queries import accounts
from voyagent.ledger.schemas.chart import AccountIn
from voyagent.ledger.service import chart
from voyagent.ledger.words import ACCOUNT_TYPES, SIDES

ROWS = 500
pages = PageBlueprint("chart", __name__, guard=Guard.SIGNED_IN)


@pages.page("/accounts", permission="ledger.read")
def index(reader: RequestReader) -> Any:
    """Show the accounts ordered by code, under a heading for each type.

    The query parameter `archived` is `1` for archived accounts only, `0` for active accounts only.
    """
    wanted = request.args.get("archived", "")
    archived = wanted if wanted in ("0", "1") else None
    after = request.args.get("after") or None
    found, is_invalid = _listed(reader, archived, after)
    filters: dict[str, Any] = {"archived": archived} if archived else {}
    facts = {
        "groups": [
            (ACCOUNT_TYPES[key], [_shown(row) for row in rows])
            for key, rows in groupby(found.items, key=lambda row: str(row["type"]))
        ],
        "tabs": [
            _tab(_("All"), None, archived),
            _tab(_("In use"), "0", archived),
            _tab(_("Archived"), "1", archived),
        ],
        "may_change": reader.authenticate().can("ledger.chart"),
        "first": url_for("chart.index", **filters) if after else None,
        "next_page": (
            url_for("chart.index", **filters, after=found.next_cursor)
            if found.next_cursor
            else None
        ),
    }
    return render_template(
        "ledger/accounts.html", invalid=is_invalid, **facts
    ), 422 if is_invalid else 200


@pages.page("/accounts/new", methods=("GET", "POST"), permission="ledger.chart")
def new(actor: Actor) -> Any:
    """Show and process the form that adds an account."""
    form = AccountForm()

    def act(body: AccountIn) -> UUID:
        return chart.add_account(
            actor,
            code=body.code,
            name=body.name,
            account_type=body.type,
            normal_side=body.normal_side,
        )

    if form.attempt(act, **ERROR_FIELDS) is None:
        return render_template("ledger/new_account.html", form=form), form.status
    toast(_("Account added."))
    return see_other(url_for("chart.index"))


@pages.page(
    "/accounts/<account_id>/edit",
    methods=("GET", "POST"),
    permission="ledger.chart",
    missing=AccountNotFound,
)
def edit(actor: Actor, account_id: UUID) -> Any:
    """Show and process the form that changes, archives or restores an account."""
    account = accounts.read_account(SessionReader(db.session), account_id)
    form = AccountChangeForm.of(account)
    if (
        form.attempt(
            lambda body: chart.change_account(actor, account_id, body.changes()), **ERROR_FIELDS
        )
        is None
    ):
        return (
            render_template(
                "ledger/edit_account.html",
                form=form,
                account=_shown(account),
                is_fixed=is_fixed(account),
            ),
            form.status,
        )
    toast(_("Saved."))
    return see_other(url_for("chart.index"))


def _listed(
    reader: RequestReader, archived: str | None, after: str | None
) -> tuple[CursorPage[Row], bool]:
    """Return the requested page of accounts, and True if the cursor is invalid."""
    is_active = None if archived is None else archived == "0"
    try:
        return accounts.list_accounts(reader, is_active=is_active, limit=ROWS, cursor=after), False
    except InvalidCursor:
        return accounts.list_accounts(reader, is_active=is_active, limit=ROWS), True


def _tab(label: str, key: str | None, here: str | None) -> Row:
    return {"label": label, "href": url_for("chart.index", archived=key), "here": key == here}


def _shown(row: Row) -> Row:
    balances = [
        Money(minor, currency) for currency, minor in sorted((row["balances"] or {}).items())
    ]
    return row | {
        "balances": balances,
        "type_words": ACCOUNT_TYPES[row["type"]],
        "side_words": SIDES[row["normal_side"]],
    }
