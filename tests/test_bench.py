"""Counting and targets of the benchmarks; `make bench` itself measures."""

from __future__ import annotations

import math
import re
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from psycopg_pool import ConnectionPool
from werkzeug.test import Client

from tests.people import Person
from tools.bench.__main__ import PARTS, main
from tools.bench.figures import Figure, Timings, exit_code, joined, missed, percentile
from tools.bench.limit import Limit
from tools.bench.writers import made_anew, renewed
from voyagent.kernel.db_connections import parameters_for
from voyagent.kernel.ids import new_id

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("share", "expected"), [(0.01, 1), (0.5, 50), (0.501, 51), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_a_percentile_is_a_measured_value(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_every_percentile_of_one_value_is_that_value() -> None:
    assert [percentile([7.0], share) for share in (0.01, 0.5, 0.99)] == [7.0, 7.0, 7.0]


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0), ([1.0], 1.01)])
def test_a_percentile_of_no_values_is_none(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        percentile(values, share)


@pytest.mark.parametrize(
    ("figure", "is_met"),
    [
        (Figure("x", 2, at_most=2), True),
        (Figure("x", 2.01, at_most=2), False),
        (Figure("x", 167, at_least=167), True),
        (Figure("x", 166.9, at_least=167), False),
        (Figure("x", 1, at_least=2, at_most=3), False),
        (Figure("x", 4, at_least=2, at_most=3), False),
        (Figure("x", math.nan, at_most=2), False),
        (Figure("x", math.nan, at_least=2), False),
        (Figure("x", 10**9), True),
    ],
)
def test_a_value_equal_to_the_target_is_accepted(figure: Figure, *, is_met: bool) -> None:
    assert figure.is_met is is_met
    assert missed([figure]) == ([] if is_met else [figure])


def test_one_missed_target_fails_the_run() -> None:
    good, bad, untargeted = (
        Figure("good", 1, at_most=2),
        Figure("bad", 3, at_most=2),
        Figure("untargeted", 3),
    )
    assert exit_code([good, untargeted]) == 0
    assert exit_code([good, bad, untargeted]) == 1
    assert exit_code([bad]) == 1


def test_a_run_without_targets_fails() -> None:
    assert exit_code([]) == 1
    assert exit_code([Figure("untargeted", 3)]) == 1


def test_a_row_states_value_target_and_result() -> None:
    assert re.fullmatch(
        r"  acts +1,234 /s +≥ 167  ok", Figure("acts", 1234.4, "/s", at_least=166.7).row()
    )
    assert re.fullmatch(
        r"  growth +1\.26 × +≤ 1\.20  NOT", Figure("growth", 1.26, "×", at_most=1.2).row()
    )
    assert re.fullmatch(r"  p50 +12\.3 ms", Figure("p50", 12.34, "ms").row())
    assert Figure("lost", math.nan, "ms", at_most=1).row().endswith("NOT")


def test_calls_are_summarized_as_rate_and_times() -> None:
    whole = joined([Timings((0.1, 0.2), 5.0, 0.3), Timings((0.4,), 5.0, 0.3)], 2.0)
    assert (whole.rate, round(whole.ms(0.5)), round(whole.ms(0.99)), round(whole.work_ms)) == (
        1.5,
        200,
        400,
        200,
    )
    assert joined([whole], 2.0, work_s=0.9).work_s == 0.9


def test_an_unknown_part_is_refused_before_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main("audit,nonsense") == 2
    assert "not nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("part", PARTS)
def test_the_page_shows_every_part(part: str) -> None:
    assert f"| `{part}` |" in (ROOT / "docs" / "bench.md").read_text()


def test_keys_of_a_repeated_act_belong_to_the_same_agency() -> None:
    agency = new_id()
    first, second = (
        [
            ("insert", {"tenant": agency, "id": key, "n": 1}),
            ("audit", {"events": f'[{{"of": "{key}"}}]'}),
        ]
        for key in (new_id(), new_id())
    )
    keys = made_anew(first, second)
    assert keys == {str(second[0][1]["id"])}
    (_, row), (_, event) = renewed(second, keys)
    assert (row["tenant"], row["n"]) == (agency, 1)
    assert isinstance(row["id"], UUID)
    assert str(row["id"]) not in keys
    assert event["events"] == f'[{{"of": "{row["id"]}"}}]'


def test_the_baseline_writes_the_same_rows(app: Flask, alice: Person) -> None:
    """The result of a statement is known only after the whole message.

    All its statements are answered then.
    """
    settings = app.extensions["voyagent.settings"]
    options = parameters_for(settings) | {"autocommit": True}
    with ConnectionPool(min_size=1, max_size=1, kwargs=options) as pool:
        answer = Client(Limit(app, pool)).get(
            "/api/enquiries", headers={"Authorization": f"Bearer {alice.access_token}"}
        )
    (caller,), (row,) = answer.get_json()
    assert caller["email"] == alice.email
    assert row["total"] == 0
