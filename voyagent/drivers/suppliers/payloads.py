"""Offers, rates and bookings as JSON objects, for storage in the database."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import JsonValue, TypeAdapter

from voyagent.kernel.json_values import JsonObject

Value = TypeVar("Value")
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def as_payload(value: object) -> JsonObject:
    """Return an offer, rate or booking as a JSON object without floats."""
    return cast("JsonObject", _adapter(type(value)).dump_python(value, mode="json"))


def from_payload(kind: type[Value], payload: JsonValue) -> Value:
    """Return an offer, rate or booking from the JSON object of `as_payload`.

    `kind` is the class of the result. Raises pydantic's ValidationError.
    """
    return cast("Value", _adapter(kind).validate_python(payload))


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
