"""Access of capabilities to outside systems and other objects of the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Port = TypeVar("Port")
Finder = Callable[[type[object]], object]


def _nothing(kind: type[object]) -> object:
    raise LookupError(kind.__name__)


_finder: list[Finder] = [_nothing]


def use_ports(finder: Finder) -> None:
    """Set the function that returns an object of the running application by its class.

    The function must raise LookupError for a class without an object.
    """
    _finder[:] = [finder]


def find_port(kind: type[Port]) -> Port:
    """Return the object that the running application has for a class.

    Raises LookupError if there is no such object, and TypeError if the object is not an instance of
    the class.
    """
    found = _finder[0](kind)
    if not isinstance(found, kind):
        raise TypeError(f"the object for {kind.__name__} is of another class: {found!r}")
    return found
