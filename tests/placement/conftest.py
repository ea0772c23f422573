"""Agencies on three clusters, which are databases of the tests' server."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from unittest import mock
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from werkzeug.test import Client, TestResponse

from tests.backup.conftest import costly_n
from tests.conftest import fresh_database
from tests.people import PASSWORD
from tests.placement.clusters import Cluster, cluster_of, copy_database
from tests.placement.directory import Directory
from tests.placement.reservations import Reservations
from tests.placement.router import Router
from tests.worker import work_off
from voyagent.kernel.keyring import Keyring

__all__ = ["costly_n"]
NAMES = ("east", "north", "west")


@dataclass
class Installation:
    """Clusters by name, their directory, and a process that leads requests to them."""

    clusters: dict[str, Cluster]
    directory: Directory
    router: Router

    def sign_up(self, email: str | None = None, router: Router | None = None) -> Owner:
        """Sign up an agency and return its administrator."""
        email = email or f"owner-{secrets.token_hex(5)}@example.com"
        answer = self.try_sign_up(email, router)
        assert answer.status_code == 201, answer.text
        tenant_id = UUID(answer.json["user"]["tenant_id"])
        placement = self.directory.placement(tenant_id)
        assert placement is not None
        return Owner(
            self,
            tenant_id,
            self.clusters[placement.cluster],
            email,
            answer.json["access_token"],
            answer.json["refresh_token"],
        )

    def sign_up_on(self, name: str) -> Owner:
        """Sign up an agency on a cluster, and return its administrator."""
        with mock.patch.object(self.directory, "by_size", return_value=[name]):
            return self.sign_up()

    def try_sign_up(self, email: str, router: Router | None = None) -> TestResponse:
        """Return the response to a sign-up."""
        given = {
            "email": email,
            "password": PASSWORD,
            "full_name": "Asha Owner",
            "agency_name": f"Agency of {email}",
        }
        return Client(router or self.router).post("/api/auth/sign-up", json=given)

    def clusters_with(self, tenant_id: UUID) -> list[str]:
        """Return the names of the clusters that have an agency."""
        return [name for name, one in self.clusters.items() if tenant_id in one.agencies()]


@dataclass
class Owner:
    """The administrator of an agency, at the time at which it was placed on a cluster."""

    installation: Installation
    tenant_id: UUID
    cluster: Cluster
    email: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers with the access token."""
        return {"Authorization": f"Bearer {self.access_token}"}

    def sign_in(self, password: str = PASSWORD, router: Router | None = None) -> TestResponse:
        """Sign in, keep the new tokens if there are any, and return the response."""
        given = {"email": self.email, "password": password}
        client = Client(router or self.installation.router)
        answer = client.post("/api/auth/sign-in", json=given)
        if answer.status_code == 200:
            self.access_token = answer.json["access_token"]
            self.refresh_token = answer.json["refresh_token"]
        return answer

    def ask(self, path: str, router: Router | None = None) -> TestResponse:
        """Return the response to a GET request of the API with the access token."""
        return Client(router or self.installation.router).get(f"/api{path}", headers=self.headers)

    def send(self, path: str, router: Router | None = None, **body: object) -> TestResponse:
        """Return the response to a POST request of the API with the access token."""
        client = Client(router or self.installation.router)
        return client.post(f"/api{path}", headers=self.headers, json=body)

    def mailed_token(self, kind: str) -> str:
        """Return the token in the newest mail of a kind, after the jobs of the cluster."""
        work_off(self.cluster.app, self.cluster.settings)
        return self.cluster.mails(self.email, kind)[-1].token

    def verified(self) -> Owner:
        """Confirm the address of the administrator with the mailed link."""
        answer = self.send("/auth/verify-email", token=self.mailed_token("verify_email"))
        assert answer.status_code == 200, answer.text
        return self


@pytest.fixture(scope="package")
def clusters(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Cluster]]:
    """Three clusters with the same secrets."""
    with ExitStack() as stack:
        made: dict[str, Cluster] = {}
        for name in NAMES:
            folder = tmp_path_factory.mktemp(name)
            # One database is migrated, and the others are copies of it, which is faster.
            filling = (partial(copy_database, made[NAMES[0]]),) if made else ()
            given = fresh_database(server_urls, folder / "data", *filling)
            settings = stack.enter_context(given)
            made[name] = cluster_of(
                name,
                settings,
                folder,
                auth_skip_email_verification=False,
                audit_signing_key=SecretStr(base64.b64encode(bytes(32)).decode()),
            )
        yield made


@pytest.fixture(scope="package")
def directory_engine(server_urls: tuple[str, str]) -> Iterator[sa.Engine]:
    """Connections to the database of the directory."""
    name, url = f"directory_{secrets.token_hex(6)}", sa.make_url(server_urls[0])
    owner = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with owner.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    engine = sa.create_engine(url.set(database=name))
    yield engine
    engine.dispose()
    with owner.connect() as connection:
        connection.execute(sa.text(f"drop database {name} with (force)"))


@pytest.fixture(scope="package")
def installation(
    clusters: dict[str, Cluster], directory_engine: sa.Engine
) -> Iterator[Installation]:
    """The clusters behind a router; the directory has no agency yet."""
    directory = Directory(
        directory_engine,
        Keyring(clusters["east"].settings),
        lambda name, email: clusters[name].has_account(email),
    )
    directory.create({name: one.settings.db_url or "" for name, one in clusters.items()})
    with Reservations(directory).listening():
        yield Installation(clusters, directory, Router(directory, clusters))


@pytest.fixture(scope="package")
def verified(installation: Installation) -> dict[str, Owner]:
    """The administrator of one agency of each cluster, with a confirmed address."""
    return {name: installation.sign_up_on(name).verified() for name in NAMES}
