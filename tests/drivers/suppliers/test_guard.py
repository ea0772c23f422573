"""The guard of supplier drivers: deadlines, invalid responses, log and settings."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import structlog
from structlog.testing import capture_logs

from tests.drivers.suppliers.conftest import suppliers_of
from tests.drivers.suppliers.contract import people
from tests.drivers.suppliers.test_sandbox import DAY, HOTELS, QUERY
from voyagent.drivers import suppliers as drivers
from voyagent.drivers.suppliers import errors, guard
from voyagent.drivers.suppliers.errors import (
    CapabilityNotSupported,
    PermanentFailure,
    SoldOut,
    SupplierError,
    TransientFailure,
    UpstreamTimeout,
)
from voyagent.drivers.suppliers.guard import HANGING_MAX, Guard
from voyagent.drivers.suppliers.protocols.parts import Party, PassengerKind, Traveller
from voyagent.drivers.suppliers.protocols.visas import VisaApplication
from voyagent.http.errors import status_of
from voyagent.kernel.config import ConfigurationError, load_settings


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_response_is_returned() -> None:
    assert Guard("acme", 1).call("search", lambda: 42) == 42


def test_a_hanging_call_ends_at_the_deadline(release: threading.Event) -> None:
    began = time.monotonic()
    with pytest.raises(UpstreamTimeout) as late:
        Guard("acme", 0.2).call("search", release.wait)
    assert 0.2 <= time.monotonic() - began < 2
    assert (late.value.driver, late.value.in_doubt) == ("acme", False)


def test_an_act_without_a_response_has_an_unknown_result(release: threading.Event) -> None:
    with pytest.raises(UpstreamTimeout) as late:
        Guard("acme", 0.05).call("issue", release.wait, changes=True)
    assert late.value.in_doubt


def test_a_call_without_a_thread_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard("acme", 1)

    def start(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        for _ in range(HANGING_MAX + 1):
            with pytest.raises(TransientFailure) as refused:
                guard.call("search", lambda: 42)
            assert refused.value.reason == "search: no thread is available"
    assert guard.call("search", lambda: 42) == 42


def test_hanging_calls_are_limited(release: threading.Event) -> None:
    guard = Guard("acme", 0.01)
    for _ in range(HANGING_MAX):
        with pytest.raises(UpstreamTimeout):
            guard.call("search", release.wait)
    with pytest.raises(TransientFailure):
        guard.call("search", lambda: 42)
    release.set()
    assert _soon(lambda: guard.call("search", lambda: 42)) == 42


def test_an_error_of_the_supplier_protocol_is_raised_unchanged() -> None:
    def fail() -> None:
        raise SoldOut("acme", "no seats", vendor_ref="X1")

    with pytest.raises(SoldOut) as error:
        Guard("acme", 1).call("hold", fail)
    assert (error.value.vendor_ref, str(error.value)) == ("X1", "acme: sold_out (no seats)")


def test_any_other_error_becomes_a_supplier_error(release: threading.Event) -> None:
    def fail() -> None:
        raise ZeroDivisionError("secret 4242")

    with pytest.raises(PermanentFailure) as error:
        Guard("acme", 1).call("hold", fail, changes=True)
    assert isinstance(error.value.__cause__, ZeroDivisionError)
    assert error.value.in_doubt
    assert "4242" not in str(error.value)


def test_the_context_of_the_caller_is_available_in_the_call() -> None:
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        assert Guard("acme", 1).call("search", structlog.contextvars.get_contextvars) == {
            "request_id": "r-1"
        }


def fresh_log(monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    """A new logger, because a used logger keeps its first configuration."""
    monkeypatch.setattr(
        module,
        "log",
        structlog.wrap_logger(structlog.PrintLogger(), cache_logger_on_first_use=False),
    )


def test_the_log_names_the_act_but_no_person(monkeypatch: pytest.MonkeyPatch) -> None:
    suppliers = suppliers_of()
    fresh_log(monkeypatch, guard)
    with capture_logs() as lines:
        offer = suppliers.flights.search(QUERY)[0]
        with pytest.raises(SoldOut):
            suppliers.flights.hold(offer, people(Party(), DAY, "Soldout"), "r")
    assert [(line["event"], line["act"]) for line in lines] == [
        ("supplier.answered", "flights.search"),
        ("supplier.failed", "flights.hold"),
    ]
    assert lines[1]["error"] == "sold_out"
    assert "Asha" not in str(lines)
    assert "Z0000000" not in str(lines)


def test_a_traceback_shows_no_passport_number() -> None:
    assert "Z0000000" not in repr(people(Party(), DAY))


def test_every_supplier_error_has_code_message_and_status() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, SupplierError) and kind is not SupplierError
    ]
    assert len(kinds) >= 13
    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.message != SupplierError.message, kind
        assert status_of(kind) in {400, 404, 409, 503}, kind
    assert [status_of(kind) for kind in (UpstreamTimeout, SoldOut, CapabilityNotSupported)] == [
        503,
        409,
        409,
    ]


# Which driver
# --------------------------------------------------------------------------------


def test_a_new_installation_uses_the_sandbox() -> None:
    suppliers = suppliers_of()
    assert {suppliers.flights.name, suppliers.hotels.name, suppliers.visas.name} == {"sandbox"}


def test_production_has_no_supplier_until_one_is_configured() -> None:
    suppliers = suppliers_of(env="production")
    traveller = Traveller(PassengerKind.ADULT, "Asha", "Raman")
    for ask in (
        lambda: suppliers.flights.search(QUERY),
        lambda: suppliers.flights.issue("x", "r"),
        lambda: suppliers.hotels.search(HOTELS),
        lambda: suppliers.hotels.cancel("x", "r"),
        lambda: suppliers.visas.requirements("IN", "FR", "INR"),
        lambda: suppliers.visas.file(VisaApplication(traveller, "IN", "FR", DAY, DAY, "INR"), "r"),
    ):
        with pytest.raises(CapabilityNotSupported):
            ask()
    assert suppliers.flights.capabilities == frozenset()


def test_the_sandbox_in_production_is_logged_as_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh_log(monkeypatch, drivers)
    with capture_logs() as lines:
        suppliers = suppliers_of(env="production", flights="sandbox")
    assert (suppliers.flights.name, suppliers.hotels.name) == ("sandbox", "none")
    assert [(line["event"], line["kind"], line["log_level"]) for line in lines] == [
        ("suppliers.sandbox_in_production", "flights", "warning")
    ]


@pytest.mark.parametrize(
    "values", [{"flights": "amadeus"}, {"supplier_timeout_s": 0}, {"supplier_timeout_s": 500}]
)
def test_an_invalid_setting_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        load_settings(auth_secret="s" * 40, env="test", **values)


def _soon(act: object) -> object:
    for _ in range(200):
        try:
            return act()  # type: ignore[operator]
        except TransientFailure:
            time.sleep(0.01)
    raise AssertionError
