"""A request with a very long value takes little time, whatever the value is.

A regular expression or a loop that takes the square of the length would stop the whole process,
because Python's `re` lets no other thread run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.cpu_time import cpu_seconds
from tests.identity.test_views import submit
from tests.people import Person

LONG = 200_000
SOON_S = 1.0


def _budget(person: Person, value: str) -> Any:
    return person.api.post("/enquiries", json={"customer_name": "A", "budget_amount": value})


def _limit(person: Person, value: str) -> Any:
    return submit(person.browser, "/settings", token_from="/settings", limit_agent=value)


def _columns(person: Person, value: str) -> Any:
    return person.api.post("/imports", json={"kind": "parties", "content": value})


REQUESTS: dict[str, tuple[Callable[[Person, str], Any], str, int]] = {
    "a budget of digits": (_budget, "1" * LONG + "x", 422),
    "a limit of spaces": (_limit, "1" + " " * (LONG // 2) + "!", 422),
    "a table of many columns": (_columns, ",".join(f"{n:x}" for n in range(LONG // 6)), 200),
    "a table of one column": (_columns, "name," * (LONG // 6), 200),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_long_value_takes_little_time(alice: Person, name: str) -> None:
    request, value, status = REQUESTS[name]
    answers = []
    assert cpu_seconds(lambda: answers.append(request(alice, value))) < SOON_S
    assert answers[0].status_code == status, answers[0].text[:200]
