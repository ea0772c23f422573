"""The audit log as CSV: permission, content, formulas, limits and streaming."""

from __future__ import annotations

import csv
import gc
import io
import json
import re
import time
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.audit.conftest import Seed
from tests.people import Person
from voyagent.audit.exports import trail
from voyagent.audit.queries.events import Search, export_statement
from voyagent.kernel.database import copy_export
from voyagent.kernel.database.copy_export import Exports
from voyagent.kernel.sheets import written

COLUMNS = [
    "created_at",
    "kind",
    "actor_kind",
    "actor_id",
    "actor_email",
    "status",
    "summary",
    "payload_json",
]


def exported(person: Person, **query: Any) -> list[dict[str, str]]:
    answer = person.api.get("/audit/export.csv?" + urlencode(query, doseq=True))
    assert answer.status_code == 200, answer.text
    rows = list(csv.reader(io.StringIO(answer.data.decode(), newline=""), strict=True))
    assert rows[0] == COLUMNS
    assert all(len(row) == len(COLUMNS) for row in rows)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]]


def newest(person: Person) -> dict[str, Any]:
    return person.api.get("/audit?limit=1").json["items"][0]


def test_the_file_has_the_name_type_and_line_ends_of_the_contract(alice: Person) -> None:
    answer = alice.api.get("/audit/export.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    first = str(alice.actor.tenant_id)[:8]
    assert re.fullmatch(
        rf'attachment; filename="voyagent-audit-{first}-\d{{4}}-\d\d-\d\d\.csv"',
        answer.headers["Content-Disposition"],
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.data.endswith(b"\r\n")
    assert answer.data.count(b"\n") == answer.data.count(b"\r\n")


def test_the_file_has_the_content_of_the_list(alice: Person, bob: Person, seed: Seed) -> None:
    seed(alice, kind="probe.ok", inputs={"name": 'Ünal, "Zoë"\nand more', "none": None})
    seed(bob, kind="probe.bad", status="failed", error="mixed_currency", driver="books")
    seed(alice, by_nobody=True)
    listed = alice.api.get("/audit").json["items"]
    rows = exported(alice)
    assert len(rows) == len(listed)
    for row, item in zip(rows, listed, strict=True):
        assert {name: row[name] for name in COLUMNS[:-1]} == {
            name: item[name] or "" for name in COLUMNS[:-1]
        }
        assert json.loads(row["payload_json"]) == item["payload"]


def test_filters_apply_to_the_file_as_to_the_list(alice: Person, bob: Person, seed: Seed) -> None:
    seed(alice, 3, kind="probe.one")
    seed(bob, 2, kind="probe.one")
    seed(bob, kind="probe.two", started_at="2026-03-10T10:00:00Z")
    assert len(exported(alice, kind="probe.one,probe.two")) == 6
    assert len(exported(alice, kind="probe.one", actor_id=bob.actor.user_id)) == 2
    assert [
        row["kind"] for row in exported(alice, **{"from": "2026-03-10", "to": "2026-03-10"})
    ] == ["probe.two"]
    assert exported(alice, **{"from": "2026-03-11", "to": "2026-03-10"}) == []
    assert alice.api.get("/audit/export.csv?actor_id=x").json["detail"] == "invalid_actor_id"


def test_events_of_another_agency_are_not_in_the_file(
    alice: Person, charlie: Person, seed: Seed
) -> None:
    seed(alice, kind="probe.secret")
    assert exported(charlie, kind="probe.secret") == []
    assert {row["actor_email"] for row in exported(charlie)} <= {charlie.email, ""}


def test_the_export_is_recorded_and_not_part_of_its_own_file(alice: Person, seed: Seed) -> None:
    seed(alice, 2, kind="probe.one")
    rows = exported(
        alice, kind="probe.one,audit.exported", tz="Asia/Kolkata", **{"from": "2020-01-01"}
    )
    assert [row["kind"] for row in rows] == ["probe.one"] * 2
    event = newest(alice)
    assert (event["kind"], event["actor_email"]) == ("audit.exported", alice.email)
    filters = {"kind": ["probe.one", "audit.exported"], "from": "2020-01-01", "tz": "Asia/Kolkata"}
    assert event["payload"]["inputs"] == {"format": "csv", "filters": filters}
    assert event["payload"]["outputs"] == {"rows": 2}


@pytest.mark.parametrize(
    "beginning",
    [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        " =",
        "\t=",
        "\u00a0=",
        "\u200b@",
        "\ufeff+",
        "\u3000-",
        "\uff1d",
        "\uff0b",
        "\uff0d",
        "\uff20",
        " \uff1d",
    ],
)
def test_no_cell_is_read_as_a_formula(alice: Person, seed: Seed, beginning: str) -> None:
    evil = f'{beginning}cmd|\' /C calc\'!A0,"=1+1"\r\n=HYPERLINK("http://evil.example")'
    seed(alice, kind=evil, actor_email=evil, error=evil, driver=evil, inputs={evil: evil})
    row = exported(alice)[0]
    assert (row["kind"], row["actor_email"]) == (written(evil), written(evil))
    assert row["kind"].startswith("'")
    assert "\r\n'=HYPERLINK" in row["kind"]
    assert row["summary"] == written(f"{evil}: {evil}")
    assert row["payload_json"].startswith("{")
    for cell in row.values():
        assert not re.match(r"[\s\u200b\ufeff]*[-=+@\uff1d\uff0b\uff0d\uff20]", cell), cell


def test_harmless_text_is_unchanged(alice: Person, seed: Seed) -> None:
    texts = [
        "a=b",
        "1-2",
        "'quoted'",
        'say "hi", twice',
        "two\nlines",
        "a\\.b",
        "\\.",
        "NULL",
        "ünïcödé 🛫",
        "50%",
        "%s %(x)s",
    ]
    for number, harmless in enumerate(texts):
        seed(
            alice,
            kind="probe.text",
            actor_email=harmless,
            started_at=f"2026-03-10T10:00:{number:02}Z",
        )
    assert [row["actor_email"] for row in reversed(exported(alice, kind="probe.text"))] == texts


def test_a_hostile_filter_is_only_a_value(alice: Person, seed: Seed) -> None:
    for kind in (
        "x') to stdout; drop table audit_events; --",
        "a\\'b",
        "%s",
        "$$",
        ":tenant_id",
        "%(tenant_id)s",
    ):
        seed(alice, kind=kind)
        assert [row["kind"] for row in exported(alice, kind=kind)] == [written(kind)]


def test_too_many_events_are_refused_and_nothing_is_recorded(
    alice: Person, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(alice, 5, kind="probe.one")
    monkeypatch.setattr(trail, "ROWS_MAX", 4)
    answer = alice.api.get("/audit/export.csv?kind=probe.one")
    assert (answer.status_code, answer.json["detail"]) == (400, "export_too_large")
    assert newest(alice)["kind"] == "probe.one"
    monkeypatch.setattr(trail, "ROWS_MAX", 5)
    assert len(exported(alice, kind="probe.one")) == 5


def test_the_rows_are_those_that_were_counted(app: Flask, alice: Person, seed: Seed) -> None:
    """Count and rows are read from one snapshot.

    Neither includes rows that were written in between.
    """
    seed(alice, 3, kind="probe.one")
    export = trail.open_export(
        alice.actor.tenant_id,
        Search(kinds=("probe.one",)),
        app.extensions["voyagent.exports"].open,
    )
    seed(alice, 4, kind="probe.one")
    assert (export.rows, b"".join(export).count(b"probe.one,")) == (3, 3)


@pytest.mark.parametrize("search", [Search(), Search(kinds=("probe.one", "probe.two"))])
def test_rows_are_sent_before_all_are_formatted(
    app: Flask, alice: Person, seed: Seed, owner_engine: sa.Engine, search: Search
) -> None:
    """The plan may sort events but not finished rows.

    It has no parallel workers, because their results would be sorted at the end.
    """
    seed(alice, 2_000, kind="probe.one")
    with owner_engine.begin() as connection:
        connection.execute(sa.text("analyze audit_events"))
    export = app.extensions["voyagent.exports"].open(alice.actor.tenant_id)
    connection, query = export._connection, export.bound(export_statement(search))  # noqa: SLF001 - how exactly this one is done
    for name in (
        "min_parallel_table_scan_size",
        "min_parallel_index_scan_size",
        "parallel_setup_cost",
        "parallel_tuple_cost",
    ):
        connection.execute(f"set {name} = 0")
    plan = "\n".join(row[0] for row in connection.execute(f"explain {query}"))
    export.close()
    assert plan.startswith("Subquery Scan"), plan
    assert "Gather" not in plan, plan


def test_exports_are_limited_and_an_unclosed_one_releases_its_slot(
    app: Flask, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_export, "WAIT_S", 0.05)
    own: Exports = app.extensions["voyagent.exports"]
    held = [
        trail.open_export(alice.actor.tenant_id, Search(), own.open)
        for _ in range(copy_export.AGENCY_SLOTS)
    ]
    answer = alice.api.get("/audit/export.csv")
    assert (answer.status_code, answer.json["detail"], answer.headers["Retry-After"]) == (
        503,
        "exports_busy",
        "5",
    )
    held[0].close()
    held[0].close()  # once is enough: a second one frees no place that is not there
    assert alice.api.get("/audit/export.csv").status_code == 200
    del held
    gc.collect()
    again = [
        trail.open_export(alice.actor.tenant_id, Search(), own.open)
        for _ in range(copy_export.AGENCY_SLOTS)
    ]
    for export in again:
        export.close()


def test_a_client_that_stops_reading_is_disconnected(
    app: Flask, alice: Person, seed: Seed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(alice, 30_000, kind="probe.many", inputs={"words": "lorem ipsum " * 20})
    monkeypatch.setattr(copy_export, "TIME_LIMIT_S", 1.5)
    own: Exports = app.extensions["voyagent.exports"]
    stream = iter(trail.open_export(alice.actor.tenant_id, Search(), own.open))
    next(stream)
    time.sleep(2)
    monkeypatch.setattr(copy_export, "WAIT_S", 0.0)
    monkeypatch.setattr(copy_export, "TIME_LIMIT_S", 60.0)
    others = [
        trail.open_export(alice.actor.tenant_id, Search(), own.open)
        for _ in range(copy_export.AGENCY_SLOTS)
    ]  # its place is free again
    with pytest.raises(TimeoutError):
        b"".join(stream)
    for other in others:
        other.close()


def test_an_export_whose_event_cannot_be_written_is_not_sent(
    alice: Person, owner_engine: sa.Engine
) -> None:
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "alter table audit_events add constraint ck_test check (kind <> 'audit.exported')"
                " not valid"
            )
        )
    try:
        answer = alice.api.get("/audit/export.csv")
        assert answer.status_code == 500
        assert b"created_at" not in answer.data
        for _place in range(
            copy_export.AGENCY_SLOTS
        ):  # neither does it keep its place, or its snapshot
            alice.api.get("/audit/export.csv")
    finally:
        with owner_engine.begin() as connection:
            connection.execute(sa.text("alter table audit_events drop constraint ck_test"))
    assert alice.api.get("/audit/export.csv").status_code == 200
