"""HTML pages of the assistant: the list and one conversation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, render_template, request, url_for
from flask_babel import gettext as _

from voyagent.assistant.api.stream import answer, following
from voyagent.assistant.forms import EditForm, RenameForm, SayForm
from voyagent.assistant.schemas import ConversationQuery, EventsQuery, IndexQuery
from voyagent.assistant.service import messages
from voyagent.assistant.views import screen
from voyagent.assistant.views.panels import AnsweringModel, answering
from voyagent.assistant.views.transcript import draft_card, given_fields, result_of, tool_head
from voyagent.capabilities.cards import day
from voyagent.capabilities.outputs import as_money
from voyagent.chat.queries import sessions as chats
from voyagent.chat.queries.sessions import SessionNotFound
from voyagent.chat.service import conversations as chat, turns
from voyagent.http.guards import Guard
from voyagent.http.htmx import see_other
from voyagent.http.intake import query_of
from voyagent.http.markdown import as_html
from voyagent.http.pages import PageBlueprint, toast
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.db import db
from voyagent.settings import queries as settings
from voyagent.trips.words import country_name

pages = PageBlueprint("assistant", __name__, guard=Guard.SIGNED_IN)
EXAMPLES = ("show new enquiries to Dubai", "who owes us more than 50,000", "trial balance")


@pages.page("/assistant", permission="chat.read")
def index(actor: Actor) -> Any:
    """Show the conversations and the form for a new conversation."""
    return _index(actor, SayForm(data={"message": query_of(IndexQuery).about}))


@pages.page("/assistant", methods=("POST",), permission="chat.write")
def begin(actor: Actor) -> Any:
    """Start a conversation with its first message."""
    form = SayForm()
    body = form.accepted()
    if body is None:
        return _index(actor, form)
    session_id = chat.create_session(actor).id
    messages.send(actor, session_id, message=body.message)
    return _to(session_id)


@pages.page("/assistant/<session_id>", permission="chat.read", missing=SessionNotFound)
def conversation(actor: Actor, session_id: UUID) -> Any:
    """Show a conversation."""
    return _conversation(actor, session_id, SayForm(data={"message": query_of(IndexQuery).about}))


@pages.page(
    "/assistant/<session_id>", methods=("POST",), permission="chat.write", missing=SessionNotFound
)
def say(actor: Actor, session_id: UUID) -> Any:
    """Send a message; if it cannot be sent, the form keeps the text."""
    form = SayForm()
    reply = form.attempt(
        lambda body: messages.send(actor, session_id, message=body.message),
        turn_in_progress="message",
    )
    return _conversation(actor, session_id, form) if reply is None else _to(session_id)


@pages.page("/assistant/<session_id>/events", permission="chat.read", missing=SessionNotFound)
def events(actor: Actor, session_id: UUID) -> Response:
    """Stream the events of a conversation that the page does not show yet."""
    chats.get_session(session_id)
    last_seen = request.headers.get("Last-Event-ID", "")
    shown = query_of(EventsQuery)
    after_seq = (
        int(last_seen)
        if last_seen.isascii() and last_seen.isdigit() and len(last_seen) < 18
        else shown.after
    )
    return answer(following(actor, session_id, after_seq, asked=shown.asked))


@pages.page(
    "/assistant/<session_id>/stop",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def stop(actor: Actor, session_id: UUID) -> Any:
    """Request the running turn to stop."""
    turns.request_stop(actor, session_id)
    return _to(session_id)


@pages.page(
    "/assistant/<session_id>/turns/<turn_id>/regenerate",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def regenerate(actor: Actor, session_id: UUID, turn_id: str) -> Any:
    """Regenerate the response of a turn."""
    messages.ask_again(actor, session_id, turn_id)
    return _to(session_id)


@pages.page(
    "/assistant/<session_id>/turns/<turn_id>/edit",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def edit(actor: Actor, session_id: UUID, turn_id: str) -> Any:
    """Replace the message of a turn."""
    form = EditForm()
    reply = form.attempt(
        lambda body: messages.ask_again(actor, session_id, turn_id, message=body.message),
        turn_in_progress="message",
    )
    return _conversation(actor, session_id, form) if reply is None else _to(session_id)


@pages.page(
    "/assistant/<session_id>/rename",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def rename(actor: Actor, session_id: UUID) -> Any:
    """Rename the conversation."""
    form = RenameForm()
    renamed = form.attempt(
        lambda wanted: chat.rename(actor, session_id, wanted.title),
        title_empty="title",
        title_too_long="title",
    )
    if renamed is None:
        return _conversation(actor, session_id, SayForm(formdata=None), form)
    toast(_("Renamed."))
    return _to(session_id)


@pages.page(
    "/assistant/<session_id>/delete",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def delete(actor: Actor, session_id: UUID) -> Any:
    """Delete the conversation; it can be restored for ten minutes."""
    title = chats.get_session(session_id).title or _("the conversation")
    chat.delete(actor, session_id)
    content = {
        "text": _("Deleted: %(title)s", title=title),
        "undo": url_for("assistant.restore", session_id=session_id),
    }
    flash(content, "undo")  # type: ignore[arg-type]  # the macro of toasts accepts a dict
    return see_other(url_for("assistant.index"))


@pages.page(
    "/assistant/<session_id>/restore",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def restore(actor: Actor, session_id: UUID) -> Any:
    """Restore a deleted conversation."""
    chat.restore(actor, session_id)
    toast(_("Conversation restored."))
    return _to(session_id)


@pages.page(
    "/assistant/<session_id>/cards/<card_id>/save",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def save_card(actor: Actor, session_id: UUID, card_id: str) -> Any:
    """Confirm the fields of a card."""
    messages.save_card(actor, session_id, card_id)
    return _to(session_id)


@pages.page(
    "/assistant/<session_id>/cards/<card_id>/discard",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def discard_card(actor: Actor, session_id: UUID, card_id: str) -> Any:
    """Discard the draft of a card."""
    messages.discard_card(actor, session_id, card_id)
    return _to(session_id)


@pages.page(
    "/assistant/<session_id>/cards/<card_id>/choose/<capability>",
    methods=("POST",),
    permission="chat.write",
    missing=SessionNotFound,
)
def choose_action(actor: Actor, session_id: UUID, card_id: str, capability: str) -> Any:
    """Start another action that a card offers."""
    messages.choose_action(actor, session_id, card_id, capability)
    return _to(session_id)


def _index(actor: Actor, form: SayForm) -> Any:
    wanted = query_of(IndexQuery)
    conversations = screen.read_conversations(
        SessionReader(db.session), actor, wanted.cursor, wanted.q
    )
    facts = {
        "form": form,
        "conversations": conversations,
        "examples": EXAMPLES,
        "session": None,
        "answering_model": _answering_model(actor),
    }
    return render_template("assistant/index.html", **facts), form.status


def _conversation(
    actor: Actor, session_id: UUID, form: SayForm | EditForm, naming: RenameForm | None = None
) -> Any:
    wanted = query_of(ConversationQuery)
    shown = screen.read(actor, session_id, first=wanted.first, superseded=wanted.branch == "all")
    naming = naming or RenameForm(formdata=None, data={"title": shown.session["title"] or ""})
    facts = {
        "screen": shown,
        "session": shown.session,
        "conversations": shown.conversations,
        "tool_head": tool_head,
        "given_fields": given_fields,
        "draft_card": draft_card,
        "result_of": result_of,
        "day_of": day,
        "as_money": as_money,
        "country_name": country_name,
        "as_html": as_html,
        "answering_model": _answering_model(actor),
    }
    return render_template("assistant/conversation.html", form=form, naming=naming, **facts), (
        422 if form.errors or naming.errors else 200
    )


def _answering_model(actor: Actor) -> AnsweringModel:
    return answering(settings.wanted_model(settings.get_settings()), clock.today(actor.timezone))


def _to(session_id: UUID) -> Any:
    return see_other(url_for("assistant.conversation", session_id=session_id))
