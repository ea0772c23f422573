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
    """Set the function that returns the application's object of a class.

    For example, the function returns the application's Keyring for the class `Keyring`. It must
    raise LookupError if there is no object of the class.
    """
    _finder[:] = [finder]


def find_port(kind: type[Port]) -> Port:
    """Return the application's object of a class, such as `Suppliers` or `Keyring`.

    Raises LookupError if the application has no such object for capabilities, and TypeError if the
    object that was found is not an instance of the class.
    """
    found = _finder[0](kind)
    if not isinstance(found, kind):
        raise TypeError(f"the object for {kind.__name__} is of another class: {found!r}")
    return found
