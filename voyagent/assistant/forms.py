"""Forms of a conversation: message and name."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField

from voyagent.assistant.schemas import EditMessageRequest, SayIn, SessionRenameRequest
from voyagent.http.forms import SchemaForm


class SayForm(SchemaForm[SayIn]):
    """A message to the assistant."""

    schema = SayIn

    message = TextAreaField(lazy_gettext("Message to the assistant"))


class EditForm(SchemaForm[EditMessageRequest]):
    """A message that replaces another."""

    schema = EditMessageRequest

    message = TextAreaField(lazy_gettext("Message to the assistant"))


class RenameForm(SchemaForm[SessionRenameRequest]):
    """A new name of a conversation."""

    schema = SessionRenameRequest

    title = StringField(lazy_gettext("Conversation name"))
