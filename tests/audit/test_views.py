"""Page of the audit log: permission, filters, an open event, the chain, the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.audit.acts import ACTS
from tests.audit.conftest import Seed, Tamper
from tests.people import Person, csrf
from voyagent.audit import words
from voyagent.audit.service import checks
from voyagent.capabilities import registry
from voyagent.enquiries import service as enquiries
from voyagent.http.list_pages import PAGE_ROWS
from voyagent.identity.service import invites, team
from voyagent.parties.service.addresses import AddressChanges
from voyagent.settings.service import tenant_settings as settings

HTMX = {"HX-Request": "true"}


def rows(text: str) -> list[str]:
    """The kinds of the events that a page lists."""
    return re.findall(r'<tr id="event-\d+" data-kind="([^"]+)"', text)


def shown(browser: FlaskClient, address: str = "/audit", status: int = 200, **headers: str) -> str:
    answer = browser.get(address, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.text


def newest_seq(person: Person) -> int:
    return int(re.findall(r'id="row-(\d+)"', shown(person.browser))[0])


def test_only_an_administrator_sees_the_page_and_its_menu_entry(alice: Person, bob: Person) -> None:
    assert 'href="/audit"' in shown(alice.browser, "/team")
    browser = bob.browser
    assert 'href="/audit"' not in shown(browser, "/team")
    for address in ("/audit", "/audit/chain", "/audit/export.csv"):
        shown(browser, address, status=403)
    assert (
        browser.post("/audit/check", data={"csrf_token": csrf(browser, "/team")}).status_code == 403
    )


def test_the_newest_events_are_first_grouped_by_day(alice: Person, seed: Seed) -> None:
    seed(alice, kind="probe.old", started_at="2024-03-10T10:00:00Z")
    enquiry = {"customer_name": "Deepa Krishnan", "pax_count": 4}
    alice.does(lambda actor: enquiries.create(actor, **enquiry).id)
    text = shown(alice.browser)
    assert rows(text)[-1] == "probe.old"
    assert {"enquiry.created", "agency.signed_up"} <= set(rows(text))
    assert re.search(
        r'<tr class="v-group"><th colspan="5" scope="rowgroup">Sun 10 Mar 2024</th>', text
    )
    assert "Alice Owner" in text


def test_events_of_another_agency_are_not_shown(alice: Person, charlie: Person, seed: Seed) -> None:
    seed(alice, kind="probe.secret")
    assert rows(shown(charlie.browser, "/audit?kind=probe.secret")) == []
    assert "probe.secret" not in shown(charlie.browser, f"/audit?open={newest_seq(alice)}")


def test_filters_are_in_the_url_and_can_be_removed(alice: Person, bob: Person, seed: Seed) -> None:
    seed(alice, kind="probe.one")
    seed(bob, kind="probe.one", status="failed")
    seed(bob, kind="probe.two", status="rejected")
    browser = alice.browser
    assert rows(shown(browser, "/audit?kind=probe.one")) == ["probe.one"] * 2
    assert rows(shown(browser, "/audit?kind=probe.one&kind=probe.two&status=error")) == [
        "probe.two",
        "probe.one",
    ]
    text = shown(browser, f"/audit?kind=probe.one&actor_id={bob.actor.user_id}")
    assert rows(text) == ["probe.one"]
    assert f'href="/audit?actor_id={bob.actor.user_id}"' in text, "the way without the kind"
    assert 'href="/audit?kind=probe.one"' in text, "the way without the person"
    assert re.search(r'class="v-chip v-chip-on"[^>]*>Bob Colleague', text)
    assert f'href="/audit/export.csv?actor_id={bob.actor.user_id}&amp;kind=probe.one"' in text


def test_days_are_in_the_agencys_time_zone(alice: Person, seed: Seed) -> None:
    alice.does(settings.update, {"timezone": "Asia/Kolkata"})
    seed(alice, kind="probe.evening", started_at="2026-03-10T18:29:59Z")
    seed(alice, kind="probe.morning", started_at="2026-03-10T18:30:00Z")
    text = shown(alice.browser, "/audit?from=11+Mar+2026&to=11+Mar+2026")
    assert rows(text) == ["probe.morning"]
    assert "00:00:00" in text
    file = alice.browser.get("/audit/export.csv?from=2026-03-10&to=2026-03-10").text
    assert [row["kind"] for row in csv.DictReader(io.StringIO(file))] == ["probe.evening"]


def test_invalid_parameters_are_ignored_and_reported(alice: Person) -> None:
    text = shown(
        alice.browser, "/audit?actor_id=x&open=-1&cursor=y&status=maybe&offset=-3", status=422
    )
    assert "was ignored" in text
    assert "agency.signed_up" in rows(text)


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_invalid_day_keeps_the_filter_open_with_its_text(
    alice: Person, headers: dict[str, str]
) -> None:
    text = shown(
        alice.browser,
        "/audit?from=32/13&to=11+Mar+2026&status=error",
        200 if headers else 422,
        **headers,
    )
    assert re.search(r'<details class="v-drop" open><summary[^>]*>.*?When', text)
    assert re.search(
        r'id="f-from"[^>]*value="32/13"[^>]*aria-invalid="true" aria-describedby="f-from-err"', text
    )
    assert re.search(r'id="f-from-err">.*Enter a date such as 24 Nov 2026 or 24/11\.', text)
    assert re.search(r'id="f-to"[^>]*value="11 Mar 2026" autocomplete="off">', text)
    assert "was ignored" not in text
    assert "Failed only" in text


def test_an_inverted_range_is_reported_at_the_field(alice: Person) -> None:
    text = shown(alice.browser, "/audit?from=2026-03-11&to=2026-03-10", status=422)
    assert rows(text) == []
    assert re.search(r'id="f-to-err">.*The end date is before the start date\.', text)
    assert 'value="11 Mar 2026"' in text
    assert 'id="f-from-err"' not in text
    assert alice.api.get("/audit?from=2026-03-11&to=2026-03-10").json["items"] == []


def test_the_heading_shows_the_number_of_matching_events(alice: Person, seed: Seed) -> None:
    seed(alice, 3, kind="probe.one")
    everything = re.search(r'id="audit-count">([\d,]+) events<', shown(alice.browser))
    assert everything
    text = shown(alice.browser, "/audit?kind=probe.one", **HTMX)
    assert re.search(r'id="audit-count" hx-swap-oob="true">3 of \d+ events<', text)


def test_an_event_is_described_in_words(alice: Person, bob: Person) -> None:
    rules = alice.app.extensions["voyagent.identity"]
    with alice.acting() as actor:
        team.change_role(rules, actor, bob.actor.user_id, role="viewer")
        invite_id, _ = invites.invite(rules, actor, email="nila@malabar.example", role="agent")
        invites.revoke_invite(actor, invite_id)
    text = shown(alice.browser, "/audit?kind=person.role_changed")
    assert re.search(r'<a id="row-\d+"[^>]*>Role changed</a>', text)
    assert re.search(r'<td class="v-clip v-fill v-last">Bob Colleague: Viewer</td>', text)
    assert "nila@malabar.example</td>" in shown(alice.browser, "/audit?kind=invite.revoked")


def test_a_decision_is_described_by_its_summary(alice: Person, seed: Seed) -> None:
    seed(
        alice,
        kind="approval.granted",
        inputs={"tool_name": "issue_invoice", "summary": "Issue invoice for Deepa, INR 45,000"},
    )
    seed(alice, kind="approval.granted", inputs={"tool_name": "issue_invoice"})
    text = shown(alice.browser, "/audit?kind=approval.granted")
    assert re.findall(r'v-last">([^<]+)<', text) == [
        "Assistant: issue an invoice",
        "Issue invoice for Deepa, INR 45,000",
    ]


def test_every_kind_of_event_and_every_tool_has_a_label_in_both_languages(app: Flask) -> None:
    kinds = {
        left.kind for act in ACTS for left in act.leaves if not left.kind.startswith("probe_")
    } | {tool.name for tool in registry.every()}
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        english = {kind: words.kind(kind) for kind in kinds}
    with app.test_request_context("/", headers={"Accept-Language": "hi"}):
        hindi = {kind: words.kind(kind) for kind in kinds}
    assert [kind for kind in kinds if english[kind] == kind] == []
    assert [kind for kind in kinds if hindi[kind] == english[kind]] == []


def test_every_field_of_an_address_has_a_label_in_both_languages(app: Flask) -> None:
    """The event of a new address shows the names of its fields."""
    for language in ("en", "hi"):
        with app.test_request_context("/", headers={"Accept-Language": language}):
            shown_as_named = [
                name for name in AddressChanges.__annotations__ if words.field(name) == name
            ]
        assert shown_as_named == [], language


def test_an_empty_result_links_back_to_all_events(alice: Person) -> None:
    text = shown(alice.browser, "/audit?kind=nothing.like.it")
    assert "No results" in text
    assert 'href="/audit"' in text
    assert "End of the list" in shown(alice.browser, "/audit?offset=99999")


def test_an_event_opens_next_to_the_list_with_old_and_new_values(alice: Person) -> None:
    enquiry_id = alice.does(
        lambda actor: enquiries.create(actor, customer_name="Deepa Krishnan", pax_count=4).id
    )
    alice.does(
        lambda actor: enquiries.update(actor, enquiry_id, {"pax_count": 6, "notes": "window seats"})
    )
    seq = newest_seq(alice) - 1  # signing in to look was the newest
    text = shown(alice.browser, f"/audit?open={seq}")
    event = text[text.index('<aside id="event"') :]
    assert re.search(
        r'<th scope="row">People</th><td translate="no"><del>4</del>\s*<ins>6</ins>', event
    )
    assert re.search(
        r'<th scope="row">Notes</th><td translate="no"><span class="v-lite">changed', event
    )
    assert "window seats" not in event
    assert f'href="/enquiries/{enquiry_id}"' in event
    assert '<p class="v-small v-2 mb-3">People, Notes</p>' in event
    item = next(
        one
        for one in alice.api.get("/audit?limit=200").json["items"]
        if one["kind"] == "enquiry.updated"
    )
    assert item["id"]
    assert re.search(rf'<dt>Number</dt><dd class="v-num text-start">{seq}</dd>', event)
    assert len(re.findall(r'class="v-mono" title="[0-9a-f]{64}">(?:[0-9a-f]{4} ?){4}<', event)) == 2


def test_an_unknown_event_is_reported(alice: Person, charlie: Person) -> None:
    assert "There is no event with this number." in shown(alice.browser, "/audit?open=9999")


def test_an_open_event_is_one_fragment_with_its_own_url(alice: Person) -> None:
    answer = alice.browser.get("/audit?kind=agency.signed_up&open=1", headers=HTMX)
    assert answer.headers["HX-Push-Url"] == "/audit?kind=agency.signed_up&open=1"
    assert answer.text.lstrip().startswith('<div class="v-peek')
    assert "<html" not in answer.text
    assert 'hx-swap-oob="true"' in answer.text


def test_pages_link_forward_and_back(alice: Person, seed: Seed) -> None:
    seed(alice, 2 * PAGE_ROWS + 10, kind="probe.many")
    browser = alice.browser
    seen: list[str] = []
    address: str | None = "/audit?kind=probe.many"
    back = []
    while address:
        text = shown(browser, address)
        seen += re.findall(r'id="row-(\d+)"', text)
        back.append(re.search(r'href="([^"]+)" rel="prev"', text))
        older = re.search(r'href="([^"]+)" rel="next"', text)
        address = older[1].replace("&amp;", "&") if older else None
    assert len(seen) == len(set(seen)) == 2 * PAGE_ROWS + 10
    assert back[0] is None
    newer = back[2][1].replace("&amp;", "&") if back[2] else ""
    assert re.findall(r'id="row-(\d+)"', shown(browser, newer)) == seen[PAGE_ROWS : 2 * PAGE_ROWS]


def test_a_large_number_is_counted_only_up_to_the_limit(alice: Person, seed: Seed) -> None:
    seed(alice, 1_200, kind="probe.many")
    assert "1–50 of 1,000 or more" in shown(alice.browser, "/audit?kind=probe.many")


def test_the_page_needs_one_round_trip_for_any_number_of_events(
    alice: Person, seed: Seed, statements: list[str]
) -> None:
    seed(alice, 60)
    browser = alice.browser
    statements.clear()
    shown(browser, "/audit?open=1&kind=probe.made")
    assert statements == [], "everything is read by the lane"


def test_hostile_text_is_escaped(alice: Person, seed: Seed) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    seed(
        alice,
        kind=evil,
        actor_email=evil,
        error=evil,
        driver=evil,
        channel=evil,
        inputs={evil: evil, "summary": evil},
        entity_refs={evil: evil},
    )
    text = shown(alice.browser, f"/audit?open={newest_seq(alice)}") + shown(
        alice.browser, f"/audit?open={newest_seq(alice) - 2}"
    )
    assert "&lt;script&gt;alert" in text
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_the_chain_is_checked_on_request(alice: Person, drain: Callable[[], None]) -> None:
    browser = alice.browser
    assert "Chain not checked yet" in shown(browser)
    answer = browser.post("/audit/check", data={"csrf_token": csrf(browser, "/audit")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/audit")
    running = shown(browser)
    assert "Checking since" in running
    assert 'hx-get="/audit/chain" hx-trigger="every 2s"' in running
    assert "Verify now" not in running
    drain()
    fragment = shown(browser, "/audit/chain", **HTMX)
    assert (
        re.search(r"Chain verified</?.*through event \d+", fragment.replace("\n", " "))
        or "through event" in fragment
    )
    assert "hx-trigger" not in fragment
    assert browser.get("/audit/chain").status_code == 303
    assert "Verified from the first event through this one" in shown(browser, "/audit?open=1")


def test_a_check_that_never_ran_can_be_requested_again(
    alice: Person, owner_engine: sa.Engine
) -> None:
    alice.does(checks.ask)
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text(
                "update audit_checks set asked_at = asked_at - cast(:late as interval) where"
                " tenant_id = :t"
            ),
            {"late": checks.CHECK_TIMEOUT + timedelta(seconds=1), "t": alice.actor.tenant_id},
        )
    text = shown(alice.browser, "/audit/chain", **HTMX)
    assert "No result yet" in text
    assert "hx-trigger" not in text
    assert "Verify now" in text


def test_a_broken_chain_is_red_and_links_to_the_event(
    alice: Person, seed: Seed, tamper: Tamper, app: Any
) -> None:
    seed(alice, 3)
    tamper(alice, "update audit_events set kind = 'probe.changed' where tenant_id = :t and seq = 2")
    with app.app_context():
        checks.check(alice.actor.tenant_id, app.extensions["voyagent.anchors"])
    text = shown(alice.browser, "/audit?open=2")
    assert "Chain broken at event 2" in text
    assert 'href="/audit?open=2"' in text
    assert "The chain breaks here" in text


@pytest.mark.parametrize("query", ["", "?kind=nothing&from=nonsense"])
def test_the_file_can_be_downloaded_from_the_page(alice: Person, query: str) -> None:
    answer = alice.browser.get(f"/audit/export.csv{query}")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.text.startswith("created_at,kind,")


def test_a_file_that_is_too_large_is_refused_on_the_page(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voyagent.audit.exports.trail.ROWS_MAX", 0)
    answer = alice.browser.get("/audit/export.csv")
    assert answer.status_code == 400
    assert "Narrow the filters" in answer.text
