"""Formats of the details of a line."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.trips.things import OUT
from voyagent.trips.rules.details import FlightDetails


def with_tickets(*numbers: str) -> FlightDetails:
    return FlightDetails.model_validate(OUT.model_dump() | {"tickets": list(numbers)})


def test_a_ticket_number_is_three_digits_of_the_airline_and_ten_others() -> None:
    assert with_tickets("1606802005008", "1606802005009").tickets == [
        "1606802005008",
        "1606802005009",
    ]


@pytest.mark.parametrize("last", range(10))
def test_a_ticket_number_has_no_check_digit(last: int) -> None:
    """Sources disagree on the check digit of tickets, so it is not checked."""
    assert with_tickets(f"160680200500{last}").tickets == [f"160680200500{last}"]


@pytest.mark.parametrize(
    "number",
    [
        "",
        "6802005008",
        "160680200500",
        "16068020050081",
        "160-6802005008",
        "1606802005008/09",
        "160680200500A",
        "\u0661606802005008",
    ],
)
def test_an_invalid_ticket_number_is_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        with_tickets(number)
