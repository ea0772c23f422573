"""HTML forms of a conversation: its messages and its name."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField

from voyagent.assistant.schemas import EditMessageRequest, SayIn, SessionRenameRequest
from voyagent.http.forms import SchemaForm


class SayForm(SchemaForm[SayIn]):
    """Form that sends a message to the assistant."""

    schema = SayIn

    message = TextAreaField(lazy_gettext("Message to the assistant"))


class EditForm(SchemaForm[EditMessageRequest]):
    """Form with a message that replaces another."""

    schema = EditMessageRequest

    message = TextAreaField(lazy_gettext("Message to the assistant"))


class RenameForm(SchemaForm[SessionRenameRequest]):
    """Form with a new name of the conversation."""

    schema = SessionRenameRequest

    title = StringField(lazy_gettext("Conversation name"))
