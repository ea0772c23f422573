"""Lists, pages and reports of an agency at two sizes, one 100 times the other.

There are two databases, each with its own web processes, and they are measured in turn. The number
of parties and of months is equal in both. For comparison, the SQL of each request is sent without
the web.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from tools.bench import bare, books, cast, files, probes, writers
from tools.bench.books import Books
from tools.bench.figures import Figure, percentile
from tools.bench.ground import Ground, Installation, Web, commit_time
from tools.bench.load import (
    Call,
    always,
    as_json,
    browser_cookie,
    connected,
    drive,
    send,
    take_turns,
)

SMALL, LARGE = 2_000, int(os.environ.get("BENCH_LARGE") or 200_000)
ROUNDS, CONNECTIONS, WRITERS, SECONDS = 150, 4, 16, 0.6
GROWTH_MAX = 1.2
LIMIT = "tools.bench.limit:serve()"
TURNS = 9
THINGS = {
    "an invoice": ("invoices", "select id from invoices where status = 'paid' order by id"),
    "a bill": ("bills", "select id from bills where status = 'paid' order by id"),
    "a payment": ("payments", "select id from payments order by id"),
    "a journal entry": (
        "journal-entries",
        "select id from journal_entries where source_type = 'invoice' order by id",
    ),
    "an enquiry": ("enquiries", "select id from enquiries where status = 'quoted' order by id"),
}
"""Single records: the API resource of each and the query that finds them."""
DEEP_MAX_MS, COMMON_MAX_MS = 25, 40


@dataclass(frozen=True, slots=True)
class Worth:
    """Targets of an operation, in comparison with its SQL statements alone.

    `share_min` is the least rate of requests, as a fraction of the rate of the statements alone.
    `work_max` is the most CPU time, as a multiple of the CPU time of the statements alone.
    """

    share_min: float
    work_max: float


LIST, REPORT, THING = Worth(0.6, 2.2), Worth(0.6, 3.0), Worth(0.6, 5.0)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two agencies, with its installation and web processes.

    `cookie` is the session cookie of its administrator.
    """

    here: Installation
    web: Web
    books: Books
    cookie: str

    def call(self, path: str) -> Call:
        """Return a request for a page or an API path."""
        if path.startswith("/api/"):
            return as_json("GET", path, self.books.person.token)
        return Call("GET", path, {"Cookie": self.cookie})

    def address(self, resource: str, query: str) -> str:
        """Return the URL of a record, without `/api`, such as `/invoices/<id>`.

        `query` selects ids. The record is the one in the middle of the result.
        """
        with self.here.as_owner() as connection:
            rows = connection.execute(query.encode()).fetchall()
        return f"/{resource}/{rows[len(rows) // 2][0]}"


def measure(ground: Ground) -> Iterator[Figure]:
    """Load both sizes, report their rows, then measure every operation at both."""
    today = datetime.now(UTC).date()
    with ground.installation() as small, ground.installation() as large:
        loaded = [
            books.load(here, size, today=today) for here, size in ((small, SMALL), (large, LARGE))
        ]
        yield from books.book_figures(small, loaded[0])
        yield from books.book_figures(large, loaded[1])
        with small.serve() as young, large.serve() as aged:
            cookies = [
                browser_cookie(web.port, mine.person.email, cast.PASSWORD)
                for web, mine in zip((young, aged), loaded, strict=True)
            ]
            sides = (
                Side(small, young, loaded[0], cookies[0]),
                Side(large, aged, loaded[1], cookies[1]),
            )
            for name, path in paths(today).items():
                yield from reading(name, (path, path), sides)
            for name, both in details(sides).items():
                yield from reading(name, both, sides)
            yield from walking(sides[1])
            with large.serve(LIMIT) as limit:
                yield from shares(sides[1], limit, today)
            for side in sides:
                yield from sending(side, today)
            yield from writing(sides)
            commit_s = commit_time(ground).value / 1000
            for side in sides:
                yield from writers.measure(side.here, side.books.size, acts(side), commit_s)


def paths(today: date) -> dict[str, str]:
    """Return the URLs of the lists and reports to measure, by name of the figure.

    The URLs of the API come first, then those of the pages.
    """
    return {f"{name}, API": path for name, path in programs(today).items()} | {
        f"{name}, page": path for name, path in people(today).items()
    }


def details(sides: tuple[Side, Side]) -> dict[str, tuple[str, str]]:
    """Return the URLs of single records by name, in the smaller and the larger agency.

    Each record has an entry for the API and an entry for its page.
    """
    found = {name: [side.address(*place) for side in sides] for name, place in THINGS.items()}
    return {
        f"{name}, {way}": (prefix(small), prefix(large))
        for name, (small, large) in found.items()
        for way, prefix in (("API", "/api{}".format), ("page", _page))
    }


def people(today: date) -> dict[str, str]:
    """Return the URLs of the pages to measure, by name of the figure."""
    _, recent = _days(today)
    return {
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
        "statement of a customer": (
            f"/reports/party-statement?kind=customer&party=Customer+1&{recent}"
        ),
    }


def programs(today: date) -> dict[str, str]:
    """Return the URLs of the API to measure, by name of the figure."""
    ever, recent = _days(today)
    return {
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
        "statement of a customer": (
            f"/api/reports/party-statement?kind=customer&party=Customer+1&{recent}"
        ),
    }


def _page(resource: str) -> str:
    """Return the URL of the page of a record, from its URL in the API without `/api`."""
    return resource.replace("/journal-entries/", "/journal/")


def _days(today: date) -> tuple[str, str]:
    """Return two query strings: the whole past of the agency, and the last 30 days."""
    return (
        f"from={today - timedelta(days=books.DAYS)}&to={today}",
        f"from={today - timedelta(days=29)}&to={today}",
    )


def reading(name: str, paths: tuple[str, str], sides: tuple[Side, Side]) -> Iterator[Figure]:
    """Measure one operation at both sizes.

    The figures of each size are the rate, the times, the time of the SQL alone, and the number of
    statements. The last figure is the time at the larger size divided by the time at the smaller
    size.
    """
    calls = [side.call(path) for side, path in zip(sides, paths, strict=True)]
    sent = [bare.sent_by(side.here, call) for side, call in zip(sides, calls, strict=True)]
    asked = take_turns(
        [(side.web.port, always(call)) for side, call in zip(sides, calls, strict=True)],
        rounds=ROUNDS,
    )
    alone = bare.take_turns(
        [(side.here, statements) for side, statements in zip(sides, sent, strict=True)],
        rounds=ROUNDS,
    )
    for side, call, statements, whole, limit in zip(sides, calls, sent, asked, alone, strict=True):
        rate = drive(side.web.port, always(call), connections=CONNECTIONS, seconds=SECONDS).rate
        at = f"{name} at {side.books.size:,}"
        yield Figure(f"{at}: requests, {CONNECTIONS} connections", rate, "/s")
        yield Figure("… one request, p50", whole.ms(0.5), "ms")
        yield Figure("… one request, p99", whole.ms(0.99), "ms")
        yield Figure("… its SQL alone, p50", limit.ms(0.5), "ms")
        yield Figure("… statements", len(statements))
    yield Figure(
        f"{name}: the second ÷ the first",
        asked[1].ms(0.5) / asked[0].ms(0.5),
        "×",
        at_most=GROWTH_MAX,
    )


def shares(side: Side, limit: Web, today: date) -> Iterator[Figure]:
    """Compare requests to Voyagent with requests that only send the SQL statements.

    `limit` serves the application of `tools.bench.limit`.
    """
    wanted = {
        name: (path, REPORT if path.startswith("/api/reports/") else LIST)
        for name, path in programs(today).items()
    }
    wanted |= {name: (f"/api{side.address(*THINGS[name])}", THING) for name in THINGS}
    for name, (path, worth) in wanted.items():
        call = always(side.call(path))
        rates: tuple[list[float], list[float]] = ([], [])
        works: tuple[list[float], list[float]] = ([], [])
        for _ in range(TURNS):
            for web, rate, work in zip((side.web, limit), rates, works, strict=True):
                with probes.working(partial(tuple, web.pids)) as worked_s:
                    timings = drive(web.port, call, connections=CONNECTIONS, seconds=SECONDS)
                    work.append(replace(timings, work_s=worked_s()).work_ms)
                rate.append(timings.rate)
        (ours, most), (ours_ms, least_ms) = (
            [percentile(figures, 0.5) for figures in both] for both in (rates, works)
        )
        yield Figure(
            f"{name}, API at {side.books.size:,}: requests, {CONNECTIONS} connections", ours, "/s"
        )
        yield Figure("… its statements alone under the same server", most, "/s")
        yield Figure("… web processes at work for one", ours_ms, "ms")
        yield Figure("… for its statements alone", least_ms, "ms")
        yield Figure(
            f"{name}, API: requests of the first ÷ those of the second",
            ours / most,
            "×",
            at_least=worth.share_min,
        )
        yield Figure(
            "… web processes at work for one: that of the first ÷ that of the second",
            ours_ms / least_ms,
            "×",
            at_most=worth.work_max,
        )


def walking(side: Side) -> Iterator[Figure]:
    """Measure reads that take longer with more rows: a deep offset, an exact total."""
    for name, path, at_most in (
        (
            f"enquiries behind an offset of {side.books.size // 4:,}",
            f"/api/enquiries?offset={side.books.size // 4}",
            DEEP_MAX_MS,
        ),
        (
            "enquiries with a common word, counted exactly",
            f"/api/enquiries?q={books.COMMON}",
            COMMON_MAX_MS,
        ),
    ):
        (alone,) = bare.take_turns(
            [(side.here, bare.sent_by(side.here, side.call(path)))], rounds=ROUNDS
        )
        yield Figure(
            f"{name} at {side.books.size:,}: its SQL alone, p50",
            alone.ms(0.5),
            "ms",
            at_most=at_most,
        )


def writing(sides: tuple[Side, Side]) -> Iterator[Figure]:
    """Measure audited acts at both sizes in turn: an enquiry and a journal entry.

    The journal entry has postings to two accounts on which most other entries have postings too.
    """
    small, large = (acts(side) for side in sides)
    for name in small:
        calls = [always(small[name]), always(large[name])]
        asked = take_turns(
            [(side.web.port, call) for side, call in zip(sides, calls, strict=True)], rounds=ROUNDS
        )
        for side, call, whole in zip(sides, calls, asked, strict=True):
            rate = drive(side.web.port, call, connections=WRITERS, seconds=SECONDS).rate
            yield Figure(
                f"{name} at {side.books.size:,}: one agency, {WRITERS} connections", rate, "/s"
            )
            yield Figure("… one request, p50", whole.ms(0.5), "ms")
        yield Figure(
            f"{name}: the second ÷ the first",
            asked[1].ms(0.5) / asked[0].ms(0.5),
            "×",
            at_most=GROWTH_MAX,
        )


def acts(side: Side) -> dict[str, Call]:
    """Return audited acts of this side's agency, by name."""
    wish = {
        "customer_name": "Meera Nair",
        "origin": "BLR",
        "destination": "SIN",
        "depart_date": "2027-03-01",
        "pax_count": 2,
    }
    bodies = {
        "enquiry logged": ("/api/enquiries", wish),
        "entry posted": ("/api/journal-entries", _entry(side)),
    }
    return {
        name: as_json("POST", path, side.books.person.token, body, expects=201)
        for name, (path, body) in bodies.items()
    }


def sending(side: Side, today: date) -> Iterator[Figure]:
    """Measure the download of reports as CSV, over the agency's whole past.

    The number of lines per second has a target only at the larger size.
    """
    ever, _ = _days(today)
    for name, report in (
        ("day book", "day-book?"),
        ("general ledger of receivables", "general-ledger?account=1200&"),
    ):
        call = side.call(f"/reports/{report}{ever}&format=csv")
        yield from files.measure(
            side.web,
            f"{name} as CSV at {side.books.size:,}",
            call,
            is_judged=side.books.size > SMALL,
        )


def _entry(side: Side) -> dict[str, Any]:
    """Return a journal entry on the accounts of the measured agency."""
    with connected(side.web.port) as connection:
        answer = json.loads(send(connection, side.call("/api/accounts")))
    accounts = {
        account["code"]: account["id"]
        for account in (answer["items"] if isinstance(answer, dict) else answer)
    }
    sides = (("1100", {"debit_amount": "100.00"}), ("4300", {"credit_amount": "100.00"}))
    return {
        "narration": "Sold at the counter",
        "lines": [
            {"account_id": accounts[code], "currency": "INR"} | amount for code, amount in sides
        ],
    }
