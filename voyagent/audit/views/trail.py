"""Pages of the audit trail: list, one event, state of the chain, CSV export."""

from __future__ import annotations

from typing import Any

from flask import make_response, render_template, request, url_for
from flask_babel import gettext as _

from voyagent.audit.exports import trail
from voyagent.audit.forms import ListQuery
from voyagent.audit.queries import events, statements
from voyagent.audit.service import checks
from voyagent.audit.views import presentation
from voyagent.http.files import csv_stream, open_snapshot, saved
from voyagent.http.guards import Guard
from voyagent.http.htmx import is_htmx, see_other
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import RequestReader, Row

pages = PageBlueprint("audit", __name__, guard=Guard.SIGNED_IN)


@pages.page("/audit", permission="audit.read")
def index(reader: RequestReader) -> Any:
    """Show the list of events; for a partial request return only the changed fragment."""
    query = ListQuery.read(request.args)
    if query.first or query.last:
        reader.authenticate()  # loads the agency, whose time zone the days need
    zone = reader.actor.timezone if reader.actor else "UTC"
    board = events.read_list_page(reader, query.search(zone), query.part(), query.open)
    facts = {"asked": query, "board": board, "screen": presentation, "chain": _chain(board.checks)}
    if not is_htmx():
        return render_template("audit/index.html", **facts), (
            422 if query.invalid or query.day_errors else 200
        )
    answer = make_response(render_template("audit/_list.html", swap_oob=True, **facts))
    answer.headers["HX-Push-Url"] = query.address(open=query.open)
    return answer


@pages.page("/audit/chain", permission="audit.read")
def chain(reader: RequestReader) -> Any:
    """Show only the state of the chain; the page polls it while a check runs."""
    found = events.read_checks(reader)
    if not is_htmx():
        return see_other(url_for(".index"))
    return render_template("audit/_chain.html", chain=_chain(found))


@pages.page("/audit/check", methods=("POST",), permission="audit.read")
def check(actor: Actor) -> Any:
    """Queue a check of the chain."""
    checks.ask(actor)
    toast(_("The chain is being checked. The result will appear at the top of this page."))
    return see_other(url_for(".index"))


@pages.page("/audit/export.csv", permission="audit.read")
def export_csv(actor: Actor) -> Any:
    """Export the filtered events as CSV; days are in the agency's time zone."""
    search = ListQuery.read(request.args).search(actor.timezone)
    file = trail.export(actor, search, open_snapshot)
    return csv_stream(file, trail.file_name(actor.tenant_id))


@pages.page("/audit/statement.json", permission="audit.read", missing=statements.StatementNotFound)
def statement(reader: RequestReader) -> Any:
    """Download the newest signed statement, exactly as it was signed."""
    newest = statements.read_newest(reader)
    name = f"audit-statement-{newest['number']}.json"
    return saved(f"{newest['document']}\n".encode(), name, "application/json")


def _chain(found: list[Row]) -> dict[str, Row | None]:
    """Return recent checks of the chain by state; each may be None.

    `running` has no result yet. `late` has no result after CHECK_TIMEOUT. `last` is the newest
    finished check.
    """
    newest = found[0] if found else None
    open_check = newest if newest is not None and newest["checked_at"] is None else None
    is_late = open_check is not None and clock.now() - open_check["asked_at"] > checks.CHECK_TIMEOUT
    return {
        "running": None if is_late else open_check,
        "late": open_check if is_late else None,
        "last": next((check for check in found if check["checked_at"] is not None), None),
    }
