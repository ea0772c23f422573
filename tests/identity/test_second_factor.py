"""Two-factor codes: which are valid, and that each works once."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
import time_machine

from tests.identity.authenticators import (
    API,
    Authenticator,
    begin,
    recovery_codes,
    standing_clock,
    switch_on,
)
from tests.identity.conftest import Events
from tests.identity.keys import with_key
from tests.people import PASSWORD, Person
from voyagent.identity.models import User
from voyagent.identity.service import confirming, proving, second_factor, signing_in
from voyagent.identity.service.errors import (
    InvalidCredentials,
    InvalidPassword,
    SignInExpired,
    TotpRefused,
)
from voyagent.identity.service.signing_in import HalfSignIn
from voyagent.identity.service.values import Identity, SignedInPerson
from voyagent.kernel.actor import Actor
from voyagent.kernel.config import Settings
from voyagent.kernel.db import db, transaction
from voyagent.kernel.errors import Conflict
from voyagent.kernel.keyring import Keyring, SealBroken

Sql = Callable[..., list[sa.RowMapping]]
WRONG = "Harbour-lantern-43"


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with standing_clock() as traveller:
        yield traveller


@pytest.fixture
def app_of_alice(alice: Person, travel: time_machine.Traveller) -> Authenticator:
    return switch_on(alice)


def spend(identity: Identity, person: Person, code: str) -> second_factor.Spending:
    return person.does(
        lambda actor: second_factor.spend(
            identity.keyring, proving.lock_person(actor.user_id), code
        )
    )


def confirm(
    identity: Identity, person: Person, code: str | None = None, password: str = PASSWORD
) -> Actor:
    return person.does(
        lambda actor: confirming.confirm(identity, actor, password=password, code=code, device=API)
    )


GOOD = second_factor.Spending(means=second_factor.Means.TOTP)
LISTED = second_factor.Spending(means=second_factor.Means.RECOVERY_CODE)
USED, NONE = second_factor.Spending(reason="used"), second_factor.Spending(reason="wrong")

# The authenticator
# --------------------------------------------------------------------------------


def test_a_code_works_once(
    identity: Identity, alice: Person, app_of_alice: Authenticator, travel: time_machine.Traveller
) -> None:
    code = app_of_alice.code()
    assert spend(identity, alice, code) == GOOD
    assert spend(identity, alice, code) == USED
    travel.shift(30)  # the same code is the one of the step before now, and still used
    assert spend(identity, alice, code) == USED
    assert spend(identity, alice, app_of_alice.code()) == GOOD


def test_a_code_works_once_for_a_change_by_api_key(
    alice: Person, app_of_alice: Authenticator, travel: time_machine.Traveller
) -> None:
    client, code = with_key(alice), app_of_alice.code()
    for current, new, status in (
        (PASSWORD, "Another-lantern-42", 204),
        ("Another-lantern-42", PASSWORD, 403),
    ):
        answer = client.post(
            "/auth/change-password",
            json={"current_password": current, "new_password": new, "totp_code": code},
        )
        assert answer.status_code == status, answer.text


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_of_the_previous_or_next_step_is_valid(
    identity: Identity, alice: Person, travel: time_machine.Traveller, steps: int
) -> None:
    travel.shift(-60)
    app = switch_on(alice)
    travel.shift(60)
    assert spend(identity, alice, app.code(steps)) == GOOD


@pytest.mark.parametrize("steps", [-2, 2, -100, 100])
def test_a_code_of_a_step_further_away_is_refused(
    identity: Identity, alice: Person, travel: time_machine.Traveller, steps: int
) -> None:
    travel.shift(-300)
    app = switch_on(alice)
    travel.shift(300)
    assert spend(identity, alice, app.code(steps)) == NONE
    assert spend(identity, alice, app.code()) == GOOD


def test_an_older_code_is_refused_after_a_newer_one(
    identity: Identity, alice: Person, app_of_alice: Authenticator
) -> None:
    assert spend(identity, alice, app_of_alice.code(1)) == GOOD
    assert spend(identity, alice, app_of_alice.code()) == USED
    assert spend(identity, alice, app_of_alice.code(-1)) == USED


def test_one_of_sixteen_parallel_requests_uses_the_code(
    identity: Identity, alice: Person, app_of_alice: Authenticator
) -> None:
    code, barrier = app_of_alice.code(), threading.Barrier(16)

    def race(_number: int) -> second_factor.Spending:
        barrier.wait()
        return spend(identity, alice, code)

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(race, range(16)))
    assert results.count(GOOD) == 1
    assert results.count(USED) == 15


def test_the_conditional_update_decides_without_a_lock(
    identity: Identity, alice: Person, app_of_alice: Authenticator
) -> None:
    """Two transactions read the row before either of them uses the code."""
    code, barrier = app_of_alice.code(), threading.Barrier(4)

    def race(_number: int) -> bool:
        def act(actor: Actor) -> bool:
            person = as_read(actor)
            barrier.wait()
            return second_factor.spend(identity.keyring, person, code).means is not None

        return alice.does(act)

    def as_read(actor: Actor) -> Any:
        return db.session.get_one(User, (actor.tenant_id, actor.user_id))

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(race, range(4))) == [False, False, False, True]


def test_spaces_in_a_code_are_ignored(
    identity: Identity, alice: Person, app_of_alice: Authenticator
) -> None:
    code = app_of_alice.code()
    assert spend(identity, alice, f" {code[:3]} {code[3:]}") == GOOD


def test_non_ascii_digits_are_refused(
    identity: Identity, alice: Person, app_of_alice: Authenticator
) -> None:
    code = app_of_alice.code()
    for digits in (
        "٠١٢٣٤٥٦٧٨٩",
        "०१२३४५६७८९",
        "０１２３４５６７８９",  # noqa: RUF001
    ):
        assert spend(identity, alice, code.translate(str.maketrans("0123456789", digits))) == NONE
    assert spend(identity, alice, code) == GOOD


@pytest.mark.parametrize(
    "shape",
    [
        "{}0",
        "0{}",
        "{:.5}",
        "+{:.5}",
        "-{}",
        "{:.3}-{:.3}",
        "",
        " ",
        "\u00b2\u00b2\u00b2\u00b2\u00b2\u00b2",
    ],
)
def test_a_code_has_exactly_six_digits(
    identity: Identity, alice: Person, app_of_alice: Authenticator, shape: str
) -> None:
    code = app_of_alice.code()
    assert spend(identity, alice, shape.format(code, code[3:])) == NONE


def test_the_code_of_another_persons_authenticator_is_wrong(
    identity: Identity, alice: Person, bob: Person, charlie: Person, app_of_alice: Authenticator
) -> None:
    for other in (bob, charlie):
        switch_on(other)
        assert spend(identity, other, app_of_alice.code()) == NONE
    assert spend(identity, alice, app_of_alice.code()) == GOOD


def test_no_code_works_while_two_factor_is_off(
    identity: Identity, alice: Person, travel: time_machine.Traveller
) -> None:
    app = begin(alice)
    assert spend(identity, alice, app.code()) == NONE
    assert spend(identity, alice, "AAAAAAAA") == NONE


def test_codes_match_the_test_vectors_of_rfc_6238(travel: time_machine.Traveller) -> None:
    """They are those of appendix B with SHA-1, shortened to the last six digits."""
    seed = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for at, code in (
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ):
        travel.move_to(at)
        assert second_factor.matching_step(seed, code) == at // 30


# Recovery codes
# --------------------------------------------------------------------------------


def test_there_are_ten_recovery_codes_of_eight_characters(
    alice: Person, app_of_alice: Authenticator
) -> None:
    codes = recovery_codes(alice, app_of_alice)
    assert len(set(codes)) == 10
    assert all(
        len(code) == 8
        and set(code) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        and not code.isdigit()
        for code in codes
    )


def test_a_recovery_code_always_has_a_letter(
    identity: Identity, alice: Person, app_of_alice: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter(
        "22222222"
        + "2222222A" * 1
        + "".join(f"{number:08b}".replace("0", "B").replace("1", "C") for number in range(9))
    )
    monkeypatch.setattr(second_factor.secrets, "choice", lambda _alphabet: next(letters))
    codes = alice.does(
        lambda actor: second_factor.new_recovery_codes(
            identity.keyring, proving.lock_person(actor.user_id)
        )
    )
    assert "22222222" not in codes
    assert "2222222A" in codes


def test_a_recovery_code_works_once_in_any_notation(
    identity: Identity, alice: Person, app_of_alice: Authenticator
) -> None:
    codes = recovery_codes(alice, app_of_alice)
    for number, shape in enumerate(("{0}{1}", "{0}-{1}", " {0} {1} ", "{0} - {1}")):
        code = codes[number] if number % 2 else codes[number].lower()
        assert spend(identity, alice, shape.format(code[:4], code[4:])) == LISTED, shape
        assert spend(identity, alice, code) == USED
    assert spend(identity, alice, codes[9]) == LISTED


def test_one_of_sixteen_parallel_requests_uses_the_recovery_code(
    identity: Identity, alice: Person, app_of_alice: Authenticator
) -> None:
    code, barrier = recovery_codes(alice, app_of_alice)[0], threading.Barrier(16)

    def race(_number: int) -> second_factor.Spending:
        barrier.wait()
        return spend(identity, alice, code)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(race, range(16))).count(LISTED) == 1


def test_a_recovery_code_works_only_for_its_owner(
    identity: Identity,
    alice: Person,
    bob: Person,
    charlie: Person,
    app_of_alice: Authenticator,
    sql: Sql,
) -> None:
    codes = recovery_codes(alice, app_of_alice)
    for other in (bob, charlie):
        switch_on(other)
        assert spend(identity, other, codes[0]) == NONE
    # Not even where somebody has copied the row over: the hash is bound to the person.
    sql(
        "update recovery_codes set user_id = :bob where user_id = :alice",
        bob=bob.actor.user_id,
        alice=alice.actor.user_id,
    )
    assert spend(identity, bob, codes[0]) == NONE


def test_similar_characters_are_refused(
    identity: Identity, alice: Person, app_of_alice: Authenticator
) -> None:
    code = recovery_codes(alice, app_of_alice)[0]
    assert spend(identity, alice, "\u017f" + code[1:]) == NONE  # a long s, whose capital is S
    assert spend(identity, alice, "\u0131" + code[1:]) == NONE  # a dotless i, whose capital is I


def test_new_recovery_codes_replace_the_old_ones(
    identity: Identity,
    alice: Person,
    app_of_alice: Authenticator,
    travel: time_machine.Traveller,
    sql: Sql,
) -> None:
    old = recovery_codes(alice, app_of_alice)
    travel.shift(30)
    new = recovery_codes(alice, app_of_alice)
    assert spend(identity, alice, old[0]) == NONE
    assert spend(identity, alice, new[0]) == LISTED
    assert len(sql("select 1 from recovery_codes where user_id = :u", u=alice.actor.user_id)) == 10


# Stored values
# --------------------------------------------------------------------------------


def test_the_secret_and_codes_cannot_be_read_from_the_database(
    alice: Person, app_of_alice: Authenticator, sql: Sql
) -> None:
    codes = recovery_codes(alice, app_of_alice)
    rows = sql(
        "select u.totp_secret, r.code_hash from users u join recovery_codes r on r.user_id = u.id"
        " where u.id = :u",
        u=alice.actor.user_id,
    )
    assert len(rows) == len(codes)
    stored = repr(
        sql(
            "select * from users u join recovery_codes r on r.user_id = u.id where u.id = :u",
            u=alice.actor.user_id,
        )
    )
    raw = b"|".join(bytes(value) for row in rows for value in row.values())
    for text in (app_of_alice.secret, *codes):
        assert text not in stored
        assert text.encode() not in raw
    guesses = {
        hashlib.sha256(guess.encode()).digest()
        for code in codes
        for guess in (code, f"{alice.actor.user_id}:{code}")
    }
    assert not guesses & {bytes(row["code_hash"]) for row in rows}, (
        "a hash of so short a code has to be keyed"
    )


def test_a_secret_decrypts_only_in_the_row_of_its_owner(
    identity: Identity, alice: Person, bob: Person, app_of_alice: Authenticator, sql: Sql
) -> None:
    switch_on(bob)
    sql(
        "update users set totp_secret = (select totp_secret from users where id = :a) where id"
        " = :b",
        a=alice.actor.user_id,
        b=bob.actor.user_id,
    )
    with pytest.raises(SealBroken):
        spend(identity, bob, app_of_alice.code())


@pytest.mark.parametrize(
    ("seconds", "is_over"), [(0, False), (299, False), (301, True), (-1, True)]
)
def test_a_sign_in_without_code_expires_after_five_minutes(
    identity: Identity,
    alice: Person,
    app_of_alice: Authenticator,
    travel: time_machine.Traveller,
    seconds: int,
    is_over: bool,
) -> None:
    """The service checks the age, so pages and API are equal.

    A time in the future is invalid.
    """
    with alice.app.app_context():
        half = signing_in.begin_sign_in(identity, email=alice.email, password=PASSWORD, device=API)
        db.session.commit()
    assert isinstance(half, HalfSignIn)
    travel.shift(seconds)
    code = app_of_alice.code(1)
    with alice.app.app_context():
        if is_over:
            with pytest.raises(SignInExpired):
                signing_in.complete_sign_in(identity, half, code=code, device=API)
        else:
            assert (
                signing_in.complete_sign_in(identity, half, code=code, device=API).actor.user_id
                == alice.actor.user_id
            )


def rotated(identity: Identity, settings: Settings, secret: str, *previous: str) -> Identity:
    """Return the services after a rotation of the secret that keeps the earlier ones."""
    changed = load(settings, secret, previous)
    return replace(identity, keyring=Keyring(changed))


def load(settings: Settings, secret: str, previous: tuple[str, ...]) -> Settings:
    values = settings.model_dump()
    values.update(auth_secret=secret, auth_secrets_previous=",".join(previous))
    return Settings.model_validate(values)


def test_after_a_key_rotation_sign_in_encrypts_the_secret_again(
    identity: Identity,
    settings: Settings,
    alice: Person,
    app_of_alice: Authenticator,
    travel: time_machine.Traveller,
) -> None:
    old, new = settings.auth_secret.get_secret_value(), "another-secret-" + "1" * 40
    codes = recovery_codes(alice, app_of_alice)
    travel.shift(30)
    both, alone = rotated(identity, settings, new, old), rotated(identity, settings, new)
    with pytest.raises(SealBroken):
        spend(alone, alice, app_of_alice.code())
    sign_in_totp(both, alice, app_of_alice.code())
    travel.shift(30)
    assert spend(alone, alice, app_of_alice.code()) == GOOD
    assert spend(both, alice, codes[0]) == LISTED
    assert (
        spend(alone, alice, codes[1]) == NONE
    )  # a hash cannot be made anew: these die with their secret


def sign_in_totp(identity: Identity, person: Person, code: str) -> SignedInPerson:
    with person.app.app_context(), transaction():
        return signing_in.sign_in_totp(
            identity, email=person.email, password=PASSWORD, totp_code=code, device=API
        )


# Reauthentication with password and code
# --------------------------------------------------------------------------------


def test_without_two_factor_the_password_gives_a_fresh_token(
    identity: Identity, alice: Person
) -> None:
    with alice.acting() as actor:
        assert not replace(actor, fresh=False).fresh
        confirmed = confirming.confirm(
            identity, replace(actor, fresh=False), password=PASSWORD, code=None, device=API
        )
    assert confirmed == replace(alice.actor, fresh=True)


def test_a_wrong_password_uses_up_no_code_and_is_recorded(
    identity: Identity, alice: Person, app_of_alice: Authenticator, events: Events
) -> None:
    code = app_of_alice.code()
    with pytest.raises(InvalidPassword):
        confirm(identity, alice, code, password=WRONG)
    assert confirm(identity, alice, code).fresh
    (event,) = events(alice, "auth.reauthentication_failed")
    assert (event["status"], event["error"], event["actor_id"]) == (
        "rejected",
        "invalid_password",
        alice.actor.user_id,
    )


@pytest.mark.parametrize("code", [None, "", "000000", "AAAAAAAA"])
def test_the_password_alone_is_not_enough_with_two_factor(
    identity: Identity, alice: Person, app_of_alice: Authenticator, events: Events, code: str | None
) -> None:
    with pytest.raises(TotpRefused):
        confirm(identity, alice, code)
    (event,) = events(alice, "auth.totp_failed")
    assert (event["status"], event["error"], event["inputs"]) == (
        "rejected",
        "totp_invalid",
        {"at": "reauthenticate", "reason": "wrong"},
    )


def test_only_the_audit_log_names_a_used_code(
    identity: Identity, alice: Person, app_of_alice: Authenticator, events: Events
) -> None:
    codes = recovery_codes(alice, app_of_alice)
    confirm(identity, alice, codes[0])
    for used in (app_of_alice.code(), codes[0]):
        with pytest.raises(TotpRefused):
            confirm(identity, alice, used)
    assert [event["inputs"]["reason"] for event in events(alice, "auth.totp_failed")] == [
        "used",
        "used",
    ]
    assert [event["inputs"] for event in events(alice, "auth.recovery_code_used")] == [
        {"at": "reauthenticate"}
    ]


class Refused(Conflict):
    """An error raised by a later rule of the act."""


@pytest.mark.parametrize("listed", [False, True])
def test_a_code_is_not_used_up_if_the_act_fails(
    identity: Identity, alice: Person, app_of_alice: Authenticator, events: Events, listed: bool
) -> None:
    code = recovery_codes(alice, app_of_alice)[0] if listed else app_of_alice.code()

    def act(actor: Actor) -> None:
        confirming.confirm(identity, actor, password=PASSWORD, code=code, device=API)
        raise Refused

    with pytest.raises(Refused):
        alice.does(act)
    assert events(alice, "auth.recovery_code_used") == []
    assert confirm(identity, alice, code).fresh


def test_a_password_that_changes_while_hashing_is_refused(
    identity: Identity, alice: Person, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reset that commits in between has invalidated the old password."""
    other, real = identity.passwords.hash("Another-lantern-42"), type(identity.passwords).verify

    def verify(passwords: object, stored: str | None, password: str) -> bool:
        good = real(passwords, stored, password)
        sql(
            "update users set password_hash = :h where id = :u and password_hash <> :h",
            h=other,
            u=alice.actor.user_id,
        )
        return good

    monkeypatch.setattr(type(identity.passwords), "verify", verify)
    with pytest.raises(InvalidPassword):
        confirm(identity, alice)
    with pytest.raises(InvalidCredentials):
        sign_in(identity, alice)


def sign_in(identity: Identity, person: Person) -> SignedInPerson:
    with person.app.app_context(), transaction():
        return signing_in.sign_in(identity, email=person.email, password=PASSWORD, device=API)


def test_the_test_helper_computes_the_same_codes_as_pyotp(app_of_alice: Authenticator) -> None:
    """The helper does not repeat our own arithmetic."""
    assert app_of_alice.code() == pyotp.TOTP(app_of_alice.secret).now()
