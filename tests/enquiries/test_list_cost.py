"""Cost of a page of 50 of 60,000 enquiries.

It takes one round trip, few statements and index scans. It is read as the application's role, with
row-level security.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.crowds import crowded, scanned
from tests.enquiries.reading import watched
from tests.people import Person
from voyagent.enquiries.queries.enquiries import Search, list_statement, read_list_page
from voyagent.kernel.actor import Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.database.statement_cache import compiled_for
from voyagent.kernel.pages import Cursor, Part

ROWS = 60_000
LOAD = sa.text("""
    insert into enquiries (tenant_id, id, created_by_user_id, customer_name, customer_email,
      customer_phone, origin, destination,
      depart_date, return_date, pax_count, budget_hundredths, budget_currency, status, notes,
      created_at, updated_at)
    select cast(:tenant_id as uuid), md5(cast(:tenant_id as text) || n)::uuid,
      cast(:user_id as uuid), 'Customer ' || md5(n::text), 'c' || n || '@example.com',
      '+91 ' || (9000000000 + n), 'COK', (array['DXB', 'SIN', 'IST', 'LHR'])[1 + n % 4],
      date '2026-01-01' + n % 500, date '2026-01-08' + n % 500, 1 + n % 6,
      100000 * (n % 50), 'INR', case n % 20 when 0 then 'new' when 1 then 'quoted' when 2
      then 'booked' else 'cancelled' end, 'A note',
      at, at from (select n, timestamptz '2026-11-01' - n * interval '3 minutes' as at
      from generate_series(1, cast(:rows as int)) n) made
    """)
MIDDLE = Cursor(datetime(2026, 3, 1, tzinfo=UTC), UUID(int=2**127))


@pytest.fixture(scope="module")
def crowd(app: Flask, settings: Settings) -> Iterator[Person]:
    """An agency with 60,000 enquiries, and another agency's in the same table."""

    def load(connection: sa.Connection, person: Person, share: int) -> None:
        connection.execute(
            LOAD,
            {
                "tenant_id": str(person.actor.tenant_id),
                "user_id": person.actor.user_id,
                "rows": ROWS // share,
            },
        )

    with crowded(app, settings, load, "enquiries", "enquiry_counts") as big:
        yield big


def sql_of(
    person: Person, search: Search, part: Part, *, for_page: bool = False
) -> tuple[str, dict[str, Any]]:
    credential = Credential(
        person.actor.tenant_id,
        person.actor.user_id,
        person.actor.session_id or person.actor.tenant_id,
    )
    return compiled_for(list_statement(search, part, for_page=for_page), credential.tenant_id)


def run(
    lane: psycopg.Connection[Any],
    person: Person,
    search: Search,
    part: Part | None = None,
    *,
    for_page: bool = False,
) -> tuple[dict[str, int], Any]:
    """Read a page; return scans by index, whole-table scans, and rows fetched.

    Rows inside the look-up function count too.
    """
    sql, values = sql_of(person, search, part or Part(), for_page=for_page)
    return scanned(lane, person, sql, values, scans)


def scans(cursor: psycopg.Cursor[Any]) -> dict[str, int]:
    cursor.execute(
        "select relname, pg_stat_get_xact_numscans(oid) from pg_class where oid ="
        " 'enquiries'::regclass or oid in (select indexrelid from pg_index where indrelid ="
        " 'enquiries'::regclass) union all select 'rows',"
        " pg_stat_get_xact_tuples_fetched('enquiries'::regclass)"
    )
    return dict(cursor.fetchall())


def plan(
    lane: psycopg.Connection[Any], person: Person, search: Search, part: Part
) -> tuple[list[dict[str, Any]], int]:
    """Return the nodes of the executed plan and the buffers that it touched."""
    sql, values = sql_of(person, search, part)
    with lane.transaction(), lane.cursor() as cursor:
        cursor.execute("select set_config('app.tenant', %s, true)", [str(person.actor.tenant_id)])
        cursor.execute("explain (analyze, buffers, format json) " + sql, values)
        found = cursor.fetchone()
    assert found is not None
    root = (found[0] if not isinstance(found[0], str) else json.loads(found[0]))[0]["Plan"]
    nodes, left = [], [root]
    while left:
        node = left.pop()
        nodes.append(node)
        left += node.get("Plans", [])
    return nodes, root["Shared Hit Blocks"] + root["Shared Read Blocks"]


PLAIN = [
    ("the first page", Search(), Part(), "ix_enquiries_created"),
    ("a status", Search(status="new"), Part(), "ix_enquiries_status"),
    ("behind a cursor", Search(), Part(cursor=MIDDLE), "ix_enquiries_created"),
    ("before a cursor", Search(), Part(cursor=MIDDLE, backward=True), "ix_enquiries_created"),
    (
        "a status behind a cursor",
        Search(status="quoted"),
        Part(cursor=MIDDLE),
        "ix_enquiries_status",
    ),
]


@pytest.mark.parametrize(
    ("search", "part", "index"), [pytest.param(*case[1:], id=case[0]) for case in PLAIN]
)
def test_a_page_reads_few_rows_by_an_index(
    lane: psycopg.Connection[Any], crowd: Person, search: Search, part: Part, index: str
) -> None:
    nodes, buffers = plan(lane, crowd, search, part)
    on_table = [node for node in nodes if node.get("Relation Name") == "enquiries"]
    assert [(node["Node Type"], node.get("Index Name")) for node in on_table] == [
        ("Index Scan", index)
    ]
    assert on_table[0]["Actual Rows"] <= 50
    assert buffers < 500, "a page of fifty must not grow with the table"


@pytest.mark.parametrize("for_page", [False, True])
@pytest.mark.parametrize(
    ("text", "total"), [("9000012345", 1), ("c7777@", 1), ("nowhere-to-be-found", 0)]
)
def test_a_rare_word_is_found_by_its_trigrams(
    lane: psycopg.Connection[Any], crowd: Person, text: str, total: int, *, for_page: bool
) -> None:
    used, rows = run(lane, crowd, Search(text=text), for_page=for_page)
    assert "ix_enquiries_search" in used
    assert "enquiries" not in used
    assert used.get("rows", 0) < 1000, (
        "the index was read for the agency alone and not for the trigrams"
    )
    assert rows[0][-2 if for_page else -1] == total


@pytest.mark.parametrize(
    "search",
    [
        Search(text="dxb"),
        Search(text="example"),
        Search(text="dx"),
        Search(text="%"),
        Search(destination="dxb"),
        Search(origin="cok", status="new"),
        Search(text="9000123", created_from=date(2026, 1, 1)),
        Search(depart_from=date(2026, 3, 1), depart_to=date(2026, 3, 3)),
        Search(depart_from=date(2026, 3, 1)),
        Search(created_from=date(2026, 3, 1), created_to=date(2026, 3, 3)),
        Search(status="cancelled", created_to=date(2026, 3, 3)),
    ],
    ids=str,
)
def test_no_filter_scans_the_whole_table(
    lane: psycopg.Connection[Any], crowd: Person, search: Search
) -> None:
    for for_page in (False, True):
        used, rows = run(lane, crowd, search, for_page=for_page)
        assert "enquiries" not in used, "a scan of the whole table, other agencies' rows included"
        assert len(rows) in {1, 50}


def test_a_page_past_the_end_does_not_read_the_table(
    lane: psycopg.Connection[Any], crowd: Person
) -> None:
    for search, total in ((Search(), ROWS), (Search(status="new"), ROWS // 20)):
        used, rows = run(lane, crowd, search, Part(offset=ROWS + 1))
        assert used == {}
        assert (len(rows), rows[0][-1]) == (1, total)


def test_a_short_search_text_searches_only_the_newest_rows(crowd: Person) -> None:
    with crowd.reading() as reader:
        board = read_list_page(reader, Search(text="zq"), Part())
        found = read_list_page(reader, Search(text="dx"), Part())
        long = read_list_page(reader, Search(text="dxb"), Part())
    assert (board.is_partial, board.page.total, board.page.items) == (True, 0, [])
    assert (found.is_partial, found.is_capped, len(found.page.items)) == (True, True, 50)
    assert (long.is_partial, long.is_capped, long.by_status["new"]) == (False, True, ROWS // 20)


def test_a_page_costs_one_round_trip_with_two_statements(
    app: Flask, crowd: Person, statements: list[str]
) -> None:
    statements.clear()
    with watched(app) as trips:
        answers = [
            crowd.api.get(f"/enquiries{query}").json
            for query in ("", "?status=new", "?q=9000012345", "?offset=500000")
        ]
        answers.append(crowd.api.get(f"/enquiries?cursor={answers[0]['next_cursor']}").json)
    assert [(answer["total"], len(answer["items"])) for answer in answers] == [
        (ROWS, 50),
        (ROWS // 20, 50),
        (1, 1),
        (ROWS, 0),
        (ROWS, 50),
    ]
    assert trips == [2] * 5
    assert statements == []
