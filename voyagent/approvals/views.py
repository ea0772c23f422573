"""HTML pages of proposals: the inbox, the history and the review of one proposal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from flask_babel import gettext as _

from voyagent.approvals import queries
from voyagent.approvals.forms.decisions import DecideForm, DecideSeveralForm
from voyagent.approvals.forms.editing import Sheet
from voyagent.approvals.models import Approval
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.approvals.schemas import review
from voyagent.approvals.schemas.proposals import ChosenQuery, HistoryQuery, SeenQuery
from voyagent.approvals.service import deciding, effects, limits, proposing, showing
from voyagent.approvals.service.deciding import BATCH_MAX
from voyagent.approvals.words.approver_labels import approvers_in_words, other_approvers_in_words
from voyagent.http.guards import Guard
from voyagent.http.htmx import is_htmx, see_other
from voyagent.http.intake import query_of
from voyagent.http.pages import PageBlueprint, menu_count, toast, translated
from voyagent.http.template_filters import day, status_style
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.canonical import digest
from voyagent.kernel.database.read_pool import Reader, RequestReader, Row, SessionReader
from voyagent.kernel.db import db
from voyagent.kernel.money import Money

pages = PageBlueprint("approvals", __name__, guard=Guard.SIGNED_IN)
menu_count("approvals_waiting")(queries.waiting_count)
_A_DAY = timedelta(hours=24)
PAGE = 50
MENU_ENTRY = "nav-approvals"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Reason why a user cannot approve a proposal."""

    why: str
    may_reject: bool = True


@pages.page("/approvals", permission="approval.read")
def index(reader: RequestReader) -> Any:
    """Show pending proposals and today's decisions, or with `?status=` the history."""
    if is_htmx() and request.headers.get("HX-Target") == MENU_ENTRY:
        reader.authenticate()
        return render_template("approvals/_waiting.html")
    query = query_of(HistoryQuery)
    if query.status is not None:
        page = queries.list_approvals(reader, status=query.status, limit=PAGE, offset=query.offset)
        return render_template(
            "approvals/history.html", history=page, asked=query, address=_history_address
        )
    waiting, decided = reader.read(
        queries.waiting_statement(), queries.decided_statement(clock.now() - _A_DAY)
    )
    inbox = _inbox_of(waiting, decided, reader.authenticate(), query.open)
    if is_htmx() and query.seen == inbox["inbox_mark"]:
        return "", 204
    return render_template("approvals/list.html", **inbox)


@pages.page("/approvals/several", permission="approval.resolve")
def several(actor: Actor) -> Any:
    """Show the selected proposals before they are decided together."""
    return _several(actor, query_of(ChosenQuery).chosen, DecideSeveralForm())


@pages.page("/approvals/several", methods=("POST",), permission="approval.resolve")
def decide_several(actor: Actor) -> Any:
    """Decide the selected proposals independently and show each result."""
    form = DecideSeveralForm()
    decision = form.accepted()
    if decision is None:
        return (
            _several(actor, [one.partition(":")[0] for one in _sent()[:BATCH_MAX]], form),
            form.status,
        )
    answered = deciding.resolve_each(actor, decision.decisions())
    rows = {
        row["id"]: row
        for row in _reader().read(queries.several_statement([one.approval_id for one in answered]))[
            0
        ]
    }
    outcomes = [
        (
            rows.get(one.approval_id),
            translated(one.refusal.message) if one.refusal is not None else "",
        )
        for one in answered
    ]
    return render_template(
        "approvals/results.html", outcomes=outcomes, granted=decision.granted, **_inbox(actor)
    )


@pages.page("/approvals/<approval_id>", permission="approval.read", missing=ApprovalNotFound)
def detail(actor: Actor, approval_id: str) -> Any:
    """Show a proposal with its preview."""
    facts = _review(actor, approval_id)
    if (
        is_htmx()
        and facts["approval"]["status"] == "pending"
        and query_of(SeenQuery).seen == facts["mark"]
    ):
        return "", 204
    fragment = {"review": "approvals/_review.html", "decide": "approvals/_decide.html"}.get(
        request.headers.get("HX-Target", "")
    )
    if is_htmx() and fragment is not None:
        return render_template(fragment, **facts)
    return render_template("approvals/detail.html", **facts, **_inbox(actor, approval_id))


@pages.page(
    "/approvals/<approval_id>/decide",
    methods=("POST",),
    permission="approval.resolve",
    missing=ApprovalNotFound,
)
def decide(actor: Actor, approval_id: str) -> Any:
    """Approve or decline a proposal.

    For an irreversible act a confirmation page is shown first. If the proposal has changed since
    the page showed it, nothing is decided.
    """
    form = DecideForm()
    decision = form.accepted()
    if decision is None:
        return (
            render_template(
                "approvals/detail.html",
                **_review(actor, approval_id, form, step="reject"),
                **_inbox(actor, approval_id),
            ),
            form.status,
        )
    if decision.granted and not decision.confirmed and _is_final(queries.get_approval(approval_id)):
        return see_other(url_for("approvals.detail", approval_id=approval_id, step="grant"))
    decided = form.attempt(
        lambda body: deciding.resolve(
            actor, approval_id, granted=body.granted, reason=body.reason, seen=body.shown
        ),
        preview_stale="",
    )
    if decided is None:
        toast(form.form_errors[-1], kind="error")
        return see_other(
            url_for(
                "approvals.detail",
                approval_id=queries.get_approval(approval_id).superseded_by or approval_id,
            )
        )
    toast(_("Approved. In progress.") if decision.granted else _("Declined. Nothing was done."))
    return see_other(url_for("approvals.detail", approval_id=approval_id))


@pages.page(
    "/approvals/<approval_id>/edit",
    methods=("POST",),
    permission="approval.resolve",
    missing=ApprovalNotFound,
)
def edit(actor: Actor, approval_id: str) -> Any:
    """Edit the arguments of a proposal, then show its new preview."""
    sheet = _sheet(queries.get_approval(approval_id), request.form)
    edited = sheet.attempt(
        lambda arguments: proposing.edit(
            actor, approval_id, arguments, seen=request.form.get("shown") or None
        )
    )
    if edited is None:
        return (
            render_template(
                "approvals/detail.html",
                **_review(actor, approval_id, step="edit", sheet=sheet),
                **_inbox(actor, approval_id),
            ),
            422,
        )
    toast(_("Saved. Review the changes below. Nothing has been done yet."))
    if sheet.understood:
        toast(
            "; ".join(
                _("“%(words)s” was read as %(meaning)s", words=words, meaning=meaning)
                for words, meaning in sheet.understood
            )
            + "."
        )
    return see_other(url_for("approvals.detail", approval_id=approval_id))


def _several(actor: Actor, chosen: list[str], form: DecideSeveralForm) -> str:
    rows = [
        row
        for row in _reader().read(queries.several_statement(chosen))[0]
        if row["status"] == "pending"
    ]
    for row in rows:
        row["worth"] = (
            None if row["currency"] is None else Money(row["amount_minor"], row["currency"])
        )
    items = [
        (row, review.changes_of(row["preview"] or {}, translated, day), queries.mark_of(row))
        for row in rows
    ]
    return render_template(
        "approvals/several.html",
        asked=[(*one, _obstacle(actor, one[0]["id"], one[1])) for one in items],
        form=form,
        **_inbox(actor),
    )


def _sent() -> list[str]:
    return request.form.getlist("chosen") + request.form.getlist("rejectable")


def _obstacle(actor: Actor, approval_id: str, changes: review.Changes) -> Obstacle | None:
    """Return the reason why this user cannot approve the proposal, or None."""
    approval = queries.get_approval(approval_id)
    if not limits.may_decide(actor, approval):
        known = effects.find(approval.tool_name) is not None
        return Obstacle(
            (
                approvers_in_words(limits.who_may_grant(approval))
                if known
                else str(_("Your role can’t approve requests."))
            ),
            may_reject=False,
        )
    if limits.needs_another(actor, approval):
        return Obstacle(other_approvers_in_words(limits.who_else_may_grant(approval)))
    if limits.above_limit(actor, approval):
        return Obstacle(_approvers(approval, is_above_own=True))
    return Obstacle(str(_("This can’t be done now."))) if changes.is_refused else None


def _review(
    actor: Actor,
    approval_id: str,
    form: DecideForm | None = None,
    step: str = "",
    sheet: Sheet | None = None,
) -> Row:
    approval = queries.get_approval(approval_id)
    row = queries.get_row(_reader(), approval_id)
    pending = row["status"] == "pending"
    needs_another = pending and limits.needs_another(actor, approval)
    arguments = showing.arguments_of(approval)
    return {
        "approval": row,
        "tool": effects.find(approval.tool_name),
        "changes": review.changes_of(
            showing.preview(actor, approval) if pending else {}, translated, day
        ),
        "arguments": review.arguments_in_words(arguments, row["currency"], day),
        "mark": queries.mark_of(row),
        "differences": review.differences(
            approval.original_payload or {}, arguments, row["currency"], day
        ),
        "results": review.results_in_words(
            approval.effect_result or {}, lambda status: str(status_style(status).word), day
        ),
        "failure": translated(review.failure_in_words(approval.effect_error)),
        "may_decide": pending and limits.may_decide(actor, approval),
        "needs_another": needs_another,
        "others": other_approvers_in_words(limits.who_else_may_grant(approval))
        if needs_another
        else "",
        "above_limit": pending and limits.above_limit(actor, approval),
        "approvers": (
            _approvers(approval, is_above_own=limits.may_decide(actor, approval)) if pending else ""
        ),
        "sheet": (
            (sheet or _sheet(approval)) if pending and limits.may_edit(actor, approval) else None
        ),
        "step": (step or request.args.get("step", "")) if pending else "",
        "form": form or DecideForm(),
        "next_waiting": _next_waiting(approval_id) if not is_htmx() else None,
    }


def _approvers(approval: Approval, *, is_above_own: bool) -> str:
    return approvers_in_words(
        limits.who_may_grant(approval),
        is_above_own=is_above_own,
        is_unknown=limits.amounts_of(approval) is None,
    )


def _sheet(approval: Approval, sent: Mapping[str, str] | None = None) -> Sheet:
    """Return the form of a proposal's arguments."""
    lines = (approval.preview or {}).get("lines", [])
    return Sheet.of(
        showing.arguments_of(approval), sent, [f"{line['code']} {line['name']}" for line in lines]
    )


def _inbox(actor: Actor, approval_id: str | None = None) -> Row:
    waiting, decided = _reader().read(
        queries.waiting_statement(), queries.decided_statement(clock.now() - _A_DAY)
    )
    return _inbox_of(waiting, decided, actor, approval_id)


def _inbox_of(waiting: list[Row], decided: list[Row], actor: Actor, approval_id: str | None) -> Row:
    """Return the contents of the inbox, and a hash of them in `inbox_mark`."""
    today = _of_today(decided, actor)
    shown = [[row["id"] for row in waiting], [[row["id"], row["state"]] for row in today]]
    return {
        "waiting": waiting,
        "decided": today,
        "open_id": approval_id,
        "inbox_mark": digest(shown),
    }


def _next_waiting(approval_id: str) -> str | None:
    others = [
        row["id"]
        for row in _reader().read(queries.waiting_statement())[0]
        if row["id"] != approval_id
    ]
    return others[0] if others else None


def _of_today(rows: list[Row], actor: Actor) -> list[Row]:
    zone = ZoneInfo(actor.timezone)
    today = clock.today(actor.timezone)

    def ended(row: Row) -> datetime:
        return row["resolved_at"] or row["expires_at"]

    return [row for row in rows if ended(row).astimezone(zone).date() == today]


def _is_final(approval: Approval) -> bool:
    effect = effects.find(approval.tool_name)
    return effect is not None and not effect.reversible


def _history_address(query: HistoryQuery, **changes: Any) -> str:
    values = {"status": query.status, "offset": query.offset} | changes
    return (
        url_for("approvals.index")
        + "?"
        + urlencode({name: value for name, value in values.items() if value})
    )


def _reader() -> Reader:
    return SessionReader(db.session)
