"""Validation errors of pydantic in the form that the API returns."""

from __future__ import annotations

from pydantic import ValidationError

NAME_MAX = 64


def problems(error: ValidationError, *place: str) -> list[dict[str, object]]:
    """Return pydantic's errors as `{type, loc, msg}`, without the invalid values.

    The parts of `place` are put before each `loc`.
    """
    return [
        {
            "type": item["type"],
            "loc": [
                *place,
                *(part[:NAME_MAX] if isinstance(part, str) else part for part in item["loc"]),
            ],
            "msg": str(item["msg"]).removeprefix("Value error, "),
        }
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]
