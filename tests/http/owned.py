"""Agencies whose records are created once, for the tests that change none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from flask import Flask
from flask.testing import FlaskClient

from tests.http.operations import Addressed, made_by, makers_of
from tests.people import People, Person


@dataclass(frozen=True, eq=False)
class Owned:
    """An agency with the records that the paths of one kind name."""

    owner: Person
    ids: dict[str, object]

    @cached_property
    def browser(self) -> FlaskClient:
        """Return a browser in which the owner is signed in."""
        return self.owner.browser

    @cached_property
    def viewer(self) -> FlaskClient:
        """Return a browser in which a colleague with the role `viewer` is signed in."""
        people = People(self.owner.app)
        return people.colleague(self.owner, "Victor Viewer", role="viewer").browser


Ids = Callable[[Addressed], dict[str, object]]
Owner = Callable[[Addressed], Owned]


def owner_of(app: Flask) -> Owner:
    """Return a function that returns the agency with the records of a path.

    Each kind of path has an agency of its own: another test must not close its month, and its
    lists have no other records.
    """
    known: dict[tuple[object, ...], Owned] = {}

    def of(what: Addressed) -> Owned:
        makers = makers_of(what)
        kind = tuple(makers.items())
        if kind not in known:
            owner = People(app).sign_up("Alice Owner", agency="Alice Travels")
            known[kind] = Owned(owner, made_by(makers, owner))
        return known[kind]

    return of


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
