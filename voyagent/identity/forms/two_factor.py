"""Forms of two-factor authentication and of reauthentication."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import PasswordField, StringField

from voyagent.http.forms import SchemaForm
from voyagent.identity.schemas.two_factor import CodePage, ConfirmPage

_SENTENCES = {
    "password.missing": _("Enter your password."),
    "password.string_too_long": _("This is too long."),
    "code.missing": _("Enter the code."),
    "code.string_too_long": _("This is too long."),
}


class ConfirmForm(SchemaForm[ConfirmPage]):
    """The password, and a code if two-factor is on."""

    schema = ConfirmPage
    sentences = _SENTENCES
    password = PasswordField(_("Your password"))
    code = StringField(_("Code from your phone, or a recovery code"))


class CodeForm(SchemaForm[CodePage]):
    """A code."""

    schema = CodePage
    sentences = _SENTENCES
    code = StringField(_("Code"))
