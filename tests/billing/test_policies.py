"""Policies of recognition: their change and their effect on documents."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.billing.papers import issued
from tests.billing.test_forms import send
from tests.billing.test_recognition import has_policy
from tests.billing.test_service_periods import lasting
from tests.enquiries.reading import Page
from tests.people import Person
from voyagent.billing.policies import service
from voyagent.billing.policies.errors import (
    PolicyInPast,
    RecognitionMethodUnknown,
    RecognitionUnchanged,
)
from voyagent.kernel import clock
from voyagent.kernel.errors import Forbidden

POLICY = {"applies_to": "principal", "method": "at_completion", "reason": "Advice of the auditor"}


def test_a_policy_is_set_with_a_reason_for_later_documents(alice: Person, charlie: Person) -> None:
    today = clock.today(alice.actor.timezone)
    first = alice.api.get("/recognition-policies").json
    made = alice.api.post("/recognition-policies", json=POLICY)
    assert (made.status_code, made.json["valid_from"]) == (201, today.isoformat())
    later = POLICY | {"method": "by_day", "valid_from": (today + timedelta(days=1)).isoformat()}
    alice.api.post("/recognition-policies", json=later)
    now = alice.api.get("/recognition-policies").json
    assert (now["principal"], now["agent"]) == ("at_completion", "at_booking")
    assert [one["method"] for one in now["items"]][:2] == ["by_day", "at_completion"]
    assert len(now["items"]) == len(first["items"]) + 2
    assert now["items"][1] | POLICY | {"created_by": "Alice Owner"} == now["items"][1]
    day = today - timedelta(days=1)
    methods = []
    for issue_date in (day, today):
        dated = {"issue_date": issue_date, "due_date": issue_date}
        service_days = lasting(today + timedelta(days=5), today + timedelta(days=9))
        invoice_id = issued(alice, service_days, **dated)
        (line,) = alice.api.get(f"/invoices/{invoice_id}").json["line_items"]
        methods.append(line["recognition"])
    assert methods == [first["principal"], "at_completion"]
    assert charlie.api.get("/recognition-policies").json == first | {
        "items": charlie.api.get("/recognition-policies").json["items"]
    }


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"method": "at_booking"}, 422, RecognitionMethodUnknown.code),
        ({"valid_from": "2024-01-01"}, 400, PolicyInPast.code),
        ({"reason": " "}, 422, None),
        ({"applies_to": "agent", "method": "at_booking"}, 409, RecognitionUnchanged.code),
    ],
)
def test_a_wrong_policy_is_refused(
    alice: Person, changes: dict[str, str], status: int, code: str | None
) -> None:
    answer = alice.api.post("/recognition-policies", json=POLICY | changes)
    assert answer.status_code == status, answer.text
    assert code is None or answer.json["detail"] == code


def test_only_an_administrator_sets_a_policy(alice: Person, bob: Person) -> None:
    with pytest.raises(Forbidden):
        bob.does(service.set_policy, **POLICY)
    page = Page(bob.tab.get("/settings/recognition"))
    assert "at_start" not in page.words(".//*[@id='present']")
    assert page.all(".//a[@href='/settings/recognition/change']") == []


def test_a_policy_is_neither_changed_nor_deleted(alice: Person, app_engine: Any) -> None:
    has_policy(alice, "agent", "at_service")
    for statement in (
        "update recognition_policies set reason = 'x'",
        "delete from recognition_policies",
    ):
        with app_engine.begin() as connection, pytest.raises(sa.exc.ProgrammingError) as refused:
            connection.execute(sa.text(statement))
        assert "permission denied" in str(refused.value)


def test_the_pages_show_policies_and_months(alice: Person) -> None:
    browser, today = alice.tab, clock.today(alice.actor.timezone)
    page = Page(browser.get("/settings/recognition"))
    assert "Commission on sales as agent" in page.words(".//*[@id='present']")
    path = "/settings/recognition/change"
    typed = {"choice": "principal:at_completion", "reason": "Advice"}
    answer = send(alice, path, **typed)
    assert answer.status_code == 303
    shown = Page(browser.get("/settings/recognition")).words(".//*[@id='policies']")
    assert "Own sales and their cost" in shown
    assert "on the last day of the service" in shown
    note = Page(browser.get("/reports/profit-and-loss")).words(".//*[@id='policies']")
    assert "recognised on the last day of the service." in note
    days = f"from={today - timedelta(days=1)}&to={today}"
    report = alice.api.get(f"/reports/profit-and-loss?{days}").json
    assert [tuple(one.values()) for one in report["policies"]] == [
        ("principal", "at_start", None),
        ("principal", "at_completion", today.isoformat()),
        ("agent", "at_booking", None),
    ]
    has_policy(alice, "principal", "by_day")
    begin = today.replace(day=1) - timedelta(days=1)
    dated = {"issue_date": begin - timedelta(days=2), "due_date": begin}
    invoice_id = issued(alice, lasting(begin, begin + timedelta(days=1), "100.00"), **dated)
    months = Page(browser.get(f"/invoices/{invoice_id}")).words(".//*[@id='revenue']")
    assert months.count("50.00") == 2
