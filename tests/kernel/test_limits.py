"""Throttles: counted attempts, keys, windows, and the effect of a success."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import psycopg_pool
import pytest
import time_machine
from sqlalchemy.exc import InternalError, OperationalError

from tests.redis_server import RedisServer, redis_server
from voyagent.kernel import limits
from voyagent.kernel.config import load_settings
from voyagent.kernel.errors import TooManyRequests, Unavailable
from voyagent.kernel.keyring import Keyring
from voyagent.kernel.limits import Limiter, Quota, Throttle
from voyagent.kernel.limits.windows import LocalWindows, Window

HERE, THERE = "198.51.100.7", "198.51.100.8"
NOON = "2026-11-24T12:00:00Z"
Make = Callable[..., Limiter]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=["in this process", "in Redis"])
def make(request: pytest.FixtureRequest) -> Make:
    """Return a limiter without counts."""
    url = None
    if request.param == "in Redis":
        server: RedisServer = request.getfixturevalue("server")
        server.flush()
        url = server.url

    def made(**overrides: object) -> Limiter:
        settings = load_settings(env="test", auth_secret="s" * 40, redis_url=url, **overrides)
        return Limiter(settings, Keyring(settings))

    return made


def fails(
    limiter: Limiter,
    account: str = "neha@malabar.example",
    throttle: Throttle = limits.SIGN_IN,
    address: str = HERE,
    agency: UUID | None = None,
) -> int:
    """Make a failing attempt; return 0 if admitted, else the seconds to wait."""
    try:
        limiter.admit(throttle, account=account, address=address, agency=agency)
    except TooManyRequests as refused:
        return refused.retry_after_s
    return 0


# Per account
# --------------------------------------------------------------------------------


def test_an_account_may_have_ten_failures_a_minute(make: Make) -> None:
    limiter = make(limit_scale=1000)
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(10):
            assert fails(limiter) == 0
            clock.shift(2)
        assert fails(limiter) == 40  # the first failure is 20 s old
        assert fails(limiter, "other@malabar.example") == 0
        clock.shift(39)
        assert fails(limiter) == 1
        clock.shift(2)
        assert fails(limiter) == 0
        assert fails(limiter) == 1  # the second failure leaves the window 2 s after the first


def test_an_account_may_have_a_hundred_failures_an_hour(
    make: Make,
) -> None:
    limiter = make(limit_scale=1000)
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(10):
            assert [fails(limiter) for _ in range(10)] == [0] * 10
            clock.shift(61)
        with pytest.raises(TooManyRequests) as refused:
            limiter.admit(limits.SIGN_IN, account="neha@malabar.example", address=HERE)
        assert refused.value.retry_after_s == 3600 - 610
        clock.shift(3600 - 610 + 1)
        assert fails(limiter) == 0


def test_a_completed_reset_ends_the_lock(make: Make) -> None:
    limiter = make()
    assert [fails(limiter) > 0 for _ in range(11)] == [False] * 10 + [True]
    limiter.forgive("neha@malabar.example")
    assert fails(limiter) == 0


def test_wrong_passwords_from_elsewhere_do_not_lock_a_known_address(make: Make) -> None:
    limiter, email = make(limit_scale=1000), "neha@malabar.example"
    with time_machine.travel(NOON, tick=False) as clock:
        limiter.note_sign_in(email, address=HERE, is_confirmed=True)
        for _ in range(10):
            assert [fails(limiter, address=THERE) for _ in range(10)] == [0] * 10
            assert fails(limiter, address=THERE) > 0
            for throttle in (limits.SIGN_IN, limits.REAUTHENTICATE):
                limiter.admit(throttle, account=email, address=HERE).succeeded()
            clock.shift(61)
        assert fails(limiter, address="198.51.100.9") > 60
        assert fails(limiter) == 0
        assert fails(limiter, "other@malabar.example", address=HERE) == 0


def test_a_known_address_has_the_same_limits(make: Make) -> None:
    limiter, email = make(limit_scale=1000), "neha@malabar.example"
    limiter.note_sign_in(email, address=HERE, is_confirmed=True)
    assert [fails(limiter) > 0 for _ in range(11)] == [False] * 10 + [True]
    limiter.note_sign_in(email, address=HERE, is_confirmed=True)
    assert fails(limiter) > 0
    assert fails(limiter, throttle=limits.REAUTHENTICATE) > 0
    assert [fails(limiter, address=THERE) > 0 for _ in range(11)] == [False] * 10 + [True]
    limiter.forgive(email, address=HERE)
    assert (fails(limiter), fails(limiter, address=THERE)) == (0, 0)


def test_mails_of_all_operations_are_counted_together(make: Make) -> None:
    limiter = make(limit_scale=1000)
    limiter.note_sign_in("neha@malabar.example", address=HERE, is_confirmed=True)
    for throttle in (limits.RESET_MAIL, limits.VERIFICATION_MAIL):
        assert [fails(limiter, throttle=throttle, address=THERE) for _ in range(10)] == [0] * 10
        assert fails(limiter, throttle=throttle, address=HERE) > 0


def test_a_known_address_is_forgotten_after_thirty_days(make: Make) -> None:
    limiter = make(limit_scale=1000)
    with time_machine.travel(NOON, tick=False) as clock:
        limiter.note_sign_in("neha@malabar.example", address=HERE, is_confirmed=True)
        for days, locked in ((29, False), (2, True)):
            clock.shift(days * 86400)
            for _ in range(10):
                fails(limiter, address=THERE)
            assert (fails(limiter) > 0) is locked


def test_attempts_with_passwords_and_codes_are_counted_together(make: Make) -> None:
    limiter = make()
    tries = [limits.SIGN_IN, limits.REAUTHENTICATE] * 5
    assert [fails(limiter, throttle=throttle) for throttle in tries] == [0] * 10
    assert fails(limiter, throttle=limits.SIGN_IN) > 0
    assert fails(limiter, throttle=limits.REAUTHENTICATE) > 0
    assert fails(limiter, throttle=limits.RESET_MAIL) == 0


def test_a_success_removes_only_its_own_count(make: Make) -> None:
    limiter = make(limit_scale=1000)
    for _ in range(9):
        assert fails(limiter) == 0
    for _ in range(20):
        attempt = limiter.admit(limits.SIGN_IN, account="neha@malabar.example", address=HERE)
        attempt.succeeded()
        attempt.succeeded()
    assert fails(limiter) == 0
    assert fails(limiter) > 0


def test_an_unchecked_attempt_is_not_counted(make: Make) -> None:
    limiter = make(limit_scale=1000)
    for _ in range(20):
        with (
            pytest.raises(Unavailable),
            limiter.admit(limits.SIGN_IN, account="neha@malabar.example", address=HERE),
        ):
            raise Unavailable
    with (
        pytest.raises(LookupError),
        limiter.admit(limits.SIGN_IN, account="neha@malabar.example", address=HERE),
    ):
        raise LookupError
    assert [fails(limiter) > 0 for _ in range(10)] == [False] * 9 + [True]


AWAY = [
    OperationalError("select 1", {}, psycopg.errors.AdminShutdown()),
    InternalError("insert", {}, psycopg.errors.ReadOnlySqlTransaction()),
    psycopg.OperationalError(),
    psycopg_pool.PoolTimeout(),
]


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_an_attempt_without_a_database_is_no_failure(make: Make, error: Exception) -> None:
    limiter = make(limit_scale=1000)
    for _ in range(20):
        with (
            pytest.raises(type(error)),
            limiter.admit(limits.SIGN_IN, account="neha@malabar.example", address=HERE),
        ):
            raise error
    assert [fails(limiter) > 0 for _ in range(11)] == [False] * 10 + [True]


def in_parallel(limiter: Limiter, *, good: bool, callers: int = 64) -> int:
    """Return how many parallel attempts at one account are admitted."""
    everybody, allowed = threading.Barrier(callers), []

    def attempt(number: int) -> None:
        everybody.wait()
        try:
            with limiter.admit(
                limits.SIGN_IN, account="neha@malabar.example", address=HERE
            ) as attempt:
                allowed.append(number)
                time.sleep(0.01)
                if good:
                    attempt.succeeded()
        except TooManyRequests:
            return

    with ThreadPoolExecutor(callers) as pool:
        list(pool.map(attempt, range(callers)))
    return len(allowed)


def test_ten_of_many_parallel_wrong_passwords_are_allowed(make: Make) -> None:
    assert in_parallel(make(limit_scale=1000), good=False) == 10


def test_parallel_correct_passwords_are_all_allowed(make: Make) -> None:
    limiter = make(limit_scale=1000)
    assert in_parallel(limiter, good=True) == 64
    assert [fails(limiter) > 0 for _ in range(11)] == [False] * 10 + [True]


def test_an_unfinished_attempt_does_not_block_others(make: Make) -> None:
    limiter = make()
    for _ in range(10):
        fails(limiter)
    began = time.perf_counter()
    assert fails(limiter) > 0
    assert time.perf_counter() - began < 1


def test_the_scale_does_not_change_the_ten_mails_per_account(make: Make) -> None:
    limiter = make(limit_scale=1000)
    for throttle in (limits.RESET_MAIL, limits.VERIFICATION_MAIL, limits.INVITE_MAIL):
        assert [fails(limiter, throttle=throttle) > 0 for _ in range(12)] == [False] * 10 + [
            True
        ] * 2
        assert 3590 <= fails(limiter, throttle=throttle) <= 3600


@pytest.mark.parametrize("throttle", [limits.INVITE_MAIL, limits.DOCUMENT_MAIL])
def test_mails_of_an_agency_use_up_no_recipient_of_another(make: Make, throttle: Throttle) -> None:
    limiter = make(limit_scale=1000)
    first, second = uuid4(), uuid4()
    assert admitted(limiter, 12, throttle=throttle, agency=first) == 10
    assert admitted(limiter, 12, throttle=throttle, agency=second) == 10


@pytest.mark.parametrize("throttle", [limits.INVITE_MAIL, limits.DOCUMENT_MAIL])
def test_a_recipient_gets_at_most_a_hundred_mails_an_hour(make: Make, throttle: Throttle) -> None:
    limiter = make(limit_scale=1000)
    assert sum(admitted(limiter, 12, throttle=throttle, agency=uuid4()) for _ in range(12)) == 100


def test_events_above_the_limit_are_left_out_and_the_last_one_is_known(make: Make) -> None:
    limiter = make(limit_scale=1000)
    first, second = uuid4(), uuid4()
    counted = [
        limiter.count(limits.NOTICE_MAIL, account="neha@malabar.example", agency=first)
        for _ in range(12)
    ]
    assert counted == [(True, False)] * 9 + [(True, True)] + [(False, False)] * 2
    for account, agency in (("neha@malabar.example", second), ("ravi@malabar.example", first)):
        assert limiter.count(limits.NOTICE_MAIL, account=account, agency=agency) == (True, False)
    assert (
        sum(
            limiter.count(
                limits.NOTICE_MAIL, account="neha@malabar.example", agency=uuid4()
            ).has_room
            for _ in range(100)
        )
        == 100 - 11
    )


def test_an_event_has_room_again_after_the_window(make: Make) -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        limiter = make()
        for _ in range(11):
            limiter.count(limits.NOTICE_MAIL, account="neha@malabar.example")
        travel.shift(3599)
        assert not limiter.count(limits.NOTICE_MAIL, account="neha@malabar.example").has_room
        travel.shift(2)
        assert limiter.count(limits.NOTICE_MAIL, account="neha@malabar.example") == (True, False)


def test_a_limit_per_account_requires_the_account(make: Make) -> None:
    with pytest.raises(ValueError, match="per account"):
        make().admit(limits.SIGN_IN, address=HERE)


# Per client address and overall
# --------------------------------------------------------------------------------


SMALL = Throttle("small", address=(Quota(3, 60),), overall=(Quota(8, 60),))


def admitted(limiter: Limiter, tries: int, **attempt: Any) -> int:
    """Return how many of `tries` attempts are admitted before a refusal."""
    return next((done for done in range(tries) if fails(limiter, **attempt)), tries)


def test_there_are_limits_per_address_and_overall(make: Make) -> None:
    limiter = make()
    assert admitted(limiter, 5, throttle=SMALL, address=HERE) == 3
    assert admitted(limiter, 5, throttle=SMALL, address=THERE) == 1  # busy strangers have half
    assert admitted(limiter, 5, throttle=SMALL, address="198.51.100.9") == 1
    assert admitted(limiter, 5, throttle=SMALL, address="198.51.100.10") == 1  # three quarters
    assert admitted(limiter, 5, throttle=SMALL, address="198.51.100.11") == 0


def test_the_scale_multiplies_address_and_overall(make: Make) -> None:
    limiter = make(limit_scale=2)
    assert admitted(limiter, 9, throttle=SMALL, address=HERE) == 6
    assert admitted(limiter, 9, throttle=SMALL, address=THERE) == 2
    addresses = [f"203.0.113.{number}" for number in range(9)]
    assert [fails(limiter, throttle=SMALL, address=each) > 0 for each in addresses] == [
        *[False] * 4,
        *[True] * 5,
    ]


def fills(limiter: Limiter, accounts: int, addresses: int, *, a: Throttle) -> int:
    """Fail at some accounts from each of many addresses.

    Returns the number of admitted tries.
    """
    tries = [
        fails(limiter, f"{account}.{address}@nowhere.example", a, f"203.0.113.{address}") == 0
        for account in range(accounts)
        for address in range(addresses)
    ]
    return sum(tries)


def test_720_tries_at_one_account_do_not_stop_other_accounts(make: Make) -> None:
    limiter = make()
    with time_machine.travel(NOON, tick=False):
        tries = [
            fails(limiter, "nobody@nowhere.example", address=f"203.0.113.{number % 12}")
            for number in range(720)
        ]
        assert tries.count(0) == 10
        assert fails(limiter) == 0
        # Attempts that the limit of the account refused do not count for the address.
        assert admitted(limiter, 99, account="other@malabar.example", address="203.0.113.1") == 10


def test_tries_at_many_accounts_do_not_stop_a_quiet_place(make: Make) -> None:
    limiter = make()
    with time_machine.travel(NOON, tick=False):
        assert fills(limiter, 60, 12, a=limits.SIGN_IN) <= 300 + 12 * 12
        assert fails(limiter, address="203.0.113.1") > 0
        assert fails(limiter, address=HERE) == 0


@pytest.mark.parametrize(
    "throttle", [each for each in limits.ALL if each.overall and each.address], ids=lambda t: t.name
)
def test_a_known_place_is_refused_last(make: Make, throttle: Throttle) -> None:
    limiter, small = make(), replace(throttle, overall=(Quota(200, 60),))
    limiter.note_sign_in("neha@malabar.example", address=HERE, is_confirmed=True)
    with time_machine.travel(NOON, tick=False):
        assert fills(limiter, 6, 100, a=small) == 150
        assert fails(limiter, throttle=small, address=THERE) > 0
        assert fails(limiter, throttle=small, address=HERE) == 0


def test_a_sign_in_without_a_confirmed_address_makes_a_place_known_to_its_account_only(
    make: Make,
) -> None:
    """A crowd that signs up must not use up the limits of others."""
    limiter, keys = make(), replace(limits.API_KEY, overall=(Quota(200, 60),))
    limiter.note_sign_in("neha@malabar.example", address=THERE, is_confirmed=False)
    with time_machine.travel(NOON, tick=False):
        assert fills(limiter, 6, 100, a=keys) == 150
        assert fails(limiter, throttle=keys, address=THERE) > 0
        fills(limiter, 10, 100, a=limits.SIGN_IN)
        assert fails(limiter, "neha@malabar.example", address=THERE) == 0


def test_a_place_is_known_to_the_accounts_that_signed_in_there(make: Make) -> None:
    """An attacker with an account of their own gains nothing at another account."""
    limiter = make()
    limiter.note_sign_in("attacker@nowhere.example", address=THERE, is_confirmed=True)
    with time_machine.travel(NOON, tick=False):
        fills(limiter, 10, 100, a=limits.SIGN_IN)
        assert fails(limiter, address=THERE) > 0
        assert fails(limiter, "attacker@nowhere.example", address=THERE) == 0


def test_an_agency_has_its_own_limit(make: Make) -> None:
    limiter, (ours, theirs) = make(), (uuid4(), uuid4())
    small = Throttle("small", account=(Quota(9, 60),), agency=(Quota(2, 60),))

    def mails(agency: UUID, number: int) -> bool:
        try:
            limiter.admit(small, account=f"{number}@malabar.example", agency=agency)
        except TooManyRequests:
            return False
        return True

    assert [mails(ours, number) for number in range(4)] == [True, True, False, False]
    assert mails(theirs, 0)


def test_a_refusal_counts_nowhere(make: Make) -> None:
    """Each limit in turn refuses a hundred attempts; afterwards the others have room."""
    limiter, agency = make(), uuid4()
    small = Throttle(
        "small",
        account=(Quota(2, 60), Quota(90, 3600)),
        agency=(Quota(3, 60),),
        address=(Quota(4, 60),),
        overall=(Quota(50, 60),),
    )

    def passes(account: str, agency: UUID, address: str) -> bool:
        try:
            limiter.admit(small, account=account, agency=agency, address=address)
        except TooManyRequests:
            return False
        return True

    with time_machine.travel(NOON, tick=False):
        assert sum(passes("a", agency, HERE) for _ in range(100)) == 2
        assert sum(passes("b", agency, HERE) for _ in range(100)) == 1
        assert sum(passes("b", uuid4(), HERE) for _ in range(100)) == 1
        assert sum(passes("c", uuid4(), HERE) for _ in range(100)) == 0
        assert sum(passes("c", uuid4(), THERE) for _ in range(100)) == 2
        assert passes("d", uuid4(), THERE)


KINDS = ("account", "everywhere", "agency", "address", "overall")
REFUSERS = [
    pytest.param(throttle, kind, place, id=f"{throttle.name} by {kind} {place + 1}")
    for throttle in limits.ALL
    for kind in KINDS
    for place in range(len(getattr(throttle, kind)))
]
ROOM = 8
"""Attempts in a limit that is not to refuse; strangers may use half of an overall one."""


def narrowed(throttle: Throttle, kind: str, place: int) -> Throttle:
    """Return a throttle in which one quota of a kind admits one attempt.

    The quotas of the other kinds admit one attempt too. The overall ones, the siblings and those
    that the same callers share admit eight. They last a hundred times longer than an overall quota
    that refuses.
    """
    shared = {kind, "overall"}
    if throttle.everywhere and kind == "account":
        shared |= {"everywhere", "agency"}
    quotas: dict[str, Any] = {
        each: tuple(
            Quota(
                1 if (each, number) == (kind, place) or each not in shared else ROOM,
                quota.seconds * (100 if kind == "overall" != each else 1),
            )
            for number, quota in enumerate(getattr(throttle, each))
        )
        for each in KINDS
    }
    return replace(throttle, **quotas)


def keys_of(throttle: Throttle, kind: str) -> tuple[str, ...]:
    """Return what two callers have in common who share a quota of a kind."""
    if kind == "account" and throttle.everywhere:
        return ("account", "agency")
    return {"everywhere": ("account",), "overall": ()}.get(kind, (kind,))


@pytest.mark.parametrize(("throttle", "kind", "place"), REFUSERS)
def test_a_refusal_by_one_limit_leaves_the_counts_of_the_others(
    make: Make, throttle: Throttle, kind: str, place: int
) -> None:
    """Callers who were refused by a limit have as much room in the others as before."""
    limiter, small = make(), narrowed(throttle, kind, place)
    full, fresh, later = (
        {
            "account": f"{number}@malabar.example",
            "agency": uuid4(),
            "address": f"203.0.113.{number}",
        }
        for number in range(3)
    )

    def passes(who: dict[str, Any]) -> bool:
        try:
            limiter.admit(small, **who)
        except TooManyRequests:
            return False
        return True

    with time_machine.travel(NOON, tick=False) as clock:
        assert passes(full)
        same = {name: full[name] for name in keys_of(throttle, kind)}
        refused = fresh | same
        assert [passes(refused) for _ in range(20)] == [False] * 20
        if kind != "overall":
            assert passes(fresh)
        clock.shift(getattr(small, kind)[place].seconds + 1)
        assert passes(fresh if kind == "overall" else later | same)


UNCHECKED = [
    pytest.param(throttle, error, id=f"{throttle.name}, {error.__name__}")
    for throttle in limits.ALL
    for error in (Unavailable, TooManyRequests)
]


@pytest.mark.parametrize(("throttle", "error"), UNCHECKED)
def test_an_attempt_that_another_limit_refuses_is_counted_nowhere(
    make: Make, throttle: Throttle, error: type[Exception]
) -> None:
    """For example a sign-in, for which no password can be hashed at the moment."""
    limiter, agency = make(), uuid4()
    quotas: dict[str, Any] = {
        kind: tuple(Quota(1, quota.seconds) for quota in getattr(throttle, kind)) for kind in KINDS
    }
    single = replace(throttle, **quotas)
    who: dict[str, Any] = {"account": "neha@malabar.example", "address": HERE, "agency": agency}
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            with pytest.raises(error), limiter.admit(single, **who):
                raise error
        with pytest.raises(LookupError), limiter.admit(single, **who):
            raise LookupError
        with pytest.raises(TooManyRequests):
            limiter.admit(single, **who)


def test_parallel_attempts_are_counted_in_one_step(make: Make) -> None:
    limiter, everybody = make(), threading.Barrier(32)
    small = Throttle("small", account=(Quota(8, 60),), address=(Quota(12, 60),))

    def attempt(number: int) -> bool:
        everybody.wait()
        return fails(limiter, f"{number % 2}@malabar.example", small) == 0

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(attempt, range(32))) == 12
    assert fails(limiter, "2@malabar.example", small, THERE) == 0


def test_an_ipv6_network_is_counted_as_one_client(make: Make) -> None:
    limiter = make(limit_scale=1)
    addresses = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2::3"]
    assert [fails(limiter, throttle=SMALL, address=address) for address in addresses] == [0, 0, 0]
    assert fails(limiter, throttle=SMALL, address="2001:db8:1:2::4") > 0
    assert fails(limiter, throttle=SMALL, address="2001:db8:1:3::1") == 0
    other = Throttle("other", address=(Quota(1, 60),))
    assert fails(limiter, throttle=other, address=HERE) == 0
    assert fails(limiter, throttle=other, address=f"::ffff:{HERE}") > 0


def test_a_client_without_an_address_is_limited_too(make: Make) -> None:
    limiter = make()
    assert [
        fails(limiter, throttle=SMALL, address=address) > 0 for address in ("", "unix:", "", "")
    ] == [False] * 3 + [True]


def test_failed_checks_of_a_request_credential_are_counted(
    make: Make,
) -> None:
    limiter = make()
    for _ in range(3):
        limiter.failed(SMALL, address=HERE)
    with pytest.raises(TooManyRequests):
        limiter.failed(SMALL, address=HERE)


# Stored values
# --------------------------------------------------------------------------------


def test_redis_keys_contain_no_addresses_and_expire(server: RedisServer) -> None:
    server.flush()
    settings = load_settings(env="test", auth_secret="s" * 40, redis_url=server.url)
    fails(Limiter(settings, Keyring(settings)))
    keys = server.keys()
    assert len(keys) == 4
    assert all(key.startswith("voyagent:limits:") for key in keys)
    assert not any("neha" in key or HERE in key for key in keys)
    with server.client() as client:
        assert all(0 < client.ttl(key) <= 3600 for key in keys)


def test_processes_with_redis_share_their_counts(server: RedisServer) -> None:
    server.flush()
    settings = load_settings(env="test", auth_secret="s" * 40, redis_url=server.url)
    one, other = Limiter(settings, Keyring(settings)), Limiter(settings, Keyring(settings))
    assert [fails(limiter) for limiter in (one, other) * 5] == [0] * 10
    assert fails(one) > 0
    assert fails(other) > 0
    one.forgive("neha@malabar.example")
    assert fails(other) == 0


def test_counts_of_a_process_remain_if_redis_is_emptied(server: RedisServer) -> None:
    server.flush()
    settings = load_settings(env="test", auth_secret="s" * 40, redis_url=server.url)
    limiter = Limiter(settings, Keyring(settings))
    limiter.note_sign_in("neha@malabar.example", address=HERE, is_confirmed=True)
    server.flush()
    assert [fails(limiter, address=THERE) > 0 for _ in range(11)] == [False] * 10 + [True]
    assert fails(limiter) == 0


def test_local_counts_expire_with_their_window() -> None:
    windows = LocalWindows()
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(1000):
            windows.take([Window(f"k{number}", 5, 60)])
        windows.give_back([Window("k0", 5, 60)])
        assert len(windows._taken) == 999  # noqa: SLF001 - memory is what this is about
        clock.shift(61)
        windows.take([Window("new", 5, 60)])
        assert list(windows._taken) == ["new"]  # noqa: SLF001 - as above


def test_without_redis_the_limit_of_the_process_applies() -> None:
    settings = load_settings(env="test", auth_secret="s" * 40, redis_url="redis://127.0.0.1:1/0")
    limiter = Limiter(settings, Keyring(settings))
    began = time.perf_counter()
    assert [fails(limiter) > 0 for _ in range(12)] == [False] * 10 + [True] * 2
    limiter.forgive("neha@malabar.example")
    assert fails(limiter) == 0
    assert time.perf_counter() - began < 1
