"""Offers, rates and bookings as JSON, to keep for a while and take up again unchanged."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

Value = TypeVar("Value")
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def as_payload(value: object) -> dict[str, Any]:
    """A value of `protocols` as JSON: strings, whole numbers, lists and objects, no floats."""
    return cast("dict[str, Any]", _adapter(type(value)).dump_python(value, mode="json"))


def from_payload(kind: type[Value], payload: dict[str, Any]) -> Value:
    """The value of that kind again. Raises pydantic's ValidationError for what is none."""
    return cast("Value", _adapter(kind).validate_python(payload))


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
