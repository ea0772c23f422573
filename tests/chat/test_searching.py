"""Search of conversations by name and text, at a cost that does not grow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask

from tests.crowds import crowded, scanned
from tests.people import Person
from voyagent.chat.queries import search, sessions as chats
from voyagent.chat.queries.search import found_statement
from voyagent.chat.service import conversations as chat
from voyagent.kernel.actor import Credential
from voyagent.kernel.config import Settings
from voyagent.kernel.database.statement_cache import compiled_for

# Search results
# --------------------------------------------------------------------------------


def begin(
    person: Person, *texts: str, title: str | None = None, role: str = "user", **block: Any
) -> UUID:
    with person.acting() as actor:
        session_id = chat.create_session(actor, title=title).id
        for words in texts:
            chat.append(
                actor,
                chats.get_session(session_id),
                role=role,
                blocks=[{"type": "text", "text": words, **block}],
                turn_id=None,
            )
    return session_id


def find(person: Person, words: str, **more: Any) -> list[UUID]:
    with person.reading() as reader:
        return [row["id"] for row in search.find_sessions(reader, words, **more)[0]]


def test_a_conversation_is_found_by_its_name_and_messages(alice: Person) -> None:
    named, written, answered = (
        begin(alice, title="Krishnan family"),
        begin(alice, "KRISHNAN, for Dubai"),
        begin(alice, "as Krishnan asked", role="assistant"),
    )
    begin(alice, "somebody else")
    assert find(alice, "krishnan") == [answered, written, named]
    assert find(alice, "krishnan family") == [named]
    assert find(alice, "nothing of the kind") == []


def test_only_words_are_searched_each_separately(alice: Person) -> None:
    begin(alice, "Krishnan", role="tool")
    with alice.acting() as actor:
        session_id = chat.create_session(actor).id
        blocks = [
            {"type": "text", "text": "one end"},
            {"type": "tool", "text": "krishnan", "input": {"name": "Krishnan"}},
            {"type": "text", "text": "other end"},
        ]
        chat.append(
            actor,
            chats.get_session(session_id),
            role="assistant",
            blocks=blocks,
            turn_id=None,
        )
    assert find(alice, "krishnan") == []
    assert find(alice, "endother") == find(alice, "end other") == []
    assert find(alice, "other end") == [session_id]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("50%", True),
        ("5_%", False),
        ("a\\b", True),
        ('say "yes"', True),
        ("दुबई", True),
        ("zz", True),
        ("%", True),
    ],
)
def test_pattern_characters_are_literal(alice: Person, words: str, *, found: bool) -> None:
    begin(alice, 'zz: 50% off, a\\b, please say "yes" to दुबई')
    assert bool(find(alice, words)) is found


def test_deleted_and_foreign_conversations_are_not_found(alice: Person, charlie: Person) -> None:
    gone = begin(alice, "krishnan")
    alice.does(chat.delete, gone)
    begin(charlie, "krishnan", title="krishnan")
    assert find(alice, "krishnan") == []


def test_pages_follow_each_other(alice: Person) -> None:
    begun = [begin(alice, "krishnan") for _ in range(5)]
    found: list[UUID] = []
    cursor: str | None = None
    for _ in range(4):
        with alice.reading() as reader:
            rows, cursor, is_partial = search.find_sessions(reader, "krishnan", 2, cursor)
        found += [row["id"] for row in rows]
        assert not is_partial
        if cursor is None:
            break
    assert found == begun[::-1]


def test_short_and_common_words_search_only_the_newest_rows(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = [begin(alice, "krishnan zz") for _ in range(4)]
    begin(alice, "nothing")
    monkeypatch.setattr(search, "MET_MAX", 3)
    monkeypatch.setattr(search, "LOOKED_MAX", 3)
    for words in ("krishnan", "zz"):
        with alice.reading() as reader:
            rows, _, is_partial = search.find_sessions(reader, words)
        assert ([row["id"] for row in rows], is_partial) == ([begun[3], begun[2]], True), words
        with alice.reading() as reader:
            assert search.find_sessions(reader, words, 2)[2] is False, "a full page misses nothing"


# Cost
# --------------------------------------------------------------------------------

SESSIONS, EACH = 30_000, 3
LOAD = (
    """
    insert into chat_sessions (tenant_id, id, title, created_by_user_id, created_at, message_count)
    select :tenant_id, md5(cast(:tenant_id as text) || n)::uuid, 'Talk ' || md5(n::text), :user_id,
      timestamptz '2026-11-01' - n * interval '3 minutes', :each
      from generate_series(1, :sessions) n
    """,
    """
    insert into chat_messages (tenant_id, id, session_id, sequence, role, blocks)
    select :tenant_id, md5(cast(:tenant_id as text) || n || '/' || m)::uuid,
      md5(cast(:tenant_id as text) || n)::uuid, m, 'user',
           jsonb_build_array(jsonb_build_object('type', 'text', 'text',
           'A trip to Dubai please, number ' || n || 'x' || m || ' of ' || md5(n || '/' || m)))
      from generate_series(1, :sessions) n, generate_series(1, :each) m
    """,
)


@pytest.fixture(scope="module")
def crowd(app: Flask, settings: Settings) -> Iterator[Person]:
    """An agency with 90,000 messages in 30,000 conversations.

    They are mixed with those of another agency.
    """

    def load(connection: sa.Connection, person: Person, share: int) -> None:
        values = {
            "tenant_id": person.actor.tenant_id,
            "user_id": person.actor.user_id,
            "sessions": SESSIONS // share,
            "each": EACH,
        }
        for statement in LOAD:
            connection.execute(
                sa.text(statement),
                {name: value for name, value in values.items() if f":{name}" in statement},
            )

    with crowded(app, settings, load, "chat_sessions", "chat_messages") as big:
        yield big


def run(
    lane: psycopg.Connection[Any], person: Person, words: str
) -> tuple[dict[str, int], list[Any]]:
    """Search; return scans by index, whole-table scans, and fetched messages.

    Messages fetched inside the look-up function count too.
    """
    credential = Credential(
        person.actor.tenant_id,
        person.actor.user_id,
        person.actor.session_id or person.actor.tenant_id,
    )
    sql, values = compiled_for(found_statement(words, 40), credential.tenant_id)
    return scanned(lane, person, sql, values, scans)


def scans(cursor: psycopg.Cursor[Any]) -> dict[str, int]:
    cursor.execute(
        "with known as (select oid from pg_class where oid in ('chat_sessions'::regclass,"
        " 'chat_messages'::regclass)) select relname, pg_stat_get_xact_numscans(oid) from pg_class"
        " where oid in (select oid from known) or oid in (select indexrelid from pg_index where"
        " indrelid in (select oid from known)) union all select 'rows',"
        " pg_stat_get_xact_tuples_fetched('chat_messages'::regclass)"
    )
    return dict(cursor.fetchall())


@pytest.mark.parametrize(
    ("words", "found"),
    [("4711x2 of", 3), ("number 4711x", 1), ("nowhere-to-be-found", 0), ("Talk " + "e" * 32, 0)],
)
def test_rare_words_are_found_by_the_trigram_index(
    lane: psycopg.Connection[Any], crowd: Person, words: str, found: int
) -> None:
    used, rows = run(lane, crowd, words)
    assert len(rows) == found
    assert "ix_chat_messages_search" in used
    assert {"chat_messages", "chat_sessions"} & set(used) == set(), (
        "a scan of the whole table, other agencies' rows included"
    )
    assert used.get("rows", 0) < 1_000, (
        "the index was read for the agency alone and not for the trigrams"
    )


@pytest.mark.parametrize("words", ["dubai", "trip to", "du", "%", "number 1"])
def test_frequent_and_short_words_fill_a_page_with_the_newest(
    lane: psycopg.Connection[Any], crowd: Person, words: str
) -> None:
    used, rows = run(lane, crowd, words)
    assert len(rows) in {0, 1} if words == "%" else len(rows) == 40
    assert {"chat_messages", "chat_sessions"} & set(used) == set()
    limit = search.LOOKED_MAX * EACH + 1_000 if words == "%" else search.MET_MAX + 3_000
    assert used.get("rows", 0) < limit, used


def test_the_search_function_uses_indexes(lane: psycopg.Connection[Any], crowd: Person) -> None:
    credential = Credential(
        crowd.actor.tenant_id, crowd.actor.user_id, crowd.actor.session_id or crowd.actor.tenant_id
    )
    sql, values = compiled_for(found_statement("4711x2 of", 40), credential.tenant_id)
    with lane.transaction(), lane.cursor() as cursor:
        cursor.execute("select set_config('app.tenant', %s, true)", [str(crowd.actor.tenant_id)])
        cursor.execute("explain (analyze, buffers, format json) " + sql, values)
        found = cursor.fetchone()
    assert found is not None
    root = (found[0] if not isinstance(found[0], str) else json.loads(found[0]))[0]["Plan"]
    nodes, left = [], [root]
    while left:
        node = left.pop()
        nodes.append(node)
        left += node.get("Plans", [])
    on_table = [
        (node["Node Type"], node.get("Index Name"))
        for node in nodes
        if node.get("Relation Name") == "chat_sessions"
    ]
    assert on_table == [("Index Scan", "pk_chat_sessions")]
    assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] < 3_000, (
        "the cost of a search must not grow with the number of messages"
    )
