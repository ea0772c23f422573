"""Types of JSON objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic import JsonValue

JsonMapping: TypeAlias = Mapping[str, JsonValue]
"""A JSON object that a function stores, sends or passes on."""
JsonObject: TypeAlias = dict[str, Any]
"""A JSON object whose reader knows its members, such as the output of a capability."""
