"""Lists, pages and reports of an agency at two sizes, a hundred times apart: what has grown must not be felt.

Two databases, each with web processes of its own, are asked in turn; parties and months are the same in both. The limit is the same SQL without the web.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tools.bench import bare, books, cast
from tools.bench.books import Books
from tools.bench.figures import Figure
from tools.bench.ground import Ground, Installation, Web
from tools.bench.load import Call, always, as_json, browser_cookie, connected, drive, send, take_turns

SMALL, LARGE = 2_000, 200_000
ROUNDS, CONNECTIONS, WRITERS, SECONDS = 60, 4, 16, 0.6
GROWTH_MAX = 1.2
DEEP_MAX_MS, COMMON_MAX_MS = 25, 40


@dataclass(frozen=True, slots=True)
class Side:
    """One size: its installation, its web processes, its agency, and the cookie of its administrator's browser."""

    here: Installation
    web: Web
    books: Books
    cookie: str

    def call(self, path: str) -> Call:
        """A reading of a page, or of the API."""
        if path.startswith("/api/"):
            return as_json("GET", path, self.books.person.token)
        return Call("GET", path, {"Cookie": self.cookie})


def measure(ground: Ground) -> Iterator[Figure]:
    """Load both, say what was loaded, then every operation at both."""
    today = datetime.now(UTC).date()
    with ground.installation() as small, ground.installation() as large:
        loaded = [books.load(here, size, today=today) for here, size in ((small, SMALL), (large, LARGE))]
        yield from books.told(small, loaded[0])
        yield from books.told(large, loaded[1])
        with small.serve() as young, large.serve() as aged:
            cookies = [browser_cookie(web.port, mine.person.email, cast.PASSWORD) for web, mine in zip((young, aged), loaded, strict=True)]
            sides = (Side(small, young, loaded[0], cookies[0]), Side(large, aged, loaded[1], cookies[1]))
            for name, path in paths(today).items():
                yield from reading(name, path, sides)
            yield from walking(sides[1])
            yield from writing(sides)


def paths(today: date) -> dict[str, str]:
    """What is read, by name."""
    first, month = today - timedelta(days=books.DAYS), today.replace(day=1)
    ever, recent = f"from={first}&to={today}", f"from={month}&to={today}"
    whole = {
        "enquiries": "/enquiries",
        "enquiries, one status": "/enquiries?status=quoted",
        "enquiries, a rare word": f"/enquiries?q={books.RARE}",
        "invoices": "/invoices",
        "invoices, overdue": "/invoices?status=overdue",
        "invoices, one currency": "/invoices?currency=USD",
        "bills": "/bills",
        "bills, to be paid": "/bills?status=received",
        "payments": "/payments",
        "payments, not used up": "/payments?status=unapplied",
        "credit notes": "/credit-notes",
        "journal": "/journal",
        "parties": "/parties",
        "approvals": "/approvals",
        "audit": "/audit",
        "home": "/",
        "reports": "/reports",
        "receivables by age": "/reports/receivables",
        "payables by age": "/reports/payables",
        "trial balance": "/reports/trial-balance",
        "profit and loss": f"/reports/profit-and-loss?{recent}",
        "balance sheet": "/reports/balance-sheet",
        "general ledger of receivables": "/reports/general-ledger?account=1200",
        "day book": f"/reports/day-book?{recent}",
        "statement of a customer": f"/reports/party-statement?kind=customer&party=Customer+1&{recent}",
    }
    programs = {
        "enquiries": "/api/enquiries",
        "invoices": "/api/invoices",
        "bills": "/api/bills",
        "payments": "/api/payments",
        "credit notes": "/api/credit-notes",
        "supplier credits": "/api/supplier-credits",
        "journal entries": "/api/journal-entries",
        "parties": "/api/parties",
        "approvals": "/api/approvals",
        "audit": "/api/audit",
        "receivables by age": f"/api/reports/receivables?{ever}",
        "payables by age": f"/api/reports/payables?{ever}",
        "trial balance": "/api/reports/trial-balance",
        "profit and loss": f"/api/reports/profit-and-loss?{recent}",
        "balance sheet": "/api/reports/balance-sheet",
        "general ledger of receivables": f"/api/reports/general-ledger?account=1200&{recent}",
        "day book": f"/api/reports/day-book?{recent}",
        "statement of a customer": f"/api/reports/party-statement?kind=customer&party=Customer+1&{recent}",
    }
    return {f"{name}, API": path for name, path in programs.items()} | {f"{name}, page": path for name, path in whole.items()}


def reading(name: str, path: str, sides: tuple[Side, Side]) -> Iterator[Figure]:
    """One operation at both sizes: statements, requests a second, times, the same SQL alone, and what a hundred times more makes of it."""
    sent = [bare.sent_by(side.here, side.call(path)) for side in sides]
    asked = take_turns([(side.web.port, always(side.call(path))) for side in sides], rounds=ROUNDS)
    alone = bare.take_turns([(side.here, statements) for side, statements in zip(sides, sent, strict=True)], rounds=ROUNDS)
    for side, statements, whole, limit in zip(sides, sent, asked, alone, strict=True):
        rate = drive(side.web.port, always(side.call(path)), connections=CONNECTIONS, seconds=SECONDS).rate
        at = f"{name} at {side.books.size:,}"
        yield Figure(f"{at}: requests, {CONNECTIONS} connections", rate, "/s")
        yield Figure("… one request, p50", whole.ms(0.5), "ms")
        yield Figure("… one request, p99", whole.ms(0.99), "ms")
        yield Figure("… its SQL alone, p50", limit.ms(0.5), "ms")
        yield Figure("… statements", len(statements))
    yield Figure(f"{name}: the second ÷ the first", asked[1].ms(0.5) / asked[0].ms(0.5), "×", at_most=GROWTH_MAX)


def walking(side: Side) -> Iterator[Figure]:
    """What may grow with the rows that it walks through, and how far: a page deep in a list by its offset, and the exact total of a common word."""
    for name, path, at_most in (
        (f"enquiries behind an offset of {side.books.size // 4:,}", f"/api/enquiries?offset={side.books.size // 4}", DEEP_MAX_MS),
        ("enquiries with a common word, counted exactly", f"/api/enquiries?q={books.COMMON}", COMMON_MAX_MS),
    ):
        (alone,) = bare.take_turns([(side.here, bare.sent_by(side.here, side.call(path)))], rounds=ROUNDS)
        yield Figure(f"{name} at {side.books.size:,}: its SQL alone, p50", alone.ms(0.5), "ms", at_most=at_most)


def writing(sides: tuple[Side, Side]) -> Iterator[Figure]:
    """An audited act at both sizes in turn: an enquiry logged, and an entry posted to two accounts that everything else is posted to as well."""
    wish = {"customer_name": "Meera Nair", "origin": "BLR", "destination": "SIN", "depart_date": "2027-03-01", "pax_count": 2}
    acts = {"enquiry logged": ("/api/enquiries", [wish, wish]), "entry posted": ("/api/journal-entries", [_entry(side) for side in sides])}
    for name, (path, bodies) in acts.items():
        calls = [always(as_json("POST", path, side.books.person.token, body, expects=201)) for side, body in zip(sides, bodies, strict=True)]
        asked = take_turns([(side.web.port, call) for side, call in zip(sides, calls, strict=True)], rounds=ROUNDS)
        for side, call, whole in zip(sides, calls, asked, strict=True):
            rate = drive(side.web.port, call, connections=WRITERS, seconds=SECONDS).rate
            yield Figure(f"{name} at {side.books.size:,}: one agency, {WRITERS} connections", rate, "/s")
            yield Figure("… one request, p50", whole.ms(0.5), "ms")
        yield Figure(f"{name}: the second ÷ the first", asked[1].ms(0.5) / asked[0].ms(0.5), "×", at_most=GROWTH_MAX)


def _entry(side: Side) -> dict[str, Any]:
    """An entry in the accounts of this side's agency."""
    with connected(side.web.port) as connection:
        answer = json.loads(send(connection, side.call("/api/accounts")))
    accounts = {account["code"]: account["id"] for account in (answer["items"] if isinstance(answer, dict) else answer)}
    sides = (("1100", {"debit_amount": "100.00"}), ("4300", {"credit_amount": "100.00"}))
    return {"narration": "Sold at the counter", "lines": [{"account_id": accounts[code], "currency": "INR"} | amount for code, amount in sides]}
