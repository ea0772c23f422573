"""Rules and storage of passwords."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.people import PASSWORD, People
from voyagent.identity.rules import passwords
from voyagent.identity.rules.blocklist import _listed, is_common
from voyagent.identity.rules.passwords import Passwords, PasswordsBusy, breaks_rule
from voyagent.kernel.config import Settings
from voyagent.kernel.limits import Caller, Places, note_caller


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "PassWord1234",
        "voyagent12345",
        "123456789012a",
        "  PassWord1234 ",
        "qwertyuiop12",
        "zyxwvutsrqpo9",
        "567890123456a",
    ],
)
def test_an_easily_guessed_password_is_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    [
        "a1a1a1a1a1a1",
        PASSWORD,
        "Correct-horse-battery-9",
        "Aa1-" * 16,
        "aaaaaaaaaaa1",
        "1234-lantern-1234-harbour",
    ],
)
def test_an_unlikely_password_is_not_common(password: str) -> None:
    assert not is_common(password)


@pytest.mark.parametrize("word", ["liverpool", "butterfly", "travelagency", "jennifer", "mumbai"])
def test_a_common_word_with_digits_and_signs_remains_common(word: str) -> None:
    """Some words are in the list of the package, others in our own list."""
    assert is_common(f"2026-{word}!2026")
    assert not is_common(f"2026-{word}-lantern")


def test_the_list_contains_more_passwords_than_the_contract() -> None:
    assert len(_listed()) >= 3000
    assert {word for word in _listed() if word != word.strip().lower()} == set()


@pytest.mark.parametrize(
    "password",
    [
        "Malabar-Gulf-2026",
        "malabargulf2026",
        "neha.kulkarni1",
        "neha.kulkarni@malabar.example1",
        "MALABAR.EXAMPLE9",
    ],
)
def test_names_of_the_account_are_common(password: str) -> None:
    assert is_common(password, agency_name="Malabar Gulf", email="neha.kulkarni@malabar.example")
    assert not is_common(
        "Quiet-harbour-77", agency_name="Malabar Gulf", email="neha.kulkarni@malabar.example"
    )


@pytest.mark.parametrize(
    "password", ["travel24-2026", "Travel24!2026", "neha1985-1985", "neha198519851985"]
)
def test_digits_of_the_agency_name_do_not_make_a_password_safe(password: str) -> None:
    assert is_common(password, agency_name="Travel24", email="neha1985@malabar.example")
    assert not is_common("a1a1a1a1a1a1", agency_name="A1", email="a1@malabar.example")


@pytest.mark.parametrize(
    ("password", "broken"),
    [
        ("lanternharbour1", None),
        ("लालटेनबंदरगाह1", None),
        ("lanternharbour", "password_no_digit"),
        ("123456123456", "password_no_letter"),
        ("four quiet words here", None),
        ("91827364556473829101", None),
    ],
)
def test_a_short_password_needs_a_letter_and_a_digit(password: str, broken: str | None) -> None:
    found = breaks_rule(password)
    assert (found[0] if found else None) == broken


def test_a_password_is_stored_as_argon2id_and_verified_exactly(app: Flask) -> None:
    hasher = People(app).identity.passwords
    stored = hasher.hash(PASSWORD)
    assert stored.startswith("$argon2id$")
    assert hasher.verify(stored, PASSWORD)
    assert not hasher.verify(stored, PASSWORD.lower())
    assert not hasher.verify(stored, PASSWORD + " ")
    assert hasher.hash(PASSWORD) != stored


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=64,t=6401,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
        "$argon2id$v=19$m=262144,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
        "$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
        "$argon2id$v=19$m=256,t=1,p=17$c29tZXNhbHQ$aGFzaGhhc2g",
        "$argon2id$v=19$m=128,t=11,p=16$c29tZXNhbHQ$aGFzaGhhc2g",
        "no hash",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2gé",
    ],
)
def test_a_hash_that_costs_too_much_is_not_computed(
    app: Flask, monkeypatch: pytest.MonkeyPatch, stored: str
) -> None:
    hasher, computed = People(app).identity.passwords, []
    monkeypatch.setattr(
        PasswordHasher, "verify", lambda _self, hashed, _password: computed.append(hashed)
    )
    assert not hasher.verify(stored, PASSWORD)
    assert stored not in computed
    assert len(computed) == 1, "a dummy takes the time of another account"


def test_no_password_matches_an_unknown_address(app: Flask) -> None:
    hasher = People(app).identity.passwords
    assert not hasher.verify(None, PASSWORD)
    assert not hasher.verify(None, "nobody has this password")


def test_a_hash_with_other_parameters_needs_renewal(settings: Settings) -> None:
    weak = Passwords(settings)
    strong = Passwords(settings.model_copy(update={"auth_argon2_time_cost": 3}))
    assert strong.is_stale(weak.hash(PASSWORD))
    assert not strong.is_stale(strong.hash(PASSWORD))


@pytest.fixture
def one_place(monkeypatch: pytest.MonkeyPatch) -> Places:
    """A single place for hashes, with the production limits of callers that wait."""
    limits = {
        "waiting_max": passwords.ADDRESS_WAITING_MAX,
        "queue_max": passwords.STRANGERS_WAITING_MAX,
    }
    places = Places(1, 1, **limits)
    monkeypatch.setattr(passwords, "_places", places)
    return places


def test_parallel_hashes_are_limited_to_the_places(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, one_place: Places
) -> None:
    monkeypatch.setattr(passwords, "WAIT_S", 0.05)
    assert one_place.take("somebody", 0)
    with pytest.raises(PasswordsBusy):
        Passwords(settings).hash(PASSWORD)
    one_place.release("somebody")
    assert Passwords(settings).hash(PASSWORD)


@pytest.mark.parametrize(
    "caller", [Caller("203.0.113.7"), Caller("198.51.100.1", is_known=True)], ids=str
)
def test_one_address_with_many_connections_does_not_keep_others_waiting(
    settings: Settings, one_place: Places, caller: Caller
) -> None:
    """Another address, or a known place at the same address, comes next."""
    done: list[Caller] = []

    def hash_as(who: Caller) -> None:
        note_caller(who)
        with suppress(PasswordsBusy):
            Passwords(settings).hash(PASSWORD)
            done.append(who)

    assert one_place.take("198.51.100.1", 0)
    crowd = [Caller("198.51.100.1")] * (passwords.ADDRESS_WAITING_MAX // 2)
    with ThreadPoolExecutor(len(crowd) + 1) as pool:
        for who in crowd:
            pool.submit(hash_as, who)
        time.sleep(0.1)
        pool.submit(hash_as, caller)
        time.sleep(0.1)
        one_place.release("198.51.100.1")
    assert done[0] == caller
    assert len(done) == len(crowd) + 1


def test_many_addresses_do_not_occupy_all_threads(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, one_place: Places
) -> None:
    monkeypatch.setattr(passwords, "WAIT_S", 1.0)
    assert one_place.take("somebody", 0)
    refused: list[float] = []

    def hash_as(who: Caller) -> None:
        note_caller(who)
        since = time.monotonic()
        try:
            Passwords(settings).hash(PASSWORD)
        except PasswordsBusy:
            refused.append(time.monotonic() - since)

    most = passwords.STRANGERS_WAITING_MAX
    with ThreadPoolExecutor(2 * most) as pool:
        for number in range(2 * most):
            pool.submit(hash_as, Caller(f"203.0.113.{number}"))
    assert sum(seconds < 0.5 for seconds in refused) == most
    assert len(refused) == 2 * most
