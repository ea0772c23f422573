"""An agency is on one cluster; addresses and keys are unique over all of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from unittest import mock

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.test import Client

from tests.people import PASSWORD
from tests.placement.conftest import NAMES, Installation, Owner
from tests.placement.directory import Directory
from voyagent.identity.models import User
from voyagent.identity.rules.keys import NewKey, new_key
from voyagent.identity.service import accounts, keys, profile, suspending
from voyagent.identity.service.errors import EmailAlreadyRegistered
from voyagent.kernel.actor import system_actor
from voyagent.kernel.db import db
from voyagent.kernel.keyring import Keyring

AGENCIES = 30
Sql = Callable[..., list[sa.Row[tuple[object, ...]]]]


@pytest.fixture
def sql(directory_engine: sa.Engine) -> Sql:
    """Run a statement in the database of the directory."""

    def run(statement: str, **values: object) -> list[sa.Row[tuple[object, ...]]]:
        with directory_engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return list(result) if result.returns_rows else []

    return run


@pytest.fixture(scope="module", autouse=True)
def owners(installation: Installation) -> list[Owner]:
    """The administrators of thirty agencies; the directory has chosen the clusters."""
    return [installation.sign_up() for _ in range(AGENCIES)]


@pytest.fixture
def east(installation: Installation) -> Owner:
    """The administrator of a new agency in the east."""
    return installation.sign_up_on("east")


def refused_on(installation: Installation, name: str, email: str) -> bool:
    """Return True if a sign-up on a cluster is refused because of the address."""
    given = {
        "email": email,
        "password": PASSWORD,
        "full_name": "Asha Owner",
        "agency_name": "Asha Travels",
    }
    answer = Client(installation.clusters[name].app).post("/api/auth/sign-up", json=given)
    assert answer.status_code in {201, 409}, answer.text
    if answer.status_code == 201:
        return False
    assert answer.json["detail"] == EmailAlreadyRegistered.code
    return True


def fresh_address() -> str:
    return f"fresh-{secrets.token_hex(5)}@example.com"


def make_old(sql: Sql) -> None:
    """Let all reservations be eleven minutes old."""
    sql("update logins set reserved_at = now() - interval '11 minutes'")


def test_a_new_agency_goes_to_the_cluster_with_the_fewest(
    installation: Installation, owners: list[Owner]
) -> None:
    sizes = [len(one.agencies()) for one in installation.clusters.values()]
    assert max(sizes) - min(sizes) <= 1
    assert {owner.cluster.label for owner in owners} == set(NAMES)
    assert all(installation.clusters_with(one.tenant_id) == [one.cluster.label] for one in owners)


def test_an_address_of_another_cluster_is_taken(installation: Installation, east: Owner) -> None:
    assert all(refused_on(installation, name, east.email) for name in NAMES)


def test_a_colleague_cannot_join_with_an_address_of_another_cluster(
    installation: Installation, east: Owner, verified: dict[str, Owner]
) -> None:
    west = verified["west"]
    made = west.send("/auth/invites", email=east.email, role="agent")
    token = made.json["invite_link"].partition("token=")[2]
    given = {"token": token, "password": PASSWORD, "full_name": "Dev Colleague"}
    answer = Client(installation.router).post("/api/auth/accept-invite", json=given)
    assert answer.json["detail"] == EmailAlreadyRegistered.code
    assert installation.router.served[-1] == "west"


def test_nobody_changes_to_an_address_of_another_cluster(
    installation: Installation, east: Owner, verified: dict[str, Owner]
) -> None:
    west = verified["west"]
    client, path = Client(installation.router), "/api/auth/profile"
    answer = client.patch(path, headers=west.headers, json={"email": east.email})
    assert answer.json["detail"] == EmailAlreadyRegistered.code
    assert installation.directory.agency_of_login(east.email) == east.tenant_id


def test_a_reservation_of_a_running_transaction_holds_the_address(
    installation: Installation, east: Owner, sql: Sql
) -> None:
    email = fresh_address()
    installation.directory.reserve_login(east.tenant_id, email)
    assert refused_on(installation, "east", email)
    assert refused_on(installation, "west", email)
    make_old(sql)
    assert not refused_on(installation, "west", email)


def test_a_sign_up_that_is_rolled_back_leaves_nothing(installation: Installation, sql: Sql) -> None:
    email, before = fresh_address(), sql("select * from placements order by 1")
    error = RuntimeError("after the account was stored")
    with mock.patch.object(accounts, "open_session", side_effect=error):
        answer = installation.try_sign_up(email)
    assert answer.status_code == 500
    assert sql("select * from placements order by 1") == before
    assert installation.directory.agency_of_login(email) is None


def test_a_change_of_address_that_is_rolled_back_reserves_nothing(
    installation: Installation, verified: dict[str, Owner]
) -> None:
    email, west = fresh_address(), verified["west"]
    error = RuntimeError("after the address was stored")
    with mock.patch.object(profile, "revoke_invites_to", side_effect=error):
        answer = Client(installation.router).patch(
            "/api/auth/profile", headers=west.headers, json={"email": email}
        )
    assert answer.status_code == 500
    assert installation.directory.agency_of_login(email) is None
    assert installation.directory.agency_of_login(west.email) == west.tenant_id


def test_an_account_keeps_its_address_if_the_confirmation_is_lost(
    installation: Installation, sql: Sql
) -> None:
    email, lost = fresh_address(), OperationalError("", None, Exception("the directory is away"))
    with (
        mock.patch.object(installation.directory, "by_size", return_value=["east"]),
        mock.patch.object(installation.directory, "confirm_login", side_effect=lost),
    ):
        owner = installation.sign_up(email)
    assert sql("select 1 from logins where state = 'pending' and tenant_id = :t", t=owner.tenant_id)
    make_old(sql)
    assert refused_on(installation, "west", email)
    given = {"email": email, "password": PASSWORD}
    answer = Client(installation.router).post("/api/auth/sign-in", json=given)
    assert answer.json["detail"] == "email_not_verified"
    assert installation.router.served[-1] == "east"


def test_the_address_of_a_removed_person_is_free_on_every_cluster(
    installation: Installation, east: Owner
) -> None:
    with east.cluster.opened(east.tenant_id):
        person = db.session.scalars(sa.select(User)).one()
        person.is_active = False
    assert not refused_on(installation, "west", east.email)
    with (
        pytest.raises(EmailAlreadyRegistered),
        east.cluster.opened(east.tenant_id),
    ):
        person = db.session.scalars(sa.select(User)).one()
        suspending.reinstate(
            east.cluster.app.extensions["voyagent.identity"], system_actor(east.tenant_id), person
        )


def test_an_address_of_a_stopped_cluster_is_not_given_away(
    installation: Installation, east: Owner
) -> None:
    given = {
        "email": east.email,
        "password": PASSWORD,
        "full_name": "Asha Owner",
        "agency_name": "Asha Travels",
    }
    with east.cluster.stopped():
        answer = Client(installation.clusters["west"].app).post("/api/auth/sign-up", json=given)
    assert answer.status_code == 503
    assert installation.directory.agency_of_login(east.email) == east.tenant_id


def test_a_prefix_of_another_cluster_is_not_used_for_a_key(
    installation: Installation, verified: dict[str, Owner]
) -> None:
    first = verified["east"].send("/auth/api-keys", name="Site").json["key"]
    taken, free = first.split("_")[1], new_key()
    made = iter([NewKey(taken, f"vy_{taken}_{'x' * 32}"), free])
    with mock.patch.object(keys, "new_key", side_effect=made):
        second = verified["west"].send("/auth/api-keys", name="Site").json["key"]
    assert second == free.text
    assert installation.directory.agency_of_key(free.prefix) == verified["west"].tenant_id


def test_addresses_are_hashed_with_secrets_that_can_be_rotated(
    installation: Installation, east: Owner, directory_engine: sa.Engine
) -> None:
    settings = east.cluster.settings
    changes = {
        "auth_secret": SecretStr("a-new-secret-" + "1" * 40),
        "auth_secrets_previous": settings.auth_secret,
    }
    rotated = Directory(
        directory_engine,
        Keyring(settings.model_copy(update=changes)),
        lambda _name, _email: True,
    )
    assert rotated.agency_of_login(east.email) == east.tenant_id
    with pytest.raises(IntegrityError, match="uq_users_email"):
        rotated.reserve_login(east.tenant_id, east.email)
    foreign = Keyring(settings.model_copy(update={"auth_secret": SecretStr("b" * 40)}))
    assert Directory(directory_engine, foreign, lambda *_: True).agency_of_login(east.email) is None
