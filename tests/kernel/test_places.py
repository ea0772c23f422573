"""Places that agencies share: shares, waiting callers, slow clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg_pool import PoolTimeout

from tests.people import Person
from voyagent.kernel.database import copy_export, read_connections
from voyagent.kernel.database.copy_export import Exports, ExportsBusy, Snapshot
from voyagent.kernel.database.read_pool import ReadPool
from voyagent.kernel.limits import Places

SOON_S = 0.05


def test_a_party_holds_at_most_its_share() -> None:
    places = Places(4, 3)
    assert [places.take("A", 0) for _ in range(5)] == [True, True, True, False, False]
    assert [places.take("B", 0) for _ in range(2)] == [True, False]
    places.release("A")
    assert places.take("B", 0)
    assert not places.take("A", 0)


def test_the_kept_places_are_for_parties_that_hold_none() -> None:
    places = Places(6, 4, kept=2)
    assert [places.take("A", 0) for _ in range(5)] == [True] * 4 + [False]
    assert [places.take("B", 0) for _ in range(2)] == [True, False]
    assert places.take("C", 0)
    places.release("A")
    assert not places.take("B", 0)
    assert places.take("D", 0)


def test_large_files_leave_a_place_to_small_ones(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_export, "FILES_WAIT_S", 0.1)
    exports: Exports = app.extensions["voyagent.exports"]
    large = copy_export.SMALL_ROWS + 1
    with exports.making_file(uuid4(), rows=large):
        with pytest.raises(ExportsBusy), exports.making_file(uuid4(), rows=large):
            pass
        with exports.making_file(uuid4(), rows=copy_export.SMALL_ROWS):
            pass


def test_a_single_place_is_nobodys_share() -> None:
    places = Places(1, 0)
    assert places.take("A", 0)
    assert not places.take("B", 0)
    places.release("A")
    assert places.take("B", 0)


def test_a_caller_with_precedence_gets_the_next_place() -> None:
    places, served = Places(1, 1, queue_max=2), []
    assert places.take("A", 0)

    def wait(party: str, *, is_first: bool = False) -> None:
        if places.take(party, 5, is_first=is_first):
            served.append(party)
            places.release(party)

    with ThreadPoolExecutor(3) as pool:
        for party in ("B", "C"):
            pool.submit(wait, party)
            time.sleep(SOON_S)
        assert not places.take("D", 5), "the queue is full"
        pool.submit(wait, "A", is_first=True)
        time.sleep(SOON_S)
        places.release("A")
    assert served == ["A", "B", "C"]


def test_a_newcomer_does_not_wait_for_all_callers_of_others() -> None:
    places, served = Places(1, 1), []
    assert places.take("A", 0)

    def wait(party: str) -> None:
        assert places.take(party, 5)
        served.append(party)
        places.release(party)

    with ThreadPoolExecutor(9) as pool:
        for party in ("B", "B", "B", "B", "C", "C", "C", "C"):
            pool.submit(wait, party)
        time.sleep(2 * SOON_S)
        pool.submit(wait, "D")
        time.sleep(SOON_S)
        places.release("A")
    assert served.index("D") <= 2
    assert served[:7].count("B") == 3 or served[:7].count("C") == 3, "they take turns"


def test_in_a_full_queue_the_party_with_most_gives_way() -> None:
    places = Places(1, 1, queue_max=4)
    assert places.take("A", 0)
    with ThreadPoolExecutor(6) as pool:
        greedy = [pool.submit(places.take, "B", 5) for _ in range(4)]
        time.sleep(SOON_S)
        other = pool.submit(places.take, "C", 5)
        time.sleep(SOON_S)
        assert [one.done() for one in greedy].count(True) == 1, "the last of B is refused"
        assert pool.submit(places.take, "B", 5).result() is False
        places.release("A")
        time.sleep(SOON_S)
        for party in ("B", "C", "B", "B"):
            places.release(party)
            time.sleep(SOON_S)
        assert other.result() is True
        assert sorted(one.result() for one in greedy) == [False, True, True, True]


def test_one_of_four_places_is_for_callers_without_precedence() -> None:
    places, served = Places(1, 1), []
    assert places.take("A", 0)

    def wait(party: str, *, is_first: bool = False) -> None:
        assert places.take(party, 5, is_first=is_first)
        served.append(party)
        places.release(party)

    with ThreadPoolExecutor(8) as pool:
        for number in range(6):
            pool.submit(wait, f"known {number}", is_first=True)
        for number in range(2):
            pool.submit(wait, f"stranger {number}")
        time.sleep(4 * SOON_S)
        places.release("A")
    assert [place for place, party in enumerate(served) if party.startswith("stranger")] == [3, 7]


def test_a_released_place_goes_to_the_party_with_the_fewest() -> None:
    places, served = Places(3, 2), []
    assert places.take("A", 0)
    assert places.take("A", 0)
    assert places.take("B", 0)

    def wait(party: str) -> None:
        assert places.take(party, 5)
        served.append(party)

    with ThreadPoolExecutor(3) as pool:
        for party in ("B", "A", "C"):
            pool.submit(wait, party)
            time.sleep(SOON_S)
        places.release("A")
        time.sleep(SOON_S)
        assert served == ["C"]
        places.release("C")
        places.release("A")
        time.sleep(SOON_S)
        assert sorted(served) == ["A", "B", "C"]


def test_further_waiting_callers_of_a_party_are_refused_at_once() -> None:
    places = Places(2, 1, waiting_max=1)
    assert places.take("A", 0)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(places.take, "A", 5)
        time.sleep(SOON_S)
        began = time.monotonic()
        assert not places.take("A", 5)
        assert places.take("B", 5)
        assert time.monotonic() - began < 1
        places.release("A")
        assert waiting.result(timeout=1)


def test_places_are_never_exceeded_under_load() -> None:
    places, lock = Places(3, 2), threading.Lock()
    held: dict[int, int] = {0: 0, 1: 0}
    most, most_of_one, refused = 0, 0, 0

    def work(number: int) -> None:
        nonlocal most, most_of_one, refused
        party = number % 2
        if not places.take(party, 5):
            refused += 1
            return
        with lock:
            held[party] += 1
            most, most_of_one = max(most, sum(held.values())), max(most_of_one, *held.values())
        time.sleep(0.002)
        with lock:
            held[party] -= 1
        places.release(party)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(200)))
    assert (most, most_of_one, refused) == (3, 2, 0)


def test_an_address_holds_at_most_its_share_for_all_of_its_parties() -> None:
    places = Places(4, 1, address_share=2)
    assert [places.take(party, 0, address="1.1.1.1") for party in "ABC"] == [True, True, False]
    assert places.take("D", 0, address="2.2.2.2")
    assert places.take("E", 0), "without an address there is no such limit"
    places.release("A", "1.1.1.1")
    assert places.take("C", 0, address="1.1.1.1")


def test_an_address_with_many_parties_is_not_always_next() -> None:
    places, served = Places(1, 1, address_share=1), []
    assert places.take("A", 0, address="1.1.1.1")

    def wait(party: str, address: str) -> None:
        assert places.take(party, 5, address=address)
        served.append(party)
        places.release(party, address)

    with ThreadPoolExecutor(4) as pool:
        for party, address in (("B", "1.1.1.1"), ("C", "1.1.1.1"), ("D", "2.2.2.2")):
            pool.submit(wait, party, address)
            time.sleep(SOON_S)
        places.release("A", "1.1.1.1")
    assert served == ["D", "B", "C"]


def test_a_new_address_for_each_call_is_no_advantage() -> None:
    places, served = Places(1, 1), []
    for party, address in (("calm", "1.1.1.1"), ("A", "2.2.2.2"), ("B", "3.3.3.3")):
        assert places.take(party, 0, address=address)
        places.release(party, address)
    assert places.take("C", 0, address="4.4.4.4")

    def wait(party: str, address: str) -> None:
        assert places.take(party, 5, address=address)
        served.append(party)
        places.release(party, address)

    with ThreadPoolExecutor(4) as pool:
        for party, address in (("A", "5.5.5.5"), ("B", "6.6.6.6"), ("calm", "1.1.1.1")):
            pool.submit(wait, party, address)
            time.sleep(SOON_S)
        places.release("C", "4.4.4.4")
    assert served == ["calm", "A", "B"]


def test_an_address_does_not_fill_the_queue_for_all_others() -> None:
    places = Places(1, 1, waiting_max=1, queue_max=4, address_share=1)
    assert places.take("A", 0, address="1.1.1.1")
    with ThreadPoolExecutor(6) as pool:
        greedy = [pool.submit(places.take, party, 5, address="1.1.1.1") for party in "BCDE"]
        time.sleep(2 * SOON_S)
        other = pool.submit(places.take, "F", 5, address="2.2.2.2")
        time.sleep(SOON_S)
        assert [one.done() for one in greedy].count(True) == 1, "one of the address is refused"
        assert not places.take("F", 5, address="2.2.2.2"), "a party has one that waits"
        places.release("A", "1.1.1.1")
        assert other.result(timeout=1) is True
        places.release("F", "2.2.2.2")
        for _ in range(3):
            time.sleep(SOON_S)
            done = [party for party, one in zip("BCDE", greedy, strict=True) if one.done()]
            taken = [party for party in done if places._held[party]]  # noqa: SLF001
            places.release(taken[0], "1.1.1.1")


def test_persons_of_a_party_at_one_address_take_turns() -> None:
    places, served = Places(1, 1), []
    assert places.take("A", 0, address="1.1.1.1", person="busy")

    def wait(person: str) -> None:
        assert places.take("A", 5, address="1.1.1.1", person=person)
        served.append(person)
        places.release("A", "1.1.1.1")

    with ThreadPoolExecutor(5) as pool:
        for person in ("busy", "busy", "busy", "calm"):
            pool.submit(wait, person)
            time.sleep(SOON_S)
        places.release("A", "1.1.1.1")
    assert served == ["calm", "busy", "busy", "busy"]


def test_a_person_does_not_fill_the_queue_for_colleagues_at_the_same_address() -> None:
    places = Places(1, 1, queue_max=3)
    assert places.take("A", 0, person="busy")
    with ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(places.take, "A", 5, person="busy") for _ in range(3)]
        time.sleep(2 * SOON_S)
        calm = pool.submit(places.take, "A", 5, person="calm")
        time.sleep(SOON_S)
        assert [one.done() for one in busy].count(True) == 1, "one of the busy person is refused"
        assert not places.take("A", 5, person="busy"), "the busiest person replaces nobody"
        places.release("A")
        assert calm.result(timeout=1) is True
        for _ in range(3):
            places.release("A")


@contextmanager
def filled_queue(places: Places, callers: Iterable[dict[str, str]]) -> Iterator[None]:
    """Let callers wait, by default of the agency A, which holds its whole share."""
    assert places.take("A", 0, address="1.1.1.9", person="busy")
    with ThreadPoolExecutor(4) as pool:
        for caller in callers:
            pool.submit(places.take, caller.pop("party", "A"), 2, **caller)
        time.sleep(4 * SOON_S)
        yield


def addresses() -> Iterator[dict[str, str]]:
    return ({"address": f"1.1.1.{n}", "person": "busy"} for n in range(3))


def test_a_full_queue_of_one_agency_leaves_the_free_places_to_others() -> None:
    places = Places(2, 1, queue_max=3)
    with filled_queue(places, addresses()):
        assert places.take("B", 0, address="2.2.2.2")


def test_an_agency_with_many_addresses_does_not_fill_the_queue_for_another() -> None:
    places = Places(1, 1, queue_max=3)
    with filled_queue(places, addresses()), ThreadPoolExecutor(1) as pool:
        other = pool.submit(places.take, "B", 2, address="2.2.2.2")
        time.sleep(SOON_S)
        places.release("A", "1.1.1.9")
        assert other.result(timeout=1) is True


def test_a_person_with_many_addresses_does_not_fill_the_queue_for_a_colleague() -> None:
    places = Places(1, 1, queue_max=3)
    with filled_queue(places, addresses()), ThreadPoolExecutor(1) as pool:
        calm = pool.submit(places.take, "A", 2, address="2.2.2.2", person="calm")
        time.sleep(SOON_S)
        places.release("A", "1.1.1.9")
        assert calm.result(timeout=1) is True


def test_in_a_full_queue_a_party_replaces_one_that_has_just_had_a_place() -> None:
    places = Places(1, 1, waiting_max=1, queue_max=2)
    for party in "CAB":
        assert places.take(party, 0)
        places.release(party)
    assert places.take("D", 0)
    with ThreadPoolExecutor(3) as threads:
        first, replaced = (threads.submit(places.take, party, 5) for party in "AB")
        while places.waiting < 2:
            time.sleep(0.01)
        assert not places.take("D", 5), "its own place is the last that was given"
        newcomer = threads.submit(places.take, "C", 5)
        assert not replaced.result(5)
        places.release("D")
        assert newcomer.result(5), "its turn is longest ago"
        places.release("C")
        assert first.result(5)


def test_a_new_agency_at_a_busy_address_replaces_nobody_of_a_calm_address() -> None:
    places = Places(1, 1, queue_max=4)
    calm = ({"party": "V", "address": f"2.2.2.{n}", "person": str(n)} for n in range(2))
    greedy = ({"party": str(n), "address": "1.1.1.1", "person": f"p{n}"} for n in range(2))
    with filled_queue(places, (*calm, *greedy)):
        assert not places.take("C", 0.1, address="1.1.1.1", person="c")
        assert [one.party for one in places._waiting].count("V") == 2  # noqa: SLF001


@pytest.mark.parametrize(("comes_last", "expected"), [(False, "AB"), (True, "BA")])
def test_a_party_whose_work_was_ended_comes_after_all_others(
    comes_last: bool, expected: str
) -> None:
    places, served = Places(2, 1), []
    assert places.take("A", 0)
    assert places.take("B", 0)
    places.release("B")
    assert places.take("C", 0)

    def wait(party: str) -> None:
        assert places.take(party, 5)
        served.append(party)
        places.release(party)

    with ThreadPoolExecutor(2) as pool:
        for party in "BA":
            pool.submit(wait, party)
            time.sleep(SOON_S)
        places.release("A", comes_last=comes_last)
    assert served == list(expected)


@pytest.mark.parametrize(
    ("waiting", "address", "for_a", "for_b"),
    [
        (None, None, False, False),
        ("C", "3.3.3.3", True, True),
        ("C", None, True, True),
        ("C", "1.1.1.1", True, False),  # its address has its share already
        ("A", "3.3.3.3", False, False),  # its own agency has its share already
    ],
)
def test_a_place_is_awaited_by_a_caller_who_could_use_it(
    waiting: str | None, address: str | None, for_a: bool, for_b: bool
) -> None:
    places = Places(2, 1, address_share=1)
    assert places.take("A", 0, address="1.1.1.1")
    assert places.take("B", 0, address="2.2.2.2")
    with ThreadPoolExecutor(1) as pool:
        caller = pool.submit(places.take, waiting, 4 * SOON_S, address=address) if waiting else None
        time.sleep(2 * SOON_S)
        assert places.is_awaited("A", "1.1.1.1") is for_a
        assert places.is_awaited("B", "2.2.2.2") is for_b
        assert caller is None or caller.result() is False
    assert not places.is_awaited("A", "1.1.1.1")


SHARED = {
    "exports": lambda: Places(
        copy_export.SLOTS,
        copy_export.AGENCY_SLOTS,
        waiting_max=copy_export.AGENCY_WAITING,
        address_share=copy_export.ADDRESS_SLOTS,
    ),
    "reads": lambda: Places(4, 3),
}


@pytest.mark.parametrize("refused_by", ["share", "total", "number that waits"])
@pytest.mark.parametrize("limit", SHARED)
def test_a_refused_caller_takes_no_place_from_the_others(limit: str, refused_by: str) -> None:
    places = SHARED[limit]()
    holders = ["A"] * places.share
    assert all(places.take(party, 0) for party in holders)
    if refused_by == "total":
        rest = places.total - places.share
        assert all(places.take("B", 0) for _ in range(rest))
        holders += ["B"] * rest
    refused = "C" if refused_by == "total" else "A"
    with ThreadPoolExecutor(12) as pool:
        wait_s = SOON_S if refused_by == "number that waits" else 0
        assert not any(pool.map(lambda _: places.take(refused, wait_s), range(12)))
    for party in holders:
        places.release(party)
    # Neither a place nor a turn in the queue is left with the refused caller.
    assert all(places.take("D", 0) for _ in range(places.share))
    assert all(places.take("E", 0) for _ in range(min(places.share, places.total - places.share)))


# Exports
# --------------------------------------------------------------------------------


@pytest.fixture
def exports(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Exports:
    monkeypatch.setattr(copy_export, "WAIT_S", SOON_S)
    return Exports(app.extensions["voyagent.settings"])


def test_exports_of_one_agency_do_not_refuse_those_of_another(exports: Exports) -> None:
    ours, theirs = uuid4(), uuid4()
    held = exports.open(ours)
    for _ in range(3):
        with pytest.raises(ExportsBusy):
            exports.open(ours)
    other = exports.open(theirs)
    held.close()
    exports.open(ours).close()
    other.close()


MANY_ROWS = sa.select(sa.func.repeat("x", 2000), sa.func.generate_series(1, 100_000))


def test_a_slow_client_loses_its_place(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_export, "FLOOR_CHECK_S", 0.3)
    ours = uuid4()
    snapshot = exports.open(ours)
    chunks = snapshot.paced(snapshot.copied(MANY_ROWS))
    next(chunks)
    time.sleep(0.7)
    again = exports.open(ours)  # the place is free
    with pytest.raises(TimeoutError):
        list(chunks)
    again.close()


def test_a_client_above_the_floor_keeps_its_place(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_export, "FLOOR_CHECK_S", 0.2)
    snapshot = exports.open(uuid4())
    chunks = snapshot.paced(snapshot.copied(MANY_ROWS.limit(2_000)))
    for _ in chunks:
        time.sleep(0.02)
    snapshot.close()


def test_a_slow_database_is_not_a_slow_client(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_export, "FLOOR_CHECK_S", 0.2)
    snapshot = exports.open(uuid4())
    slowly = sa.select(sa.func.pg_sleep(0.25), sa.func.generate_series(1, 4))
    assert b"".join(snapshot.paced(snapshot.copied(slowly))).count(b"\r\n") == 4
    snapshot.close()


@contextmanager
def reading(snapshot: Snapshot, pause_s: float) -> Iterator[list[int]]:
    """Read an export in a thread, with a pause after each piece.

    Yield the sizes of the pieces. After a broken export the last size is -1.
    """
    taken, over = [], threading.Event()

    def read() -> None:
        try:
            for piece in snapshot.paced(snapshot.copied(MANY_ROWS)):
                taken.append(len(piece))
                if over.wait(pause_s):
                    return
        except TimeoutError:
            taken.append(-1)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield taken
    finally:
        over.set()
        thread.join()
        snapshot.close()


# Pauses in seconds after each piece of 64 KiB. Beside others 256 KiB a second are required, so the
# slow client reads at half of this rate, and the fast one at five times the rate.
SLOW_S, FAST_S = 0.5, 0.05


@pytest.fixture
def shared(exports: Exports, monkeypatch: pytest.MonkeyPatch) -> Exports:
    """Exports whose clients are measured over one second; callers wait longer."""
    monkeypatch.setattr(copy_export, "WAIT_S", 2.5)
    monkeypatch.setattr(copy_export, "LINES_AT_ONCE", 32)  # 64 KiB of MANY_ROWS
    monkeypatch.setattr(copy_export, "AWAITED_OVER_S", 1.0)
    monkeypatch.setattr(copy_export, "AWAITED_CHECK_S", 0.1)
    return exports


def test_a_slow_client_gives_its_place_to_a_waiting_agency(shared: Exports) -> None:
    with (
        reading(shared.open(uuid4()), SLOW_S) as one,
        reading(shared.open(uuid4()), SLOW_S) as other,
    ):
        for _ in range(3):
            shared.open(uuid4()).close()
        time.sleep(2 * SLOW_S)
        ends = sorted([one[-1], other[-1]])
    assert ends[0] == -1, "the download is broken"
    assert ends[1] > 0, "one caller ends one download"


def test_a_slow_client_keeps_its_place_while_no_other_agency_waits(
    shared: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_export, "WAIT_S", 0.5)
    ours = uuid4()
    with reading(shared.open(ours), SLOW_S) as taken:
        time.sleep(2)
        with pytest.raises(ExportsBusy):
            shared.open(ours)
        shared.open(uuid4()).close()
        time.sleep(1)
        assert taken[-1] > 0


def test_a_fast_client_keeps_its_place_beside_waiting_agencies(shared: Exports) -> None:
    with (
        reading(shared.open(uuid4()), FAST_S) as one,
        reading(shared.open(uuid4()), FAST_S) as other,
    ):
        time.sleep(1.5)
        for _ in range(2):
            with pytest.raises(ExportsBusy):
                shared.open(uuid4())
        assert min(one[-1], other[-1]) > 0


def test_a_lost_connection_is_no_fault_of_the_client(exports: Exports) -> None:
    snapshot = exports.open(uuid4())
    lost = sa.select(sa.func.pg_terminate_backend(sa.func.pg_backend_pid()))
    with pytest.raises(psycopg.Error):
        list(snapshot.paced(snapshot.copied(lost)))
    snapshot.close()


def test_a_large_row_is_handed_over_in_pieces(exports: Exports) -> None:
    snapshot = exports.open(uuid4())
    large = sa.select(sa.func.repeat("x", 10 * copy_export.PIECE_BYTES))
    pieces = list(snapshot.paced(snapshot.copied(large)))
    snapshot.close()
    assert max(map(len, pieces)) == copy_export.PIECE_BYTES
    assert b"".join(pieces) == b"x" * (10 * copy_export.PIECE_BYTES) + b"\r\n"


def test_an_address_has_half_of_the_exports_for_all_of_its_agencies(exports: Exports) -> None:
    held = exports.open(uuid4(), "192.0.2.1")
    with pytest.raises(ExportsBusy):
        exports.open(uuid4(), "192.0.2.1")
    exports.open(uuid4(), "192.0.2.2").close()
    held.close()
    exports.open(uuid4(), "192.0.2.1").close()


# The pool of connections for reads
# --------------------------------------------------------------------------------


@pytest.fixture
def pool(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadPool]:
    monkeypatch.setattr(read_connections, "WAIT_S", SOON_S)
    made = ReadPool(app.extensions["voyagent.settings"].model_copy(update={"db_lane_pool_size": 2}))
    yield made
    made.close()


def test_one_agency_never_holds_all_connections_for_reads(
    app: Flask, pool: ReadPool, alice: Person, charlie: Person
) -> None:
    read = app.extensions["voyagent.identity"].tokens.read
    ours, theirs = read(alice.access_token), read(charlie.access_token)
    with pool.snapshot(ours.tenant_id):
        with ThreadPoolExecutor(1) as thread, pytest.raises(PoolTimeout):
            thread.submit(pool.run, ours, ()).result(timeout=5)
        with ThreadPoolExecutor(1) as thread:
            caller, _ = thread.submit(pool.run, theirs, ()).result(timeout=5)
        assert caller["user_id"] == charlie.actor.user_id
    assert pool.run(ours, ())[0]["user_id"] == alice.actor.user_id
