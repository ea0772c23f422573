"""Sixty-four parallel decisions on one proposal: one is valid."""

from __future__ import annotations

import os
import random
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.audit_rows import EVENTS
from tests.faults.conftest import Report, Rounds
from tests.faults.web import Web, web_processes
from tests.people import People, Person
from voyagent.approvals.service import proposing
from voyagent.kernel.config import Settings

CALLERS = 64
ROUNDS = 50
P99_S = 2.0
DRAFT: dict[str, Any] = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2024-06-10",
    "due_date": "2024-06-25",
    "line_items": [
        {"description": "Dubai visa", "quantity": 1, "unit_price": "500.00", "currency": "INR"}
    ],
}
Call = Callable[[str, dict[str, Any]], int]


@dataclass
class Round:
    """One proposal with the users who decide it."""

    people: People
    engine: sa.Engine

    def __post_init__(self) -> None:
        alice = self.people.sign_up("Alice Owner", agency=f"Race {secrets.token_hex(4)}")
        bob = self.people.colleague(alice, "Bob Colleague", role="agent")
        self.leila: Person = self.people.colleague(alice, "Leila Lead", role="accounting_lead")
        with bob.acting() as actor:
            made = proposing.propose(
                actor,
                session_id=None,
                turn_id=None,
                tool_call_id="c1",
                tool_name="draft_invoice",
                arguments=DRAFT,
                summary="Draft it",
            )
            self.approval_id = made.id

    def fight(
        self, call: Call, meanwhile: Callable[[], None] = lambda: None
    ) -> tuple[list[int], list[float]]:
        """Decide in parallel, half of the users approving.

        Returns status and seconds of each.
        """
        begin = threading.Barrier(CALLERS + 1)

        def decide(number: int) -> tuple[int, float]:
            begin.wait(timeout=30)
            since = time.perf_counter()
            status = call(
                f"/approvals/{self.approval_id}/resolve",
                {"granted": number % 2 == 0, "reason": f"call {number}"},
            )
            return status, time.perf_counter() - since

        with ThreadPoolExecutor(CALLERS) as pool:
            waiting = [pool.submit(decide, number) for number in range(CALLERS)]
            begin.wait(timeout=30)
            meanwhile()
            answers = [one.result() for one in waiting]
        return [status for status, _ in answers], [seconds for _, seconds in answers]

    def check(self, statuses: list[int], drain: Callable[[], None]) -> str:
        """Check that one decision is stored everywhere, and return it."""
        assert sorted(statuses) == [200] + [409] * (CALLERS - 1)
        drain()
        drain()
        with self.engine.connect() as connection:
            row = (
                connection.execute(
                    sa.text("select * from approvals where id = :i"), {"i": self.approval_id}
                )
                .mappings()
                .one()
            )
            events = connection.execute(
                sa.text(
                    f"select kind, inputs from {EVENTS} where entity_refs->>'approval_id' = :i"
                    " and kind like 'approval.%'"
                ),
                {"i": self.approval_id},
            ).all()
            effects = connection.scalar(
                sa.text("select count(*) from invoices where tenant_id = :t"),
                {"t": self.leila.actor.tenant_id},
            )
        winner = statuses.index(200)
        assert (row["status"], row["reason"]) == (
            "granted" if winner % 2 == 0 else "rejected",
            f"call {winner}",
        )
        assert [(event.kind, event.inputs["reason"]) for event in events] == [
            (f"approval.{row['status']}", row["reason"])
        ]
        assert effects == (1 if row["status"] == "granted" else 0)
        assert row["effect_status"] == ("done" if row["status"] == "granted" else "none")
        return str(row["status"])


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99) - 1]


def test_one_of_64_parallel_decisions_succeeds(
    people: People,
    owner_engine: sa.Engine,
    rounds: Rounds,
    drain: Callable[[], None],
    report: Report,
) -> None:
    took: list[float] = []
    decided: list[str] = []
    for _ in range(rounds(ROUNDS)):
        this = Round(people, owner_engine)
        statuses, seconds = this.fight(
            lambda path, body, this=this: this.leila.api.post(path, json=body).status_code
        )  # type: ignore[misc]
        took += seconds
        decided.append(this.check(statuses, drain))
    report(
        f"{CALLERS} callers, {len(decided)} rounds: one 200 and {CALLERS - 1} × 409 in each,"
        f" {decided.count('granted')} granted; p99 {p99(took):.2f} s"
    )
    assert p99(took) <= P99_S


@pytest.fixture
def web(settings: Settings, tmp_path: Path) -> Iterator[Web]:
    with web_processes(settings, tmp_path, processes=2) as made:
        yield made


def test_one_decision_succeeds_if_one_of_two_processes_is_killed(
    web: Web,
    people: People,
    owner_engine: sa.Engine,
    rounds: Rounds,
    drain: Callable[[], None],
    seeded: random.Random,
    report: Report,
) -> None:
    decided: list[str] = []
    took: list[float] = []
    for _ in range(rounds(ROUNDS)):
        web.wait()
        this, victim, after_s = (
            Round(people, owner_engine),
            seeded.choice((0, 1)),
            seeded.uniform(0, 0.25),
        )

        def kill(victim: int = victim, after_s: float = after_s) -> None:
            time.sleep(after_s)
            os.kill(web.workers()[victim], signal.SIGKILL)

        statuses, seconds = this.fight(
            lambda path, body, this=this: web.insist(this.leila, path, body), kill
        )  # type: ignore[misc]
        took += seconds
        decided.append(this.check(statuses, drain))
    report(
        f"two processes, one killed in each of {len(decided)} rounds: one 200 and {CALLERS - 1} ×"
        f" 409, each caller asking until answered; {web.broken} broken connections;"
        f" {decided.count('granted')} granted; p99 {p99(took):.2f} s"
    )
    assert web.broken, "no kill met a request under way"
