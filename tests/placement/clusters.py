"""Clusters of one installation, each with its own database and application."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.exc import OperationalError

from tests.backup.conftest import Site
from tests.mailbox import Received, received_in
from tests.placement.reservations import CLUSTER
from voyagent.factory import create_app
from voyagent.identity.queries import people
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.db_address import libpq_parameters


@dataclass
class Cluster(Site):
    """A cluster: the application of a process for one database."""

    label: str = ""

    @contextmanager
    def opened(self, tenant_id: UUID | None = None) -> Iterator[None]:
        """Run a block in one transaction of this cluster."""
        with self.app.app_context(), transaction(tenant_id):
            yield

    def has_account(self, email: str) -> bool:
        """Return True if an active account of this cluster has an address."""
        with self.opened():
            return people.email_taken(email)

    def serves(self, tenant_id: UUID) -> bool:
        """Return True if an agency works here, or if the cluster does not answer."""
        try:
            with self.opened(tenant_id):
                return db.session.scalar(sa.text("select is_active from tenants")) is True
        except OperationalError:
            return True  # the request itself gets the error

    def answers(self) -> bool:
        """Return True if the database accepts connections."""
        try:
            with self.opened():
                return db.session.scalar(sa.text("select true")) is True
        except OperationalError:
            return False

    def agencies(self) -> set[UUID]:
        """Return the ids of the agencies that are stored here."""
        return {one for (one,) in self.ask("select id from tenants")}

    def mails(self, to: str, kind: str) -> list[Received]:
        """Return the mails of a kind that the worker has sent from here to an address."""
        return received_in(self.settings.data_dir / "mail", to=to, kind=kind)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """End all connections of the database and refuse new ones, until the block ends."""
        self._allow_connections(is_allowed=False)
        try:
            self.end_sessions()
            yield
        finally:
            self._allow_connections(is_allowed=True)

    def _allow_connections(self, *, is_allowed: bool) -> None:
        statement = sql.SQL("alter database {} with allow_connections {}").format(
            sql.Identifier(self.name), sql.Literal(is_allowed)
        )
        with self.owner("postgres") as connection:
            connection.execute(statement)


def cluster_of(label: str, made: Settings, folder: Path, **changes: Any) -> Cluster:
    """Return a cluster on a migrated database."""
    settings = made.model_copy(update=changes)
    app = create_app(settings)
    app.extensions[CLUSTER] = label
    return Cluster(settings, app, folder, label)


def copy_database(source: Cluster, to: Settings) -> None:
    """Replace a new database by a copy of that of a cluster."""
    source.end_sessions()
    names = {
        "new": sql.Identifier(libpq_parameters(to.db_admin_url or "")["dbname"]),
        "old": sql.Identifier(source.name),
    }
    with source.owner("postgres") as connection:
        connection.execute(sql.SQL("drop database {new}").format(**names))
        connection.execute(sql.SQL("create database {new} template {old}").format(**names))
