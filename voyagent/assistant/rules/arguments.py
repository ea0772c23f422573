"""Arguments of a capability as a model or a program writes them."""

from __future__ import annotations

import json
from typing import Any

from flask_babel import gettext
from pydantic import BaseModel, ValidationError

from voyagent.capabilities.capability import Capability, JsonObject
from voyagent.kernel.errors import N_, Invalid

FIELDS_MAX = 5
"""Number of wrong fields that a refusal names."""


class ArgumentsRefused(Invalid):
    """The input of the capability refuses the arguments; `detail` names the fields."""

    code = "invalid_arguments"
    message = N_("Some values are not valid. Check them and try again.")

    @property
    def told(self) -> str:
        """Return the sentence with the names of the fields."""
        return str(
            gettext(
                "Some values are not valid: %(fields)s. Check them and try again.",
                fields=self.detail,
            )
        )


def read(capability: Capability[Any], arguments: JsonObject) -> BaseModel:
    """Read arguments as strictly as a body of the API. Raises ArgumentsRefused."""
    try:
        wanted: BaseModel = capability.input.model_validate_json(json.dumps(arguments))
    except ValidationError as error:
        wrong = [
            ".".join(map(str, one["loc"])) or "arguments"
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise ArgumentsRefused(", ".join(list(dict.fromkeys(wrong))[:FIELDS_MAX])) from None
    return wanted
