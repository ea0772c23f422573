"""Books under load, which always balance.

There are thousands of random acts at once, with faults.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.faults.auditor import CONTROL, Acknowledged, Auditor, faults_at_one_instant, wire
from tests.faults.conftest import Report, Rounds
from tests.faults.doom import doom, met
from tests.faults.load import check_books
from tests.faults.web import Web, web_processes
from tests.ledger.test_guards import write
from tests.people import People, Person
from voyagent.factory import create_app
from voyagent.kernel.config import Settings
from voyagent.kernel.db_address import psycopg_url

ACTS, CALLERS, AGENCIES = 10_000, 16, 2
A_LOOK_EVERY_S, ACTS_FOR_A_KILL = 0.1, 50
FIRST = date(2024, 6, 3)
CURRENCIES, PARTIES = ("INR", "USD"), ("Deepa Krishnan", "Malabar Tours", "Asha Menon")
OUTSIDE = "an auditor"  # the name of our own connections
KILL = (
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and"
    " backend_type = 'client backend' and application_name <> %s and state <> 'idle' and pid <>"
    " pg_backend_pid() order by random() limit 1"
)
WEIGHTS = {
    "journal": 20,
    "unbalanced": 8,
    "unbalanced_raw": 2,
    "reverse": 8,
    "invoice": 16,
    "bill": 6,
    "payment": 12,
    "allocate": 12,
    "unallocate": 5,
    "refund": 4,
    "payment_reverse": 3,
    "refund_reverse": 2,
    "credit": 4,
    "bill_credit": 2,
    "credit_reverse": 3,
    "void": 3,
}


class Stale(Exception):
    """No record exists yet for this act."""


@dataclass
class Agency:
    """One agency's books as its clients know them, which may be out of date."""

    person: Person
    web: Web
    application: sa.Engine
    accounts: dict[str, str]
    log: list[Acknowledged] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    documents: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    allocations: dict[str, str] = field(default_factory=dict)
    refunds: dict[str, str] = field(default_factory=dict)
    credits: list[tuple[str, str]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    def act(self, kind: str, dice: random.Random) -> None:
        """Do one random act of a kind and count valid refusals."""
        try:
            getattr(self, f"_{kind}")(dice)
        except Stale:
            self._journal(dice)

    def _ask(
        self, kind: str, path: str, asked: dict[str, Any], dice: random.Random, about: str = ""
    ) -> dict[str, Any] | None:
        """Send until there is a response, and record what was acknowledged.

        Some requests disconnect first.
        """
        status, answer = self.web.insist_on(self.person, path, asked, hangs_up=dice.random() < 0.02)
        assert status in {200, 201, 400, 409, 422}, (kind, status, answer)
        if status >= 400:
            self.refused[
                f"{kind}: {answer['detail'] if isinstance(answer['detail'], str) else 'unreadable'}"
            ] += 1
            return None
        self.log.append(Acknowledged(kind, asked, about, answer))
        return dict(answer)

    def _journal(self, dice: random.Random) -> None:
        if made := self._ask("journal", "/journal-entries", self._entry(dice), dice):
            self.entries.append(made["id"])

    def _entry(self, dice: random.Random) -> dict[str, Any]:
        """Return two to six lines that balance."""
        currency, minors = (
            dice.choice(CURRENCIES),
            [dice.randint(1, 500_000) for _ in range(dice.randint(1, 5))],
        )
        free = [
            id_
            for id_, purpose in self.accounts.items()
            if purpose not in {name for pair in CONTROL.values() for name in pair}
        ]
        sides = (
            ("debit_amount", "credit_amount")
            if dice.random() < 0.5
            else ("credit_amount", "debit_amount")
        )
        lines = [
            {"account_id": dice.choice(free), "currency": currency, sides[0]: wire(minor)}
            for minor in minors
        ]
        lines.append(
            {"account_id": dice.choice(free), "currency": currency, sides[1]: wire(sum(minors))}
        )
        return {"narration": "By hand", "entry_date": _day(dice), "lines": lines}

    def _unbalanced(self, dice: random.Random) -> None:
        asked = self._entry(dice)
        asked["lines"].append(asked["lines"][0])
        assert self._ask("unbalanced", "/journal-entries", asked, dice) is None

    def _unbalanced_raw(self, dice: random.Random) -> None:
        """Post an unbalanced entry in raw SQL, as the program's own database role."""
        lines = [
            {"account": id_, side: dice.randint(1, 9) + place}
            for place, (id_, side) in enumerate(
                zip(self.accounts, ("debit", "credit"), strict=False)
            )
        ]
        lines[1]["credit"] = lines[0]["debit"] + 1
        with pytest.raises(sa.exc.DBAPIError) as refused:
            write(self.application, self.person, lines)
        self.refused[
            (
                "unbalanced, by the database"
                if "does not balance" in str(refused.value)
                else "raw, ended before"
            )
        ] += 1

    def _reverse(self, dice: random.Random) -> None:
        entry_id = _one_of(self.entries, dice)
        self._ask(
            "reverse",
            f"/journal-entries/{entry_id}/reverse",
            {"reason": "A mistake"},
            dice,
            entry_id,
        )

    def _invoice(self, dice: random.Random) -> None:
        made = self._draw_up("draft", "/invoices", {"customer_name": dice.choice(PARTIES)}, dice)
        self._post(
            "issue",
            f"/invoices/{made['id']}/issue",
            made | {"direction": "in", "party": made["customer_name"]},
            dice,
        )

    def _bill(self, dice: random.Random) -> None:
        made = self._draw_up(
            "bill_draft",
            "/bills",
            {"vendor_name": dice.choice(PARTIES), "vendor_reference": f"B-{dice.getrandbits(64)}"},
            dice,
        )
        self._post(
            "bill_receive",
            f"/bills/{made['id']}/receive",
            made | {"direction": "out", "party": made["vendor_name"]},
            dice,
        )

    def _draw_up(
        self, kind: str, path: str, named: dict[str, str], dice: random.Random
    ) -> dict[str, Any]:
        """Create a draft with one to three lines."""
        lines = [
            {
                "description": "Visa",
                "quantity": dice.randint(1, 4),
                "unit_price": wire(dice.randint(1, 300_000)),
            }
            for _ in range(dice.randint(1, 3))
        ]
        asked = named | {
            "issue_date": FIRST.isoformat(),
            "currency": dice.choice(CURRENCIES),
            "line_items": lines,
        }
        made = self._ask(kind, path, asked, dice)
        assert made is not None
        return asked | {"id": made["id"], "total": int(made["total_amount"].replace(".", ""))}

    def _post(self, kind: str, path: str, document: dict[str, Any], dice: random.Random) -> None:
        assert self._ask(kind, path, {}, dice, document["id"])
        self.documents.append(document)

    def _payment(self, dice: random.Random) -> None:
        asked = {
            "direction": dice.choice(("in", "in", "out")),
            "party_name": dice.choice(PARTIES),
            "currency": dice.choice(CURRENCIES),
        }
        asked |= {
            "amount": wire(dice.randint(1, 900_000)),
            "paid_on": _day(dice),
            "account": dice.choice(("bank", "cash")),
        }
        if made := self._ask("payment", "/payments", asked, dice):
            self.payments.append(
                asked | {"id": made["id"], "minor": int(made["amount"].replace(".", ""))}
            )

    def _allocate(self, dice: random.Random) -> None:
        payment = _one_of(self.payments, dice)
        fitting = [
            one
            for one in self.documents[-60:]
            if (one["direction"], one["party"], one["currency"])
            == (payment["direction"], payment["party_name"], payment["currency"])
        ]
        if not fitting:
            raise Stale
        chosen = dice.sample(fitting, min(len(fitting), dice.randint(1, 3)))
        parts = [
            {
                "document_id": one["id"],
                "amount": wire(dice.choice((one["total"], dice.randint(1, one["total"])))),
            }
            for one in chosen
        ]
        made = self._ask(
            "allocate",
            f"/payments/{payment['id']}/allocate",
            {"allocations": parts},
            dice,
            payment["id"],
        )
        self.allocations |= (
            {row["id"]: payment["id"] for row in made["allocations"] if row["reverses_id"] is None}
            if made
            else {}
        )

    def _unallocate(self, dice: random.Random) -> None:
        allocation_id, payment_id = _one_of(list(self.allocations.items()), dice)
        path = f"/payments/{payment_id}/allocations/{allocation_id}/unallocate"
        self._ask("unallocate", path, {}, dice, f"{payment_id} {allocation_id}")

    def _refund(self, dice: random.Random) -> None:
        payment = _one_of(self.payments, dice)
        asked = {
            "amount": wire(dice.randint(1, payment["minor"])),
            "account": dice.choice(("bank", "cash")),
        }
        made = self._ask("refund", f"/payments/{payment['id']}/refund", asked, dice, payment["id"])
        self.refunds |= {row["id"]: payment["id"] for row in made["refunds"]} if made else {}

    def _refund_reverse(self, dice: random.Random) -> None:
        refund_id, payment_id = _one_of(list(self.refunds.items()), dice)
        path = f"/payments/{payment_id}/refunds/{refund_id}/reverse"
        self._ask(
            "refund_reverse", path, {"reason": "Never went"}, dice, f"{payment_id} {refund_id}"
        )

    def _payment_reverse(self, dice: random.Random) -> None:
        payment = _one_of(self.payments, dice)
        self._ask(
            "payment_reverse",
            f"/payments/{payment['id']}/reverse",
            {"reason": "Typed twice"},
            dice,
            payment["id"],
        )

    def _credit(self, dice: random.Random) -> None:
        invoice = _one_of([one for one in self.documents if one["direction"] == "in"], dice)
        lines = [{"line_no": 1, "amount": wire(dice.randint(1, max(1, invoice["total"] // 2)))}]
        if made := self._ask(
            "credit",
            "/credit-notes",
            {"invoice_id": invoice["id"], "reason": "Late", "lines": lines},
            dice,
        ):
            self.credits.append(("credit-notes", made["id"]))

    def _bill_credit(self, dice: random.Random) -> None:
        bill = _one_of([one for one in self.documents if one["direction"] == "out"], dice)
        asked = {
            "bill_id": bill["id"],
            "vendor_reference": f"C-{dice.getrandbits(64)}",
            "reason": "Late",
        }
        asked |= {
            "lines": [{"line_no": 1, "amount": wire(dice.randint(1, max(1, bill["total"] // 2)))}]
        }
        if made := self._ask("bill_credit", "/supplier-credits", asked, dice):
            self.credits.append(("supplier-credits", made["id"]))

    def _credit_reverse(self, dice: random.Random) -> None:
        path, credit_id = _one_of(self.credits, dice)
        self._ask(
            "credit_reverse",
            f"/{path}/{credit_id}/reverse",
            {"reason": "Wrong one"},
            dice,
            credit_id,
        )

    def _void(self, dice: random.Random) -> None:
        document = _one_of(self.documents, dice)
        kind, path = (
            ("void", "invoices") if document["direction"] == "in" else ("bill_void", "bills")
        )
        self._ask(
            kind, f"/{path}/{document['id']}/void", {"reason": "A mistake"}, dice, document["id"]
        )


def _one_of(choices: list[Any], dice: random.Random) -> Any:
    if not choices:
        raise Stale
    return dice.choice(choices)


def _day(dice: random.Random) -> str:
    return (FIRST + timedelta(days=dice.randint(0, 500))).isoformat()


@dataclass
class Onlooker:
    """Check the books continuously from outside and end connections of the program."""

    address: str
    agencies: list[Any]
    acts: Callable[[], int]
    looks: int = 0
    kills: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list)

    def look_until(self, over: threading.Event) -> None:
        """Check every tenth of a second, or as fast as possible, and once at the end."""
        with psycopg.connect(self.address, application_name=OUTSIDE, autocommit=True) as connection:
            while True:
                is_last = over.is_set()
                self.seen += faults_at_one_instant(connection, self.agencies)
                self.looks += 1
                if is_last:
                    return
                over.wait(A_LOOK_EVERY_S)

    def kill_until(self, over: threading.Event) -> None:
        """End a random busy connection, once for a number of acts."""
        with psycopg.connect(self.address, application_name=OUTSIDE, autocommit=True) as connection:
            while not over.wait(0.01):
                if self.acts() >= ACTS_FOR_A_KILL * (self.kills + 1):
                    self.kills += bool(connection.execute(KILL, [OUTSIDE]).fetchone())


@pytest.fixture
def app(doomed: Settings) -> Flask:
    return create_app(doomed)


@pytest.fixture
def web(doomed: Settings, tmp_path: Path) -> Iterator[Web]:
    with web_processes(doomed, tmp_path, processes=2) as made:
        yield made


@pytest.fixture
def outside(doomed: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The schema's owner, without row-level security."""
    with psycopg.connect(
        psycopg_url(doomed.db_admin_url or ""), application_name=OUTSIDE, autocommit=True
    ) as connection:
        yield connection


def open_agency(
    app: Flask, web: Web, application: sa.Engine, outside: psycopg.Connection[Any]
) -> Agency:
    """Sign up an agency and add its accounts."""
    person = People(app).sign_up("Alice Owner", agency=f"Pressed {secrets.token_hex(4)}")
    accounts = outside.execute(
        "select id::text, purpose from accounts where tenant_id = %s and purpose is not null",
        [person.actor.tenant_id],
    ).fetchall()
    return Agency(person, web, application, dict(accounts))


def test_the_books_balance_during_parallel_postings(
    doomed: Settings,
    app: Flask,
    web: Web,
    outside: psycopg.Connection[Any],
    seeded: random.Random,
    rounds: Rounds,
    report: Report,
) -> None:
    owner = sa.create_engine(sa.make_url(doomed.db_admin_url or ""))
    application = sa.create_engine(
        sa.make_url(doomed.db_url or ""),
        connect_args={"options": "-c role=voyagent_app"},
        pool_size=CALLERS,
        pool_pre_ping=True,
    )
    agencies = [open_agency(app, web, application, outside) for _ in range(AGENCIES)]
    doom(owner, ("postings", "insert", "when (new.line_no = 2)"))
    acts, over, done = rounds(ACTS), threading.Event(), Counter[int]()
    kinds, luck = (
        seeded.choices(list(WEIGHTS), weights=list(WEIGHTS.values()), k=acts),
        seeded.random(),
    )

    def work(caller: int) -> None:
        dice = random.Random(f"{luck}:{caller}")  # noqa: S311 - a test's dice, not a secret
        for kind in kinds[caller::CALLERS]:
            agencies[caller % AGENCIES].act(kind, dice)
            done[caller] += 1

    onlooker = Onlooker(
        psycopg_url(doomed.db_admin_url or ""),
        [agency.person.actor.tenant_id for agency in agencies],
        done.total,
    )
    since = time.monotonic()
    with ThreadPoolExecutor(CALLERS + 2) as pool:
        watching = [pool.submit(onlooker.look_until, over), pool.submit(onlooker.kill_until, over)]
        working = [pool.submit(work, caller) for caller in range(CALLERS)]
        try:
            for one in working:
                one.result()
        finally:
            took_s = time.monotonic() - since
            over.set()
        for one in watching:
            one.result()
    assert onlooker.seen == []
    refused: Counter[str] = Counter()
    for agency in agencies:
        auditor = Auditor(agency.accounts)
        auditor.replay(agency.log)
        auditor.compare(outside, agency.person.actor.tenant_id)
        refused += agency.refused
    check_books(app)
    ends, acknowledged = met(owner), sum(len(agency.log) for agency in agencies)
    assert all(ends.values()), ends
    assert onlooker.kills
    assert any("by the database" in why for why in refused), refused
    report(
        f"{acts} acts of {CALLERS} callers in {took_s:.0f} s, {acknowledged} acknowledged and"
        f" stored, {refused.total()} refused with reason;"
        f" {', '.join(f'{n} {name}' for name, n in ends.items())}, {onlooker.kills} connections"
        f" ended from outside; {onlooker.looks} instants seen, none unbalanced"
    )
    owner.dispose()
    application.dispose()
