"""Document numbers are 1 to n per agency and financial year, without gaps.

This holds under failure and load.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date

import pytest

from tests.billing.papers import DUE, draft, issue
from tests.chat.parallel import at_once
from tests.ledger.books import balances
from tests.people import People, Person
from voyagent.billing.core.service import numbering
from voyagent.billing.invoices.service import issuing
from voyagent.kernel.db import db, rows_changed


class Aborted(Exception):
    """Raised by a test after the number has been taken."""


@pytest.mark.parametrize(
    ("day", "start_month", "year"),
    [
        (date(2026, 3, 31), 4, "2025-26"),
        (date(2026, 4, 1), 4, "2026-27"),
        (date(1999, 4, 1), 4, "1999-00"),
        (date(2026, 12, 31), 1, "2026"),
        (date(2026, 6, 30), 7, "2025-26"),
        (date(2026, 7, 1), 7, "2026-27"),
        (date(2200, 12, 31), 4, "2200-01"),
    ],
)
def test_the_financial_year_of_a_day(day: date, start_month: int, year: str) -> None:
    assert numbering.financial_year(day, start_month) == year


def test_each_financial_year_begins_with_number_one(alice: Person, charlie: Person) -> None:
    days = [date(2024, 3, 31), date(2024, 4, 1), date(2024, 3, 1), date(2025, 3, 31)]
    numbers = [issue(alice, draft(alice, issue_date=day, due_date=day)) for day in days]
    assert numbers == ["2023-24/000001", "2024-25/000001", "2023-24/000002", "2024-25/000002"]
    assert issue(charlie, draft(charlie)) == "2024-25/000001"


def test_the_financial_year_follows_the_agency_s_settings(alice: Person) -> None:
    with alice.acting():
        rows_changed(
            "update tenant_settings set financial_year_start_month = 1 where tenant_id = :tenant_id"
        )
    assert issue(alice, draft(alice)) == "2024/000001"


def test_a_number_has_at_most_sixteen_characters_even_above_a_million(alice: Person) -> None:
    with alice.acting():
        rows_changed(
            "insert into number_series values (:tenant_id, 'invoice', '2024-25', 99999998)"
        )
    number = issue(alice, draft(alice))
    assert number == "2024-25/99999999"
    assert len(number) == 16


def test_parallel_issues_with_aborts_leave_no_gap_in_numbers(
    people: People, alice: Person, charlie: Person
) -> None:
    agencies = [alice, charlie, people.sign_up("Dora Third", agency="Dora Trips")]
    chance = random.Random(20261125)  # noqa: S311 - to be the same each time
    jobs = [
        (agency, draft(agency), chance.random() < 0.2) for agency in agencies for _ in range(50)
    ]
    results = at_once_in_rounds(
        [lambda job=job: issue_or_abort(*job) for job in jobs], connections(alice)
    )
    numbers: dict[str, list[str]] = defaultdict(list)
    for (agency, _invoice, is_aborted), result in zip(jobs, results, strict=True):
        assert isinstance(result, Aborted) == is_aborted, result
        if not is_aborted:
            numbers[agency.email].append(result)
    for agency in agencies:
        given = sorted(numbers[agency.email])
        assert given == [f"2024-25/{n:06d}" for n in range(1, len(given) + 1)]
        assert balances(agency)[("receivable", "INR")] == 4_500_000 * len(given)


def issue_or_abort(person: Person, invoice_id: object, is_aborted: bool) -> str:
    with person.acting() as actor:
        number = issuing.issue_invoice(actor, invoice_id).number  # type: ignore[arg-type]
        db.session.flush()
        if is_aborted:
            raise Aborted
        return number or ""


def connections(person: Person) -> int:
    """Return the number of simultaneous transactions of a process.

    Further ones wait for a connection and are refused after 5 seconds.
    """
    pool = person.app.config["SQLALCHEMY_ENGINE_OPTIONS"]
    return int(pool["pool_size"] + pool["max_overflow"])


def at_once_in_rounds(acts: list, many: int) -> list:  # type: ignore[type-arg]
    """Run all acts at the same moment, in several rounds."""
    mixed = list(enumerate(acts))
    random.Random(7).shuffle(mixed)  # noqa: S311 - to be the same each time
    done: dict[int, object] = {}
    for start in range(0, len(mixed), many):
        chunk = mixed[start : start + many]
        done |= dict(
            zip((place for place, _ in chunk), at_once([act for _, act in chunk]), strict=True)
        )
    return [done[place] for place in range(len(acts))]


def test_a_later_due_date_does_not_change_the_year(alice: Person) -> None:
    assert (
        issue(alice, draft(alice, issue_date=date(2024, 3, 31), due_date=DUE)) == "2023-24/000001"
    )
