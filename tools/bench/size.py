"""Lists, pages and reports of an agency at two sizes, a hundred times apart: what has grown must not be felt.

Two databases, each with web processes of its own, are asked in turn; parties and months are the same in both. The limit is the same SQL without the web.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tools.bench import bare, books, cast
from tools.bench.books import Books
from tools.bench.figures import Figure
from tools.bench.ground import Ground, Installation, Web
from tools.bench.load import Call, always, as_json, browser_cookie, drive, take_turns

SMALL, LARGE = 2_000, 200_000
ROUNDS, CONNECTIONS, SECONDS = 60, 4, 0.6
GROWTH_MAX = 1.2


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
