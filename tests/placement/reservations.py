"""Reservations in the directory, made by listeners of the database session.

An address or a prefix is reserved before the flush that stores it, so no service has to know of it.
The reservation is confirmed after the commit, or released after the rollback.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.placement.directory import Directory
from voyagent.identity.models import ApiKey, Tenant, User
from voyagent.kernel.db import db
from voyagent.kernel.tenancy import current_tenant

CLUSTER = "placement.cluster"
"""Extension of an application with the name of its cluster."""
_LOGINS, _AGENCY = "reserved_logins", "placed_agency"


class Reservations:
    """Listeners for the sessions of all applications that have a cluster."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Make the reservations of the sessions of this process, until the block ends."""
        listeners = {
            "before_flush": self._reserve,
            "after_commit": self._confirm,
            "after_rollback": self._release,
        }
        for name, listener in listeners.items():
            sa.event.listen(db.session, name, listener)
        try:
            yield
        finally:
            for name, listener in listeners.items():
                sa.event.remove(db.session, name, listener)

    def _reserve(self, session: Session, *_: object) -> None:
        cluster = current_app.extensions.get(CLUSTER)
        if cluster is None:
            return
        for row in session.new:
            if isinstance(row, Tenant):
                self._directory.place(row.id, cluster)
                session.info[_AGENCY] = row.id
            elif isinstance(row, ApiKey):
                self._directory.reserve_key(current_tenant(session), row.prefix)
        for row in [*session.new, *session.dirty]:
            if isinstance(row, User) and _takes_address(row):
                made = self._directory.reserve_login(current_tenant(session), row.email)
                session.info.setdefault(_LOGINS, []).append(made)

    def _confirm(self, session: Session) -> None:
        if session.in_nested_transaction():
            return  # only a savepoint ends
        session.info.pop(_AGENCY, None)
        with suppress(OperationalError):  # the account is stored; the reservation stays pending
            for reservation in session.info.pop(_LOGINS, []):
                self._directory.confirm_login(reservation)

    def _release(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        for reservation in session.info.pop(_LOGINS, []):
            self._directory.release_login(reservation)
        agency = session.info.pop(_AGENCY, None)
        if agency is not None:
            self._directory.forget(agency)


def _takes_address(user: User) -> bool:
    """Return True if a flush gives the address of a user to an active account."""
    changes = sa.inspect(user).attrs
    return user.is_active is not False and (
        changes.email.history.has_changes() or changes.is_active.history.has_changes()
    )
