"""Validation of the arguments with which a model or a program calls a capability."""

from __future__ import annotations

import json
from typing import Any

from flask_babel import gettext
from pydantic import BaseModel, ValidationError

from voyagent.capabilities.capability import Capability
from voyagent.kernel.errors import N_, Invalid
from voyagent.kernel.json_values import JsonObject

FIELDS_MAX = 5
"""Maximum number of invalid fields that an error names."""


class ArgumentsRefused(Invalid):
    """The arguments do not match the input of the capability.

    `detail` has the names of the invalid fields.
    """

    code = "invalid_arguments"
    message = N_("Some values are not valid. Check them and try again.")

    @property
    def full_message(self) -> str:
        """Error message with the names of the invalid fields."""
        return str(
            gettext(
                "Some values are not valid: %(fields)s. Check them and try again.",
                fields=self.detail,
            )
        )


def read(capability: Capability[Any], arguments: JsonObject) -> BaseModel:
    """Return the input after validating arguments as strictly as a request body.

    Raises ArgumentsRefused.
    """
    try:
        inputs: BaseModel = capability.input.model_validate_json(json.dumps(arguments))
    except ValidationError as error:
        wrong = [
            ".".join(map(str, one["loc"])) or "arguments"
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise ArgumentsRefused(", ".join(list(dict.fromkeys(wrong))[:FIELDS_MAX])) from None
    return inputs
