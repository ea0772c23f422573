"""An agency moves to another cluster while its people work; nothing is lost."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa
from werkzeug.test import Client, TestResponse

from tests.kernel.filling import fill
from tests.people import PASSWORD, Person
from tests.placement import moving
from tests.placement.clusters import Cluster
from tests.placement.conftest import Installation, Owner
from tests.placement.directory import Placement
from tests.placement.moving import MoveFailed, census_of, move
from tests.placement.router import Router
from tests.worker import work_off
from voyagent.agencies.rules.manifest import AgencyManifest
from voyagent.agencies.service import importing
from voyagent.backup.rules.manifest import differences
from voyagent.enquiries import service as enquiries
from voyagent.identity.queries import people
from voyagent.kernel.actor import Channel
from voyagent.kernel.db import db
from voyagent.mail.tasks import see_to

CLIENTS = 3


@dataclass
class Work:
    """Requests of people while their agency moves.

    `names` has the customers of the acknowledged enquiries, `statuses` the number of responses by
    status.
    """

    names: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)


@contextmanager
def people_at_work(owner: Owner, routers: list[Router]) -> Iterator[Work]:
    """Record enquiries in several threads, also for a moment after the block."""
    work, is_over, lock = Work(), threading.Event(), threading.Lock()

    def record(number: int) -> None:
        for each in range(10_000):
            if is_over.is_set():
                return
            name = f"Customer {number}-{each}"
            router = routers[number % len(routers)]
            answer = owner.send("/enquiries", router, customer_name=name)
            with lock:
                work.statuses[answer.status_code] += 1
                if answer.status_code == 201:
                    work.names.append(name)
            time.sleep(0.02)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: len(work.names) >= 2 * CLIENTS)
        yield work
        before = len(work.names)
        wait_for(lambda: len(work.names) >= before + 2 * CLIENTS)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def fill_all_tables(owner: Owner) -> None:
    """Store a row of the agency in every table; the administrator has a new session."""
    app = owner.cluster.app
    user_id = app.extensions["voyagent.identity"].tokens.read(owner.access_token).user_id
    with owner.cluster.opened(owner.tenant_id):
        actor = replace(people.get_actor(user_id), fresh=True).via(Channel.API)
    person = Person(app, actor, owner.email, owner.access_token, owner.refresh_token)
    fill(person, partial(work_off, app, owner.cluster.settings))
    assert owner.sign_in().status_code == 200


def customers(cluster: Cluster, owner: Owner) -> set[str]:
    """Return the customers of the agency's enquiries that a cluster has stored."""
    statement = f"select customer_name from enquiries where tenant_id = '{owner.tenant_id}'"
    return {name for (name,) in cluster.ask(statement)}


def moved(owner: Owner, to: str, folder: Path, *others: Router) -> AgencyManifest:
    """Move an agency to a cluster; `others` are the routers of other processes."""
    installation = owner.installation
    return move(
        installation.directory,
        [installation.router, *others],
        owner.cluster,
        installation.clusters[to],
        owner.tenant_id,
        folder,
    )


def another_process(installation: Installation, owner: Owner) -> Router:
    """Return the router of another process, with the placement of an agency."""
    router = Router(installation.directory, installation.clusters)
    assert owner.ask("/auth/me", router).status_code == 200
    return router


def test_an_agency_moves_while_its_people_work(installation: Installation, tmp_path: Path) -> None:
    owner = installation.sign_up_on("east").verified()
    fill_all_tables(owner)
    other, north = another_process(installation, owner), installation.clusters["north"]
    Client(installation.router).post(
        "/api/auth/request-password-reset", json={"email": owner.email}
    )
    work_off(owner.cluster.app, owner.cluster.settings)
    assert owner.send("/auth/send-verification-email").status_code == 200
    mailed = len(owner.cluster.mails(owner.email, "verify_email"))

    with people_at_work(owner, [installation.router, other]) as work:
        manifest = moved(owner, "north", tmp_path, other)

    placement = installation.directory.placement(owner.tenant_id)
    assert placement == Placement("north", 2, is_moving=False)
    assert set(work.statuses) == {201, 503}
    assert other.retries > 0
    assert set(work.names) <= customers(north, owner), "an acknowledged write is lost"
    at_source = census_of(owner.cluster, owner.tenant_id, manifest.census)
    assert differences(at_source, manifest.census) == [], "a wrong write"
    at_target = census_of(north, owner.tenant_id, manifest.census)
    assert at_target.balances == manifest.census.balances

    assert owner.ask("/auth/me").status_code == 200
    given = {"refresh_token": owner.refresh_token}
    assert Client(other).post("/api/auth/refresh", json=given).status_code == 200
    for cluster in (owner.cluster, north):
        with cluster.app.app_context():
            see_to.run(0)
        work_off(cluster.app, cluster.settings)
    assert len(owner.cluster.mails(owner.email, "verify_email")) == mailed
    assert len(north.mails(owner.email, "verify_email")) == 1


def test_a_process_with_an_old_placement_tries_again_once(
    installation: Installation, tmp_path: Path
) -> None:
    owner, clusters = installation.sign_up_on("east").verified(), installation.clusters
    key = owner.send("/auth/api-keys", name="Site").json["key"]
    browser = Client(installation.router)
    page = browser.get("/sign-in").text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    given = {"csrf_token": token[1], "email": owner.email, "password": PASSWORD}
    assert browser.post("/sign-in", data=given).status_code == 303
    old = installation.directory.placement(owner.tenant_id)
    assert old is not None
    manifest = moved(owner, "west", tmp_path)

    def with_old_placement() -> Router:
        router = Router(installation.directory, clusters)
        router.cache(owner.tenant_id, old)
        return router

    acts: list[Callable[[Router], TestResponse]] = [
        lambda router: owner.ask("/auth/me", router),
        lambda router: owner.send("/enquiries", router, customer_name="Deepa Krishnan"),
        lambda router: Client(router).get(
            "/api/auth/me", headers={"Authorization": f"Bearer {key}"}
        ),
        lambda router: Client(router).post(
            "/api/auth/refresh", json={"refresh_token": owner.refresh_token}
        ),
        lambda router: Client(router).post(
            "/api/auth/request-password-reset", json={"email": owner.email}
        ),
        lambda router: owner.sign_in(router=router),
    ]
    for act in acts:
        router = with_old_placement()
        assert act(router).status_code in {200, 201}
        assert (list(router.served), router.retries) == (["west"], 1)
    browser.application = router = with_old_placement()
    assert browser.get("/account").status_code == 200
    assert (list(router.served), router.retries) == (["west"], 1)
    at_source = census_of(owner.cluster, owner.tenant_id, manifest.census)
    assert differences(at_source, manifest.census) == []


def test_the_move_waits_for_a_request_that_has_begun(
    installation: Installation, tmp_path: Path
) -> None:
    owner, west = installation.sign_up_on("east"), installation.clusters["west"]
    has_begun, may_end, create = threading.Event(), threading.Event(), enquiries.create

    def create_slowly(*arguments: Any, **keywords: Any) -> Any:
        has_begun.set()
        assert may_end.wait(10)
        return create(*arguments, **keywords)

    with (
        mock.patch.object(enquiries, "create", create_slowly),
        ThreadPoolExecutor(2) as threads,
    ):
        request = threads.submit(owner.send, "/enquiries", customer_name="Deepa Krishnan")
        assert has_begun.wait(10)
        moves = threads.submit(moved, owner, "west", tmp_path)
        wait_for(lambda: not owner.cluster.serves(owner.tenant_id))
        assert owner.ask("/auth/me").status_code == 503
        assert owner.tenant_id not in west.agencies()
        may_end.set()
        assert request.result().status_code == 201
        moves.result()
    assert customers(west, owner) == {"Deepa Krishnan"}


def test_an_agency_whose_move_fails_works_where_it_was(
    installation: Installation, tmp_path: Path
) -> None:
    owner = installation.sign_up_on("east")
    with owner.cluster.owner() as connection:
        connection.execute(
            "insert into procrastinate_jobs (task_name, queue_name, args, status) values"
            " ('chat.run_turn', 'default', jsonb_build_object('tenant_id', %s::text), 'doing')",
            (str(owner.tenant_id),),
        )
    with (
        mock.patch.object(moving, "WAIT_S", 0.2),
        pytest.raises(MoveFailed, match="jobs of the agency did not end"),
    ):
        moved(owner, "west", tmp_path)
    owner.cluster.ask("delete from procrastinate_jobs where status = 'doing' returning 1")
    error = RuntimeError("the target is away")
    with (
        mock.patch.object(importing, "import_agency", side_effect=error),
        pytest.raises(RuntimeError, match="the target is away"),
    ):
        moved(owner, "west", tmp_path)
    placement = installation.directory.placement(owner.tenant_id)
    assert placement == Placement("east", 1, is_moving=False)
    assert owner.send("/enquiries", customer_name="Deepa Krishnan").status_code == 201
    assert installation.clusters_with(owner.tenant_id) == ["east"]


def test_an_agency_is_not_opened_if_its_source_was_written_to(
    installation: Installation, tmp_path: Path
) -> None:
    owner, import_agency = installation.sign_up_on("east"), importing.import_agency

    def import_late(*arguments: Any) -> Any:
        with owner.cluster.opened(owner.tenant_id):
            db.session.execute(sa.text("delete from one_time_tokens"))
        return import_agency(*arguments)

    with (
        mock.patch.object(importing, "import_agency", import_late),
        pytest.raises(MoveFailed, match="rows of one_time_tokens differs"),
    ):
        moved(owner, "west", tmp_path)
    assert owner.ask("/auth/me").status_code == 503
    placement = installation.directory.placement(owner.tenant_id)
    assert placement == Placement("east", 1, is_moving=True)
    with pytest.raises(LookupError):
        moved(owner, "west", tmp_path)
