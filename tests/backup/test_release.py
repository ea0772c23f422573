"""`flask release`: mails that wait are dropped or sent once, and the hold ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.backup.conftest import Site, site_of
from tests.people import Person
from voyagent.assistant.service import messages as assistant
from voyagent.drivers.mail.recording import Recording
from voyagent.kernel import clock


def leave_mail(site: Site, person: Person) -> None:
    """Queue a mail to a person."""
    with person.acting():
        site.app.extensions["voyagent.outbox"].send(
            to=person.email, kind="recovery_codes_changed", locale="en"
        )


@pytest.fixture(scope="module")
def original(
    server_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Person]]:
    """A restored installation in which an old and a new mail wait; its administrator."""
    with site_of(server_urls, tmp_path_factory.mktemp("original")) as site:
        alice = site.people().sign_up("Alice Owner", agency="Alice Travels")
        site.drain()
        leave_mail(site, alice)
        with site.owner() as owner:
            owner.execute("update mails set created_at = now() - interval '2 hours'")
        leave_mail(site, alice)
        file = site.folder / "backup.tar"
        assert site.back_up(file).exit_code == 0
        done = site.restore(file)
        assert done.exit_code == 0, done.output
        yield site, alice


@pytest.fixture
def site(original: tuple[Site, Person], tmp_path: Path) -> Site:
    """An installation of the test's own with a copy of the restored database."""
    return original[0].copied(tmp_path)


@pytest.fixture
def restored(original: tuple[Site, Person]) -> Person:
    """The administrator of the restored installation."""
    return original[1]


@pytest.fixture
def sent(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Mails that a worker of the restored installation sends from now on."""
    recording = Recording()
    monkeypatch.setattr("voyagent.factory.open_mail", lambda _settings: recording)
    site.people()
    return recording.sent


def statuses(site: Site) -> list[tuple[bool, bool]]:
    """Return if each mail was sent, and if it was given up, oldest first."""
    return site.ask("select sent_at is not null, failed_at is not null from mails order by id")


def test_mails_wait_during_the_hold_and_are_sent_once(site: Site, sent: list[Any]) -> None:
    site.drain()
    assert (sent, statuses(site)) == ([], [(False, False)] * 2)
    done = site.run("release", "--send-all")
    assert done.output.splitlines() == [
        "0 mails were dropped, 2 will be sent.",
        "The hold has ended.",
    ]
    site.drain()
    site.drain()
    assert len(sent) == 2
    assert statuses(site) == [(True, False)] * 2
    assert site.ask("select hold, held_since from installation") == [(None, None)]


def test_mails_from_before_a_time_are_dropped(site: Site, sent: list[Any]) -> None:
    time = f"{clock.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}"
    done = site.run("release", "--drop-mail-before", time)
    assert done.output.splitlines()[0] == "1 mails were dropped, 1 will be sent."
    site.drain()
    assert len(sent) == 1
    assert statuses(site) == [(False, True), (True, False)]
    assert site.ask("select last_error from mails where failed_at is not null") == [
        ("dropped_after_restore",)
    ]


def test_people_work_and_the_assistant_answers_after_the_release(
    site: Site, restored: Person
) -> None:
    alice = site.signed_in_again(restored)
    session_id = UUID(alice.api.post("/chat/sessions").json["session_id"])
    alice.does(assistant.send, session_id, message="how many enquiries are new")
    site.drain()
    states = "select status from chat_turns"
    assert site.ask(states) == [("queued",)]
    done = site.run("release", "--send-all")
    assert "1 waiting jobs of assistant.run_turn will run." in done.output
    site.drain()
    assert site.ask(states) != [("queued",)]


def test_a_release_needs_a_hold_and_a_choice(shared: Site) -> None:
    done = shared.run("release", "--send-all")
    assert (done.exit_code, done.output) == (1, "Error: The installation is not on hold.\n")
    for arguments in ((), ("--send-all", "--drop-mail-before", "2026-12-01")):
        assert "choose either" in shared.run("release", *arguments).output
    wrong = shared.run("release", "--drop-mail-before", "yesterday")
    assert "write a time such as 2026-12-01T09:30" in wrong.output
