"""JSON API of approvals: fields, filters, pages, statuses and tenant isolation."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.approvals.conftest import Desk
from tests.people import Person
from voyagent.approvals.queries import ApprovalNotFound
from voyagent.approvals.service import deciding, execution
from voyagent.approvals.service.errors import ApprovalAlreadyResolved
from voyagent.chat.service import conversations as chat
from voyagent.kernel.ids import new_id

CONTRACT_KEYS = {
    "id",
    "session_id",
    "tool_name",
    "summary",
    "requested_at",
    "expires_at",
    "status",
    "payload",
    "resolved_at",
    "resolved_by_user_id",
}
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def listed(person: Person, query: str = "") -> dict[str, Any]:
    answer = person.api.get(f"/approvals{query}")
    assert answer.status_code == 200, answer.text
    assert isinstance(answer.json, dict)
    return answer.json


def decide(person: Person, approval_id: str, *, granted: bool) -> None:
    person.does(lambda actor: deciding.resolve(actor, approval_id, granted=granted).id)


def several(desk: Desk, person: Person, number: int) -> list[str]:
    """Proposals of one conversation, newest first, some at the same instant."""
    session_id = desk.conversation(person)
    made = [
        desk.propose(person, session_id=session_id, tool_call_id=f"c{n}") for n in range(number)
    ]
    start = datetime.now(UTC) - timedelta(minutes=1)
    desk.run("alter table approvals disable trigger approvals_guarded")
    for n, approval_id in enumerate(made):
        desk.run(
            "update approvals set requested_at = :at where id = :i",
            at=start + timedelta(seconds=n // 2),
            i=approval_id,
        )
    desk.run("alter table approvals enable trigger approvals_guarded")
    return sorted(made, key=lambda i: (made.index(i) // 2, i), reverse=True)


def test_a_list_item_has_the_keys_of_the_contract(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    item = alice.api.get(f"/approvals/{approval_id}").json
    assert item is not None
    assert set(item) >= CONTRACT_KEYS
    assert item["id"] == approval_id
    assert item["payload"] == desk.row(approval_id)["payload"]
    assert INSTANT.fullmatch(item["requested_at"])
    assert INSTANT.fullmatch(item["expires_at"])
    assert (item["status"], item["resolved_at"], item["resolved_by_user_id"]) == (
        "pending",
        None,
        None,
    )
    assert listed(alice) == {
        "items": [item],
        "total": 1,
        "limit": 50,
        "offset": 0,
        "next_cursor": None,
    }


@pytest.mark.parametrize("status", ["pending", "granted", "rejected", "expired", "all"])
def test_each_status_filter_lists_its_proposals(desk: Desk, alice: Person, status: str) -> None:
    made = {
        name: desk.propose(alice)
        for name in ("pending", "granted", "rejected", "expired", "overdue")
    }
    decide(alice, made["granted"], granted=True)
    decide(alice, made["rejected"], granted=False)
    desk.run_out(made["overdue"])
    desk.run_out(made["expired"])
    with pytest.raises(ApprovalAlreadyResolved):
        decide(alice, made["expired"], granted=True)
    page = listed(alice, f"?status={status}")
    wanted = {"expired": {"expired", "overdue"}, "all": set(made)}.get(status, {status})
    assert {i["id"] for i in page["items"]} == {made[w] for w in wanted}
    assert page["total"] == len(wanted)
    assert {i["status"] for i in page["items"]} == (
        {status} if status != "all" else {"pending", "granted", "rejected", "expired"}
    )


def test_without_a_status_the_list_has_pending_proposals(desk: Desk, alice: Person) -> None:
    pending, decided = desk.propose(alice), desk.propose(alice)
    decide(alice, decided, granted=False)
    assert [i["id"] for i in listed(alice)["items"]] == [pending]


def test_an_overdue_proposal_reads_as_expired(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice)
    desk.run_out(approval_id)
    answer = alice.api.get(f"/approvals/{approval_id}")
    assert answer.json is not None
    assert answer.json["status"] == "expired"
    assert listed(alice)["total"] == 0


@pytest.mark.parametrize("status", ["pending", "expired"])
def test_pages_are_newest_first_without_overlap_by_offset_and_by_cursor(
    desk: Desk, alice: Person, status: str
) -> None:
    made = several(desk, alice, 7)
    if status == "expired":
        for n, approval_id in enumerate(made):
            desk.run_out(approval_id)
            if n % 2:
                desk.run("update approvals set status = 'expired' where id = :i", i=approval_id)
    pages = [listed(alice, f"?status={status}&limit=3&offset={o}") for o in (0, 3, 6)]
    assert [i["id"] for p in pages for i in p["items"]] == made
    assert {p["total"] for p in pages} == {7}
    by_cursor, cursor = [], ""
    while cursor is not None:
        page = listed(alice, f"?status={status}&limit=3&cursor={cursor}")
        by_cursor += [i["id"] for i in page["items"]]
        cursor = page["next_cursor"]
    assert by_cursor == made


@pytest.mark.parametrize("offset", [2, 50, 2147483647])
def test_a_page_after_the_end_is_empty_with_the_correct_total(
    desk: Desk, alice: Person, offset: int
) -> None:
    several(desk, alice, 2)
    page = listed(alice, f"?offset={offset}")
    assert (page["items"], page["total"], page["offset"]) == ([], 2, offset)


def test_the_list_can_be_filtered_by_conversation(
    desk: Desk, alice: Person, charlie: Person
) -> None:
    session_id = desk.conversation(alice)
    inside, decided = (desk.propose(alice, session_id=session_id, tool_call_id=c) for c in "ab")
    desk.propose(alice)
    decide(alice, decided, granted=True)
    assert [i["id"] for i in listed(alice, f"?session_id={session_id}")["items"]] == [inside]
    assert listed(alice, f"?session_id={session_id}&status=all")["total"] == 2
    assert listed(alice, f"?session_id={new_id()}") == {
        "items": [],
        "total": 0,
        "limit": 50,
        "offset": 0,
        "next_cursor": None,
    }
    assert listed(charlie, f"?session_id={session_id}&status=all")["total"] == 0
    assert listed(alice, "?session_id=")["total"] == 2


@pytest.mark.parametrize("session_id", ["nonsense", "123", "0" * 40])
def test_a_malformed_conversation_id_is_refused_with_a_code(alice: Person, session_id: str) -> None:
    answer = alice.api.get(f"/approvals?session_id={session_id}")
    assert (answer.status_code, answer.json["detail"]) == (422, "invalid_session_id")  # type: ignore[index]


@pytest.mark.parametrize(
    "query",
    [
        "status=waiting",
        "status=",
        "limit=0",
        "limit=501",
        "limit=x",
        "offset=-1",
        "offset=2147483648",
        "limit=1&limit=2",
    ],
)
def test_unknown_members_are_refused_with_a_list_of_errors(alice: Person, query: str) -> None:
    answer = alice.api.get(f"/approvals?{query}")
    assert answer.status_code == 422
    assert isinstance(answer.json["detail"], list)  # type: ignore[index]
    assert answer.json["detail"][0]["loc"][0] == "query"  # type: ignore[index]


def test_a_cursor_of_another_list_is_refused(alice: Person) -> None:
    assert alice.api.get("/approvals?cursor=abc").json["detail"] == "invalid_cursor"  # type: ignore[index]


def test_a_viewer_can_read_but_not_decide(desk: Desk, alice: Person, victor: Person) -> None:
    approval_id = desk.propose(alice)
    assert listed(victor)["total"] == 1
    assert victor.api.get(f"/approvals/{approval_id}").status_code == 200
    for body in ({"granted": True}, {"granted": "nonsense"}):
        for target in (approval_id, "ap-unknown"):
            answer = victor.api.post(f"/approvals/{target}/resolve", json=body)
            assert (answer.status_code, answer.json["detail"]) == (403, "forbidden_role")  # type: ignore[index]


def test_proposals_of_another_agency_are_not_found(
    desk: Desk, alice: Person, charlie: Person
) -> None:
    approval_id = desk.propose(alice)
    assert listed(charlie, "?status=all")["total"] == 0
    for answer in (
        charlie.api.get(f"/approvals/{approval_id}"),
        charlie.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True}),
    ):
        assert (answer.status_code, answer.json["detail"]) == (404, "approval_not_found")  # type: ignore[index]
    assert desk.row(approval_id)["status"] == "pending"


@pytest.mark.parametrize("approval_id", ["ap-unknown", "x" * 200, "%00", "%F0%9F%98%80"])
def test_unknown_and_malformed_ids_are_not_found(alice: Person, approval_id: str) -> None:
    assert alice.api.get(f"/approvals/{approval_id}").status_code == 404
    assert (
        alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True}).status_code
        == 404
    )


def test_a_request_without_a_bearer_token_is_refused(alice: Person) -> None:
    client = alice.app.test_client()
    assert client.get("/api/approvals").status_code == 401
    assert client.post("/api/approvals/ap-1/resolve", json={"granted": True}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"granted": "yes"},
        {"granted": 1},
        {"granted": None},
        {"granted": True, "reason": "x" * 1025},
        {"granted": True, "more": 1},
        {"granted": True, "reason": 5},
    ],
)
def test_a_decision_must_be_a_json_boolean(desk: Desk, alice: Person, body: dict[str, Any]) -> None:
    approval_id = desk.propose(alice)
    for target in (approval_id, "ap-unknown"):
        answer = alice.api.post(f"/approvals/{target}/resolve", json=body)
        assert answer.status_code == 422, answer.text
    assert desk.row(approval_id)["status"] == "pending"


@pytest.mark.parametrize(("granted", "status"), [(True, "granted"), (False, "rejected")])
def test_resolving_returns_the_decided_proposal_and_a_second_decision_conflicts(
    desk: Desk, alice: Person, granted: bool, status: str
) -> None:
    approval_id = desk.propose(alice)
    answer = alice.api.post(
        f"/approvals/{approval_id}/resolve", json={"granted": granted, "reason": "r" * 1024}
    )
    assert answer.status_code == 200, answer.text
    item = answer.json
    assert item is not None
    assert (item["status"], item["resolved_by_user_id"]) == (status, str(alice.actor.user_id))
    assert INSTANT.fullmatch(item["resolved_at"])
    assert "reason" not in item
    assert alice.api.get(f"/approvals/{approval_id}").json == item
    again = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": granted})
    assert (again.status_code, again.json["detail"]) == (409, "approval_already_resolved")  # type: ignore[index]


def test_a_late_decision_conflicts_and_the_proposal_stays_expired(
    desk: Desk, alice: Person
) -> None:
    approval_id = desk.propose(alice)
    desk.run_out(approval_id)
    answer = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert (answer.status_code, answer.json["detail"]) == (409, "approval_already_resolved")  # type: ignore[index]
    assert desk.row(approval_id)["status"] == "expired"


def test_approving_ones_own_money_request_is_403(desk: Desk, alice: Person, leila: Person) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    answer = alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    assert (answer.status_code, answer.json["detail"]) == (403, "self_approval")  # type: ignore[index]


def test_proposals_of_a_deleted_conversation_are_404_everywhere(desk: Desk, alice: Person) -> None:
    session_id = desk.conversation(alice)
    pending, granted = (desk.propose(alice, session_id=session_id, tool_call_id=c) for c in "ab")
    decide(alice, granted, granted=True)
    alice.does(chat.delete, session_id)
    for approval_id in (pending, granted):
        assert alice.api.get(f"/approvals/{approval_id}").status_code == 404
        assert (
            alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": False}).status_code
            == 404
        )
        assert (
            alice.api.post(f"/approvals/{approval_id}/edit", json={"arguments": {}}).status_code
            == 404
        )
        (item,) = alice.api.post(
            "/approvals/resolve",
            json={"decisions": [{"approval_id": approval_id, "granted": True}]},
        ).json["items"]  # type: ignore[index]
        assert (item["status"], item["detail"]) == (404, "approval_not_found")
        assert alice.tab.get(f"/approvals/{approval_id}").status_code == 404
        assert approval_id not in alice.tab.get(f"/approvals/several?chosen={approval_id}").text
    for query in ("", "?status=all", f"?status=all&session_id={session_id}"):
        assert listed(alice, query)["total"] == 0
        assert listed(alice, query)["items"] == []
    alice.does(chat.restore, session_id)
    assert listed(alice, "?status=all")["total"] == 2


@pytest.mark.parametrize("query", ["", "?status=expired", "?status=all&limit=2", "?offset=1"])
def test_a_page_needs_three_statements_in_one_round_trip_for_any_number_of_proposals(
    desk: Desk, alice: Person, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    from voyagent.kernel.database import read_pool  # noqa: PLC0415 - the lane is watched from here

    sent: list[str] = []
    once = read_pool.ReadPool._once  # noqa: SLF001 - there is no other place to count trips

    def counted(lane: Any, credential: Any, statements: Any) -> Any:
        sent.extend(str(statement) for statement in statements)
        return once(lane, credential, statements)

    monkeypatch.setattr(read_pool.ReadPool, "_once", counted)
    several(desk, alice, 4)
    listed(alice, query)
    assert len(sent) == 2  # and who asks, before them


def test_the_pending_list_uses_its_index(desk: Desk, alice: Person, app_engine: sa.Engine) -> None:
    """The query runs as the application's role.

    The policy of that role affects the index that is used.
    """
    with desk.engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into approvals (tenant_id, id, session_id, tool_call_id, tool_name,"
                " summary, payload, arguments_hash, status, resolved_at, requested_at) select :t,"
                " 'ap-' || gen_random_uuid(), :s, 'c' || n, 'probe_note', 'x', '{}', repeat('0',"
                " 64), case when n % 500 = 0 then 'expired' else 'rejected' end, case when n % 500"
                " > 0 then now() end, now() - n * interval '1 minute' from generate_series(1,"
                " 5000) n"
            ),
            {"t": alice.actor.tenant_id, "s": desk.conversation(alice)},
        )
    with desk.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
            "analyze approvals"
        )
    desk.propose(alice)
    plans = {
        "status = 'pending' and expires_at > now()": (
            "ix_approvals_status",
            "ix_approvals_overdue",
            "ix_approvals_undecided",
        ),
        "status = 'expired'": ("ix_approvals_status",),
        "true": ("ix_approvals_requested",),
    }
    with app_engine.begin() as connection:
        connection.execute(
            sa.text("select set_config('app.tenant', :t, true)"), {"t": str(alice.actor.tenant_id)}
        )
        for condition, indexes in plans.items():
            plan = "\n".join(
                connection.exec_driver_sql(
                    f"explain select * from approvals where tenant_id = '{alice.actor.tenant_id}'"
                    f" and hidden_at is null and {condition} order by requested_at desc, id desc"
                    " limit 50"
                ).scalars()
            )
            assert any(index in plan for index in indexes), plan
            assert "Seq Scan" not in plan


def test_the_stored_counts_equal_the_proposals(desk: Desk, alice: Person) -> None:
    session_id = desk.conversation(alice)
    made = [desk.propose(alice, session_id=session_id, tool_call_id=f"c{n}") for n in range(5)]
    decide(alice, made[0], granted=True)
    decide(alice, made[1], granted=False)
    desk.run_out(made[2])
    alice.does(lambda _actor: execution.expire_overdue())
    with desk.engine.connect() as connection:
        stored = dict(
            connection.exec_driver_sql(
                "select status, n from approval_counts where tenant_id = %s",
                (alice.actor.tenant_id,),
            ).all()
        )  # type: ignore[arg-type]
    assert stored == {"pending": 2, "granted": 1, "rejected": 1, "expired": 1}


def test_the_audit_log_keeps_arguments_hash_decision_and_result_after_deletion(
    desk: Desk, alice: Person, bob: Person, drain: Callable[[], None]
) -> None:
    session_id, elsewhere = desk.conversation(bob), desk.conversation(bob)
    approval_id = desk.propose(
        bob,
        "probe_invoice",
        session_id=session_id,
        arguments={"session_id": str(elsewhere), "text": "hello"},
    )
    row = desk.row(approval_id)
    decide(alice, approval_id, granted=True)
    alice.does(chat.delete, session_id)
    with pytest.raises(ApprovalNotFound):
        decide(alice, approval_id, granted=True)
    drain()
    with desk.engine.connect() as connection:
        mark = connection.scalar(
            sa.text(
                "select args->>'deleted_at' from procrastinate_jobs where args->>'session_id' = :s"
            ),
            {"s": str(session_id)},
        )
    assert alice.does(lambda _actor: chat.wipe(session_id, str(mark)))
    made, granted, effect = desk.events(approval_id)
    assert (made["inputs"]["arguments"], made["inputs"]["arguments_hash"]) == (
        row["payload"],
        row["arguments_hash"],
    )
    assert (
        granted["kind"],
        granted["inputs"]["arguments_hash"],
        granted["inputs"]["preview_hash"],
    ) == (
        "approval.granted",
        row["arguments_hash"],
        row["preview_hash"],
    )
    assert (effect["inputs"]["arguments"], effect["outputs"]["noted"], effect["approved_by"]) == (
        row["payload"],
        1,
        alice.actor.user_id,
    )
