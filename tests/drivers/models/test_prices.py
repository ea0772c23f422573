"""Cost of tokens, to the eighth decimal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from voyagent.drivers.models.prices import cost_of, last_day_of, price_of
from voyagent.drivers.models.usage import Usage

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "read", "written"),
    [
        ("claude-sonnet-4-5", "3", "15"),
        ("claude-opus-4-6", "15", "75"),
        ("claude-haiku-4-5-20251001", "0.80", "4"),
        ("Claude-3-5-Sonnet-latest", "3", "15"),
    ],
)
def test_a_model_has_the_price_of_its_family(model: str, read: str, written: str) -> None:
    assert cost_of(model, Usage(input=MILLION)) == Decimal(read)
    assert cost_of(model, Usage(output=MILLION)) == Decimal(written)


@pytest.mark.parametrize(
    "model", ["llama-3-sonnet", "claude", "claude-next", "sonnet", "", "local-model"]
)
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert price_of(model) is None
    assert cost_of(model, Usage(1, 1)) is None


def test_cache_writes_cost_a_quarter_more_and_reads_a_tenth() -> None:
    assert cost_of("claude-sonnet-4-5", Usage(cache_write=MILLION)) == Decimal("3.75")
    assert cost_of("claude-sonnet-4-5", Usage(cache_read=MILLION)) == Decimal("0.30")


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        (Usage(), "0.00000000"),
        (Usage(input=1), "0.00000080"),
        (Usage(cache_read=1), "0.00000008"),
        (Usage(cache_write=1), "0.00000100"),
        (Usage(cache_read=3, cache_write=7, input=11, output=13), "0.00006804"),
        (Usage(input=2**31 - 1, output=2**31 - 1), "10307.92150560"),
    ],
)
def test_costs_have_eight_decimals(usage: Usage, cost: str) -> None:
    assert f"{cost_of('claude-haiku-4-5-20251001', usage):f}" == cost


def test_half_units_are_rounded_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voyagent.drivers.models.prices.CACHE_READ", Decimal("0.00625"))
    assert cost_of("claude-haiku-4-5-20251001", Usage(cache_read=1)) == Decimal("0.00000001")
    monkeypatch.undo()
    assert cost_of(
        "claude-sonnet-4-5", Usage(input=1) + Usage(output=1, estimated=True)
    ) == Decimal("0.00001800")


@pytest.mark.parametrize(
    ("model", "read", "written", "cached"),
    [
        ("claude-sonnet-5", "2", "10", "0.20"),
        ("claude-sonnet-5-20260630", "2", "10", "0.20"),
        ("claude-sonnet-5-5", "2", "10", "0.10"),
        ("claude-opus-5", "5", "25", "0.50"),
        ("claude-opus-5-5", "4", "20", "0.20"),
        ("claude-haiku-5-5", "0.10", "0.50", "0.01"),
    ],
)
def test_a_newer_model_has_its_own_price(model: str, read: str, written: str, cached: str) -> None:
    assert cost_of(model, Usage(input=MILLION)) == Decimal(read)
    assert cost_of(model, Usage(output=MILLION)) == Decimal(written)
    assert cost_of(model, Usage(cache_read=MILLION)) == Decimal(cached)


@pytest.mark.parametrize(
    "model",
    [
        "claude-sonnet-6",
        "claude-opus-5-9",
        "claude-haiku-7",
        "claude-sonnet",
        "claude-sonnet-5-mini",
    ],
)
def test_an_unlisted_name_does_not_get_the_price_of_its_family(model: str) -> None:
    assert price_of(model) is None


def test_a_model_to_be_withdrawn_has_a_last_day() -> None:
    assert (
        str(last_day_of("claude-sonnet-4-5"))
        == str(last_day_of("claude-sonnet-4-5-20250929"))
        == "2026-11-30"
    )
    assert last_day_of("claude-sonnet-5") is None
