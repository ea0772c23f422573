"""Access to the parts of the running application that the factory created."""

from __future__ import annotations

from typing import TypeVar

from flask import current_app

Part = TypeVar("Part")


def installed(kind: type[Part], name: str) -> Part:
    """Return the extension `voyagent.<name>`, of class `kind`, of the running app."""
    part = current_app.extensions[f"voyagent.{name}"]
    assert isinstance(part, kind)
    return part
