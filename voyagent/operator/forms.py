"""Forms of the operator's pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from pydantic import BaseModel
from wtforms import PasswordField

from voyagent.http.forms import SchemaForm
from voyagent.operator.schemas import OperatorSignIn


class OperatorSignInForm(SchemaForm[OperatorSignIn]):
    """Form that asks for the operator's token."""

    schema: ClassVar[type[BaseModel]] = OperatorSignIn
    sentences: ClassVar[dict[str, Any]] = {
        "token.missing": _("Enter the token."),
        "token.string_too_long": _("This is too long."),
    }
    token = PasswordField(_("Token"), description=_("The value of VOYAGENT_OPERATOR_TOKEN."))
