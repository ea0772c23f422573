"""Jobs and mails stay with their agency; one worker serves all clusters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import Client

from tests.placement.conftest import NAMES, Installation, Owner
from tests.placement.worker import working

WAIT_S = 30.0


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so, or fail."""
    last = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < last
        time.sleep(0.1)


def agencies_with_jobs(owner: Owner) -> set[str]:
    """Return the ids of the agencies that have jobs on an owner's cluster."""
    statement = "select args->>'tenant_id' from procrastinate_jobs where args ? 'tenant_id'"
    return {one for (one,) in owner.cluster.ask(statement)}


def ask_for_reset(owner: Owner) -> None:
    given = {"email": owner.email}
    path = "/api/auth/request-password-reset"
    assert Client(owner.installation.router).post(path, json=given).status_code == 200


def has_reset_mail(owner: Owner) -> bool:
    return bool(owner.cluster.mails(owner.email, "reset_password"))


@pytest.fixture(scope="module")
def asked(installation: Installation) -> list[Owner]:
    """The administrators of nine agencies, who wait for a mail; no worker runs yet."""
    some = [installation.sign_up_on(name) for name in NAMES for _ in range(3)]
    for owner in some:
        ask_for_reset(owner)
    return some


@pytest.fixture(scope="module")
def placed_jobs(asked: list[Owner]) -> list[tuple[str, set[str]]]:
    """The agency of each who has asked, and the agencies with jobs on its cluster."""
    return [(str(one.tenant_id), agencies_with_jobs(one)) for one in asked]


@pytest.fixture(scope="module")
def worker(installation: Installation, placed_jobs: list[tuple[str, set[str]]]) -> Iterator[None]:
    """A worker that serves all clusters."""
    with working(installation.clusters.values()):
        yield


def test_jobs_are_on_the_cluster_of_their_agency(
    installation: Installation, asked: list[Owner], placed_jobs: list[tuple[str, set[str]]]
) -> None:
    for owner, (tenant_id, there) in zip(asked, placed_jobs, strict=True):
        assert tenant_id in there
        assert there <= {str(one) for one in owner.cluster.agencies()}


def test_one_worker_sends_each_mail_once_and_from_its_cluster(
    installation: Installation, asked: list[Owner], worker: None
) -> None:
    until(lambda: all(map(has_reset_mail, asked)))
    for owner in asked:
        sent = {
            name: len(one.mails(owner.email, "reset_password"))
            for name, one in installation.clusters.items()
        }
        assert sent == dict.fromkeys(sent, 0) | {owner.cluster.label: 1}


def test_a_worker_goes_on_while_one_cluster_is_stopped(
    installation: Installation, worker: None
) -> None:
    waiting, *others = (installation.sign_up_on(name) for name in NAMES)
    with waiting.cluster.stopped():
        for owner in others:
            ask_for_reset(owner)
        until(lambda: all(map(has_reset_mail, others)))
    ask_for_reset(waiting)
    until(lambda: has_reset_mail(waiting))
