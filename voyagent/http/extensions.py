"""Parts of the installation, which the factory creates once."""

from __future__ import annotations

from typing import TypeVar

from flask import current_app

Part = TypeVar("Part")


def installed(kind: type[Part], name: str) -> Part:
    """Return the part of the running application that is called `voyagent.<name>`."""
    part = current_app.extensions[f"voyagent.{name}"]
    assert isinstance(part, kind)
    return part
