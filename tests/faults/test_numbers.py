"""Fifty parallel callers with failures: numbers have no gaps and no duplicates."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import draft
from tests.chat.parallel import at_once
from tests.faults.conftest import Report, Rounds
from tests.faults.doom import doom, met
from tests.faults.web import Web, web_processes
from tests.people import People, Person
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.reports.queries import checks

CALLERS, ROUNDS = 50, 20
DAYS = (date(2024, 2, 1), date(2024, 6, 10))  # in two financial years
DONE = {200, 201}
# All document numbers with their series.
NUMBERS = (
    "select 'invoice' as series, number from invoices where tenant_id = :t and number is not null"
    " union all select 'credit_note', number from credit_notes where tenant_id = :t union all"
    " select case direction when 'in' then 'receipt' else 'payment' end, number from payments where"
    " tenant_id = :t union all select 'refund', number from refunds where tenant_id = :t"
)
NUMBERED = [
    ("invoices", "update of number", "when (old.number is null and new.number is not null)")
]
NUMBERED += [(table, "insert", "") for table in ("credit_notes", "payments", "refunds")]
LAST = "select series, financial_year, last_number from number_series where tenant_id = :t"
Act = Callable[[], float]


@dataclass
class Agency:
    """The callers who take numbers in one agency, and the numbers of their responses."""

    person: Person
    web: Web
    returned: set[tuple[str, str]] = field(default_factory=set)
    invoices: list[str] = field(default_factory=list)
    receipts: list[tuple[str, str]] = field(default_factory=list)

    def issues(self, n: int) -> list[Act]:
        """Issue drafts, every other one in the year before."""
        self.invoices = [
            str(draft(self.person, issue_date=DAYS[k % 2], due_date=DAYS[1])) for k in range(n)
        ]
        return [self._act("invoice", f"/invoices/{invoice}/issue", {}) for invoice in self.invoices]

    def credits(self, n: int) -> list[Act]:
        """Credit a part of each of those invoices on its day."""
        body = {"reason": "Late", "lines": [{"line_no": 1, "amount": "10.00"}]}
        return [
            self._act(
                "credit_note",
                "/credit-notes",
                body | {"invoice_id": self.invoices[k], "issue_date": DAYS[k % 2].isoformat()},
            )
            for k in range(n)
        ]

    def receives(self, n: int) -> list[Act]:
        """Record payments of customers."""
        return [self._act("receipt", "/payments", _money("in", k)) for k in range(n)]

    def pays(self, n: int) -> list[Act]:
        """Record payments to suppliers, and in turn refunds of payments of customers."""
        refunds = [
            ({"amount": "1.00", "refunded_on": day}, payment_id)
            for payment_id, day in self.receipts[-n:]
        ]
        return [
            (
                self._act("payment", "/payments", _money("out", k // 2))
                if k % 2
                else self._act(
                    "refund", f"/payments/{refunds[k // 2][1]}/refund", refunds[k // 2][0]
                )
            )
            for k in range(n)
        ]

    def _act(self, series: str, path: str, body: dict[str, Any]) -> Act:
        """Repeat the request until it succeeds, record the number, return the seconds."""

        def call() -> float:
            since = time.perf_counter()
            status, answer = self.web.insist_on(self.person, path, body)
            assert status in DONE, (series, status, answer)
            self.returned.add(
                (
                    series,
                    answer["refunds"][-1]["number"] if series == "refund" else answer["number"],
                )
            )
            if series == "receipt":
                self.receipts.append((answer["id"], answer["paid_on"]))
            return time.perf_counter() - since

        return call

    def check(self, owner: sa.Engine) -> int:
        """Check that stored numbers equal returned ones, gap-free per series and year.

        Returns the number of documents.
        """
        with owner.connect() as connection:
            carried = [
                (row.series, row.number)
                for row in connection.execute(sa.text(NUMBERS), {"t": self.person.actor.tenant_id})
            ]
            last = {
                (row.series, row.financial_year): row.last_number
                for row in connection.execute(sa.text(LAST), {"t": self.person.actor.tenant_id})
            }
        places = defaultdict(list)
        for series, number in carried:
            *_letter, year, place = number.split("/")
            places[series, year].append(int(place))
        assert {of: sorted(taken) for of, taken in places.items()} == {
            of: list(range(1, n + 1)) for of, n in last.items()
        }
        assert len(last) == 5 * len(DAYS)
        assert set(carried) == self.returned
        return len(carried)


def _money(direction: str, k: int) -> dict[str, Any]:
    return {
        "direction": direction,
        "party_name": "Deepa Krishnan",
        "amount": "5000.00",
        "currency": "INR",
        "paid_on": DAYS[k % 2].isoformat(),
    }


@pytest.mark.parametrize("agencies", [1, 5])
def test_fifty_parallel_issues_leave_no_gap_and_no_duplicate(
    agencies: int, doomed: Settings, tmp_path: Path, rounds: Rounds, report: Report
) -> None:
    owner = sa.create_engine(sa.make_url(doomed.db_admin_url or ""))
    doom(owner, *NUMBERED)
    app = create_app(doomed)
    took: list[float] = []
    with web_processes(doomed, tmp_path, processes=2) as web:
        these = [
            Agency(People(app).sign_up(f"Alice{n} Owner", agency=f"Alice Travels {n}"), web)
            for n in range(agencies)
        ]
        for _ in range(rounds(ROUNDS)):
            for step in (Agency.issues, Agency.credits, Agency.receives, Agency.pays):
                answers = at_once(
                    [act for agency in these for act in step(agency, CALLERS // agencies)]
                )
                assert not [answer for answer in answers if isinstance(answer, Exception)]
                took += answers
    carried = sum(agency.check(owner) for agency in these)
    ends = met(owner)
    owner.dispose()
    with app.app_context():
        assert [
            finding for agency in these for finding in checks.run(agency.person.actor.tenant_id)
        ] == []
    assert all(ends.values()), ends
    report(
        f"{len(took)} numbers asked for by {CALLERS} at once in {agencies} agencies, {carried}"
        " carried, no gap, no twin; "
        + ", ".join(f"{n} {name}" for name, n in ends.items())
        + f"; {web.away} answers of 503 asked again; p95"
        f" {sorted(took)[int(len(took) * 0.95) - 1]:.2f} s"
    )
