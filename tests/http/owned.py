"""An agency whose records are created once, for tests that change none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient

from tests.http.operations import Addressed, made_by, makers_of
from tests.people import People, Person


@dataclass(frozen=True, eq=False)
class Owned:
    """An agency with the records that a path names.

    The owner is signed in in `browser`, a colleague with the role `viewer` in `viewer`.
    """

    owner: Person
    browser: FlaskClient
    viewer: FlaskClient
    ids: dict[str, object]


Ids = Callable[[Addressed], dict[str, object]]
Owner = Callable[[Addressed], Owned]


def owner_of(app: Flask) -> Owner:
    """Return a function that returns one agency with the records of a path.

    The records of each kind of path are created at its first use.
    """
    people = People(app)
    owner = people.sign_up("Alice Owner", agency="Alice Travels")
    viewer = people.colleague(owner, "Victor Viewer", role="viewer").browser
    browser, ids = owner.browser, records_of(owner)
    return lambda what: Owned(owner, browser, viewer, ids(what))


def records_of(owner: Person) -> Ids:
    """Return a function that returns one agency's records for a path."""
    known: dict[tuple[object, ...], dict[str, object]] = {}

    def of(what: Addressed) -> dict[str, object]:
        makers = makers_of(what)
        kind = tuple(makers.items())
        if kind not in known:
            known[kind] = made_by(makers, owner)
        return known[kind]

    return of
