"""The audit over the API: permissions, fields, filters and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.audit.conftest import Seed
from tests.people import Person
from voyagent.audit.service import recording as audit
from voyagent.enquiries import service as enquiries
from voyagent.kernel.actor import Channel
from voyagent.kernel.ids import new_id

KEYS = {
    "id",
    "tenant_id",
    "actor_kind",
    "actor_id",
    "actor_email",
    "kind",
    "summary",
    "payload",
    "status",
    "created_at",
}


def listed(person: Person, **query: Any) -> dict[str, Any]:
    answer = person.api.get("/audit?" + urlencode(query, doseq=True))
    assert answer.status_code == 200, answer.text
    return answer.json


def kinds(page: dict[str, Any]) -> list[str]:
    return [item["kind"] for item in page["items"]]


def test_only_an_administrator_can_read_it(alice: Person, bob: Person, victor: Person) -> None:
    assert alice.api.get("/audit").status_code == 200
    for person in (bob, victor):
        for path in ("/audit?limit=nonsense", "/audit/export.csv?actor_id=nonsense"):
            answer = person.api.get(path)
            assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")


def test_another_agency_does_not_see_it(alice: Person, charlie: Person, seed: Seed) -> None:
    seed(alice, kind="probe.secret")
    assert listed(charlie, kind="probe.secret")["total"] == 0
    assert listed(charlie, actor_id=alice.actor.user_id)["total"] == 0
    assert all(
        item["tenant_id"] == str(charlie.actor.tenant_id) for item in listed(charlie)["items"]
    )


def test_the_event_of_a_person_has_exactly_the_keys_of_the_contract(alice: Person) -> None:
    enquiry_id = alice.does(
        lambda actor: enquiries.create(actor, customer_name="Deepa Krishnan", pax_count=4).id
    )
    row = listed(alice)["items"][0]
    assert set(row) == KEYS
    assert row["kind"] == "enquiry.created"
    assert row["summary"] == "enquiry.created (succeeded)"
    assert (row["actor_kind"], row["actor_id"], row["actor_email"]) == (
        "user",
        str(alice.actor.user_id),
        alice.email,
    )
    assert (row["status"], row["tenant_id"]) == ("ok", str(alice.actor.tenant_id))
    assert set(row["payload"]) == {"inputs", "outputs", "entity_refs", "completed_at"}
    assert row["payload"]["entity_refs"] == {"enquiry_id": str(enquiry_id)}
    assert datetime.strptime(row["created_at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
        tzinfo=UTC
    ) > datetime.now(UTC) - timedelta(minutes=5)


def test_a_failed_act_of_the_assistant_has_all_members(alice: Person) -> None:
    approved_at = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)

    def act(actor: Any) -> None:
        about = {
            "status": "failed",
            "error": "mixed_currency",
            "driver": "books",
            "approved_by": actor.user_id,
            "approved_at": approved_at,
        }
        audit.record(
            actor.via(Channel.ASSISTANT),
            "draft_invoice",
            inputs={"a": None},
            outputs={"b": "1.00"},
            **about,
        )

    alice.does(act)
    row = listed(alice, kind="draft_invoice")["items"][0]
    assert (row["actor_kind"], row["status"], row["summary"]) == (
        "agent",
        "error",
        "draft_invoice: mixed_currency",
    )
    payload = row["payload"]
    assert payload["inputs"] == {"a": None}, "what was recorded as null stays null"
    assert (payload["driver"], payload["error"], payload["approval_required"]) == (
        "books",
        "mixed_currency",
        True,
    )
    assert (payload["approved_by"], payload["approved_at"]) == (
        str(alice.actor.user_id),
        "2026-11-24T10:30:00.000000Z",
    )


@pytest.mark.parametrize(
    ("stored", "status", "summary"),
    [
        ({"status": "succeeded"}, "ok", "probe.made (succeeded)"),
        ({"status": "started"}, "ok", "probe.made (started)"),
        ({"status": "cancelled"}, "ok", "probe.made (cancelled)"),
        ({"status": "rejected"}, "error", "probe.made (rejected)"),
        ({"status": "failed", "driver": "bank"}, "error", "probe.made via bank (failed)"),
        (
            {"status": "rejected", "driver": "bank", "error": "permission_denied"},
            "error",
            "probe.made: permission_denied",
        ),
    ],
)
def test_status_and_summary_follow_the_contract(
    alice: Person, seed: Seed, stored: dict[str, str], status: str, summary: str
) -> None:
    seed(alice, **stored)
    row = listed(alice)["items"][0]
    assert (row["status"], row["summary"]) == (status, summary)


def test_an_event_of_the_program_has_neither_id_nor_address(alice: Person, seed: Seed) -> None:
    seed(alice, by_nobody=True)
    row = listed(alice)["items"][0]
    assert (row["actor_kind"], row["actor_id"], row["actor_email"]) == ("system", None, None)


def test_an_event_matches_all_filters_and_any_of_the_kinds(
    alice: Person, bob: Person, seed: Seed
) -> None:
    for kind in ("probe.one", "probe.two", "probe.three"):
        seed(alice, kind=kind)
        seed(bob, kind=kind)
    assert kinds(listed(alice, kind="probe.one")) == ["probe.one"] * 2
    for spelling in (
        {"kind": ["probe.one", "probe.two"]},
        {"kind": "probe.one,probe.two"},
        {"kind": ["probe.one, probe.two,", "probe.two"]},
    ):
        assert listed(alice, **spelling)["total"] == 4
    mine = listed(alice, kind="probe.one,probe.two", actor_id=bob.actor.user_id)
    assert (mine["total"], {item["actor_email"] for item in mine["items"]}) == (2, {bob.email})
    assert listed(alice, kind="", actor_id="")["total"] == listed(alice)["total"]


def test_events_can_be_filtered_by_failure(alice: Person, seed: Seed) -> None:
    before = listed(alice)["total"]
    seed(alice, 2, status="failed")
    seed(alice, status="rejected")
    assert (listed(alice, status="error")["total"], listed(alice, status="ok")["total"]) == (
        3,
        before,
    )


def test_an_invalid_person_id_has_its_own_code(alice: Person) -> None:
    for bad in ("nonsense", "01890a5d", "%27"):
        answer = alice.api.get(f"/audit?actor_id={bad}")
        assert (answer.status_code, answer.json["detail"]) == (422, "invalid_actor_id")
    assert listed(alice, actor_id=new_id())["total"] == 0


def test_days_are_inclusive_and_in_utc_unless_a_zone_is_given(alice: Person, seed: Seed) -> None:
    for moment in (
        "2026-03-09T23:59:59.999999Z",
        "2026-03-10T00:00:00Z",
        "2026-03-10T18:29:59Z",
        "2026-03-10T18:30:00Z",
        "2026-03-10T23:59:59.999999Z",
    ):
        seed(alice, kind="probe.timed", started_at=moment)
    seed(alice, kind="probe.timed", started_at="2026-03-11T00:00:00Z")
    the_day = {"from": "2026-03-10", "to": "2026-03-10", "kind": "probe.timed"}
    assert listed(alice, **the_day)["total"] == 4
    assert (
        listed(alice, tz="Asia/Kolkata", **the_day)["total"] == 3
    )  # from 18:30 the day before to 18:30
    assert listed(alice, **{"from": "2026-03-11", "kind": "probe.timed"})["total"] == 1
    assert listed(alice, to="2026-03-09", kind="probe.timed")["total"] == 1


def test_an_inverted_range_is_empty_and_a_malformed_day_is_refused(alice: Person) -> None:
    page = listed(alice, **{"from": "2026-03-11", "to": "2026-03-10"})
    assert (page["items"], page["total"]) == ([], 0)
    for query in (
        "from=2026-02-30",
        "to=nonsense",
        "from=20260310",
        "from=1899-12-31",
        "tz=Mars%2FBase",
        "limit=0",
        "limit=201",
        "offset=-1",
        "offset=2147483648",
        "offset=1&offset=2",
        "limit=1&limit=2",
    ):
        assert alice.api.get(f"/audit?{query}").status_code == 422, query
        filters_alone = not query.startswith(("limit", "offset"))
        assert alice.api.get(f"/audit/export.csv?{query}").status_code == (
            422 if filters_alone else 200
        ), query
    assert alice.api.get("/audit?cursor=nonsense").json["detail"] == "invalid_cursor"


def test_the_newest_event_is_first_and_equal_times_follow_the_chain(
    alice: Person, seed: Seed
) -> None:
    seed(alice, kind="probe.b", started_at="2026-03-10T10:00:00Z")
    for number in range(6):
        seed(alice, kind=f"probe.a{number}", started_at="2026-03-10T10:00:01Z")
    page = listed(alice, to="2026-03-10")
    assert kinds(page) == [
        "probe.a5",
        "probe.a4",
        "probe.a3",
        "probe.a2",
        "probe.a1",
        "probe.a0",
        "probe.b",
    ]


def test_offset_and_cursor_give_the_same_pages(alice: Person, seed: Seed) -> None:
    seed(alice, 11, kind="probe.equal", started_at="2026-03-10T10:00:00Z")
    whole = [item["id"] for item in listed(alice, limit=200)["items"]]
    total = listed(alice)["total"]
    assert len(whole) == total
    by_offset = [
        item["id"]
        for offset in range(0, total, 4)
        for item in listed(alice, limit=4, offset=offset)["items"]
    ]
    by_cursor, mark = [], {}
    while mark is not None:
        page = listed(alice, limit=4, **mark)
        by_cursor += [item["id"] for item in page["items"]]
        mark = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
    assert by_offset == by_cursor == whole


def test_a_page_after_the_end_is_empty_with_the_correct_total(alice: Person, seed: Seed) -> None:
    seed(alice, 3, kind="probe.few")
    for query in ({}, {"kind": "probe.few"}):
        total = listed(alice, **query)["total"]
        for offset in (total, total + 1, 2**31 - 1):
            page = listed(alice, offset=offset, **query)
            assert (page["items"], page["total"], page["offset"], page["next_cursor"]) == (
                [],
                total,
                offset,
                None,
            )
    assert listed(alice, kind="probe.few")["total"] == 3


def test_reading_is_not_recorded(alice: Person) -> None:
    before = listed(alice)["total"]
    listed(alice, kind="x")
    alice.api.get("/audit?limit=nonsense")
    assert listed(alice)["total"] == before


def test_the_total_counts_all_events_that_match_the_filters(alice: Person, seed: Seed) -> None:
    seed(alice, 1_500, kind="probe.many")
    assert listed(alice, kind="probe.many", limit=1)["total"] == 1_500, (
        "the API's total is never capped"
    )
