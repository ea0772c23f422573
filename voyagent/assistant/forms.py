"""The forms of a conversation: what is said, and its name."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import StringField, TextAreaField

from voyagent.assistant.schemas import EditMessageRequest, SayIn, SessionRenameRequest
from voyagent.http.forms import SchemaForm


class SayForm(SchemaForm[SayIn]):
    """Words for the assistant."""

    schema = SayIn

    message = TextAreaField(lazy_gettext("Message to the assistant"))


class EditForm(SchemaForm[EditMessageRequest]):
    """Other words in the place of what was said."""

    schema = EditMessageRequest

    message = TextAreaField(lazy_gettext("Message to the assistant"))


class RenameForm(SchemaForm[SessionRenameRequest]):
    """Another name for a conversation."""

    schema = SessionRenameRequest

    title = StringField(lazy_gettext("Conversation name"))
