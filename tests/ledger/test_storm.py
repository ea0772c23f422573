"""Parallel postings with failures: the books balance at every moment."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from threading import Event, Thread
from typing import Any

import sqlalchemy as sa

from tests.chat.parallel import at_once
from tests.ledger.books import DAY, account_id, balances
from tests.people import Person
from voyagent.kernel.database.roll_ups import differences
from voyagent.kernel.db import db
from voyagent.kernel.ids import new_id
from voyagent.kernel.money import Money
from voyagent.ledger.queries import roll_ups
from voyagent.ledger.service import entries
from voyagent.ledger.service.entries import Line
from voyagent.ledger.service.errors import EntryAlreadyReversed

SEED = 20261125
WRITERS, ACTS = 12, 12
PURPOSES = ("receivable", "bank", "revenue_services", "payable", "cost_of_services")


class Aborted(Exception):
    """Raised after an entry was posted and before its commit."""


def entry(chance: random.Random) -> list[Line]:
    """Two to five lines that balance, in one of two currencies."""
    currency = chance.choice(("INR", "AED"))
    parts = [chance.randint(1, 10_000) for _ in range(chance.randint(1, 4))]
    lines = [entries.debit(chance.choice(PURPOSES), Money(part, currency)) for part in parts]
    return [*lines, entries.credit(chance.choice(PURPOSES), Money(sum(parts), currency))]


def post(
    person: Person, lines: list[Line], *, is_aborted: bool = False
) -> list[tuple[Any, str, int]]:
    """Post an entry and return the lines that are stored after the commit."""
    with person.acting() as actor:
        posted = entries.post(
            actor,
            source_type="storm",
            source_id=new_id(),
            purpose="post",
            narration="Storm",
            lines=lines,
            entry_date=DAY,
        )
        if is_aborted:
            raise Aborted
        entry_id = posted.entry_id
    return [
        (entry_id, f"{line.account} {line.amount.currency}", line.signed_minor) for line in lines
    ]


def unbalance(person: Person, account: Any) -> None:
    """Write an unbalanced entry directly to the database."""
    with person.acting() as actor:
        values = {"t": actor.tenant_id, "id": new_id(), "a": account, "d": DAY}
        db.session.execute(
            sa.text("insert into journal_entries values (:t, :id, :d, 'x', 'storm', :id, 'x', 2)"),
            values,
        )
        for number, sides in ((1, "5, 0"), (2, "0, 4")):
            db.session.execute(
                sa.text(f"insert into postings values (:t, :id, {number}, :a, 'INR', {sides}, :d)"),
                values,
            )


def writer(
    person: Person, account: Any, number: int
) -> tuple[list[tuple[Any, str, int]], Counter[str]]:
    """A seeded row of acts; what was acknowledged, and how it went."""
    chance = random.Random(SEED + number)  # noqa: S311 - to be the same each time
    stands: list[tuple[Any, str, int]] = []
    went: Counter[str] = Counter()
    for _ in range(ACTS):
        kind = chance.choices(("post", "reverse", "abort", "unbalanced"), (6, 2, 2, 2))[0]
        try:
            if kind == "unbalanced":
                unbalance(person, account)
            elif kind == "reverse" and stands:
                entry_id = chance.choice(stands)[0]
                reversal = person.does(
                    entries.reverse, entry_id, reason="Storm", entry_date=DAY
                ).entry_id
                stands += [
                    (reversal, name, -minor)
                    for found, name, minor in list(stands)
                    if found == entry_id
                ]
            else:
                stands += post(person, entry(chance), is_aborted=kind == "abort")
            went["done"] += 1
        except (Aborted, sa.exc.IntegrityError, EntryAlreadyReversed) as error:
            went[type(error).__name__] += 1
    return stands, went


def test_the_books_balance_during_parallel_postings(alice: Person) -> None:
    account = account_id(alice, "bank")
    over, wrong, looks = Event(), [], [0]

    def watch() -> None:
        while not over.is_set():
            sums: dict[str, int] = defaultdict(int)
            for (_, currency), minor in balances(alice).items():
                sums[currency] += minor
            wrong.extend(item for item in sums.items() if item[1] != 0)
            looks[0] += 1

    watcher = Thread(target=watch)
    watcher.start()
    try:
        results = at_once([lambda n=n: writer(alice, account, n) for n in range(WRITERS)])
    finally:
        over.set()
        watcher.join()
    went: Counter[str] = sum((result[1] for result in results), Counter())
    assert wrong == [], f"seed {SEED}"
    assert looks[0] > 5
    assert min(went["done"], went["Aborted"], went["IntegrityError"]) > 5, went
    acknowledged: dict[tuple[str, str], int] = defaultdict(int)
    for stands, _ in results:
        for _, name, minor in stands:
            purpose, _, currency = name.rpartition(" ")
            acknowledged[purpose, currency] += minor
    assert {key: minor for key, minor in balances(alice).items() if minor} == {
        key: minor for key, minor in acknowledged.items() if minor
    }, f"seed {SEED}"
    with alice.reading() as reader:
        assert differences(reader, roll_ups.balances()) == []
