"""A changed language, time zone or currency applies to the next request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask_babel import get_locale

from tests.approvals import probes
from tests.people import People, Person
from tests.settings.test_views import save
from voyagent.approvals.service import proposing
from voyagent.assistant.service import built_in, messages as assistant
from voyagent.billing.core.service.pricing import LineItem
from voyagent.billing.invoices.service import drafts as invoice_drafts, issuing
from voyagent.billing.payments.service import payments as payment_service
from voyagent.http import errors
from voyagent.identity.queries import people as identity
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.money import Money
from voyagent.settings.service import tenant_settings

PAGES = [
    "/",
    "/enquiries",
    "/enquiries/new",
    "/assistant",
    "/approvals",
    "/invoices",
    "/reports/receivables",
    "/reports/trial-balance",
    "/team",
    "/settings",
]


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_in_the_chosen_language(alice: Person, bob: Person, address: str) -> None:
    browser = bob.tab
    assert '<html lang="en"' in browser.get(address).text
    alice.does(tenant_settings.update, {"locale": "hi"})
    page = browser.get(address).text
    assert '<html lang="hi"' in page
    menu = page[page.index('id="pages"') : page.index("</nav>", page.index('id="pages"'))]
    assert re.search("[\u0900-\u097f]", menu), "the menu is translated"
    alice.does(tenant_settings.update, {"locale": "en"})
    assert '<html lang="en"' in browser.get(address).text


def test_the_confirmation_of_a_language_change_is_in_the_new_language(alice: Person) -> None:
    browser = alice.tab
    assert save(browser, locale="hi").status_code == 303
    assert '<html lang="hi"' in browser.get("/settings").text


def test_error_messages_are_translated_but_codes_are_not(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []

    def gettext(sentence: str) -> str:
        spoken.append(str(get_locale()))
        return sentence

    monkeypatch.setattr(errors, "gettext", gettext)
    address = "/enquiries/019412f0-7c1e-7a34-9d02-5b1f6c3a8e10"
    first = alice.api.get(address)
    alice.does(tenant_settings.update, {"locale": "hi"})
    second = alice.api.get(address)
    assert first.json["detail"] == second.json["detail"] == "enquiry_not_found"
    assert alice.api.patch(address, json={"notes": "Vegetarian"}).status_code == 404
    assert spoken == ["en", "hi", "hi"]


def test_times_are_shown_in_the_chosen_time_zone(alice: Person) -> None:
    enquiry_id = alice.api.post("/enquiries", json={"customer_name": "Deepa Krishnan"}).json["id"]
    browser = alice.tab
    for zone in ("Asia/Kolkata", "America/New_York"):
        alice.does(tenant_settings.update, {"timezone": zone})
        times = re.findall(
            r'<time datetime="([^"]+)" title="([^"]+)"',
            browser.get(f"/enquiries/{enquiry_id}").text,
        )
        assert times
        for instant, title in times:
            local = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone))
            assert title.endswith(f"{local:%H:%M} {local.tzname()}"), zone


def test_the_database_knows_every_time_zone_of_the_list(owner_engine: sa.Engine) -> None:
    with owner_engine.connect() as connection:
        known = set(connection.scalars(sa.text("select name from pg_timezone_names")))
    assert set(clock.zones()) <= known


def test_pages_accept_time_zones_unknown_to_their_library(
    alice: Person, owner_engine: sa.Engine
) -> None:
    """The library of the pages does not list this name.

    It would not list a zone that is newer than its release.
    """
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update tenant_settings set timezone = 'Factory' where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
    for address in [*PAGES, "/audit"]:
        assert alice.tab.get(address).status_code == 200, address


def test_today_is_the_date_in_the_agencys_time_zone(alice: Person) -> None:
    """The two zones are 25 hours apart, so they never have the same day."""
    east, west = "Pacific/Kiritimati", "Pacific/Pago_Pago"
    assert clock.today(east) != clock.today(west)
    for zone in (east, west):
        alice.does(tenant_settings.update, {"timezone": zone})
        assert f'data-today="{clock.today(zone).isoformat()}"' in alice.tab.get("/").text


def test_a_posting_without_a_date_has_the_agencys_date(alice: Person) -> None:
    for zone in ("Pacific/Pago_Pago", "Pacific/Kiritimati"):  # the earlier date first
        alice.does(tenant_settings.update, {"timezone": zone})
        today = clock.today(zone)
        invoice = draft(alice, today)
        with present(alice) as actor:
            issued = issuing.issue_invoice(actor, invoice)
            paid = payment_service.record_receipt(
                actor, issued.id, Money(issued.total_minor, issued.currency)
            )
            assert paid.paid_on == today


def test_new_documents_have_the_chosen_currency(alice: Person) -> None:
    browser = alice.tab
    assert '<option selected value="INR">' in browser.get("/enquiries/new").text
    alice.does(tenant_settings.update, {"default_currency": "AED"})
    assert '<option selected value="AED">' in browser.get("/enquiries/new").text


def test_reports_are_in_the_chosen_currency(alice: Person) -> None:
    def currencies() -> tuple[str, str]:
        ageing = alice.api.get("/reports/receivables?from=2026-01-01&to=2026-12-31").json
        return (
            ageing["total_outstanding"]["currency"],
            ageing["aging_buckets"][0]["amount"]["currency"],
        )

    assert currencies() == ("INR", "INR")
    alice.does(tenant_settings.update, {"default_currency": "KWD"})
    assert currencies() == ("KWD", "KWD")
    trial = alice.api.get("/reports/trial-balance?include_zero=1").json
    assert {account["currency"] for account in trial["accounts"]} == {"KWD"}
    assert "KWD" in alice.tab.get("/reports/trial-balance?include_zero=1").text


def test_the_assistant_reads_amounts_in_the_chosen_currency(
    alice: Person, drain: Callable[[], None]
) -> None:
    alice.does(tenant_settings.update, {"default_currency": "AED"})
    session_id = ask(alice, "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100")
    drain()
    with present(alice) as actor:
        assistant.send(actor, session_id, message="yes")
    drain()
    approval = alice.api.get("/approvals").json["items"][0]
    assert "AED" in str(approval["payload"])
    assert "INR" not in str(approval["payload"])


def test_the_assistant_answers_in_the_chosen_language(
    alice: Person, drain: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []

    def gettext(sentence: str, **values: object) -> str:
        spoken.append(str(get_locale()))
        return sentence % values if values else sentence

    monkeypatch.setattr(built_in, "gettext", gettext)
    ask(alice, "xqzzy")
    drain()
    assert set(spoken) == {"en"}
    alice.does(tenant_settings.update, {"locale": "hi"})
    spoken.clear()
    ask(alice, "xqzzy")
    drain()
    assert set(spoken) == {"hi"}


def test_the_four_eyes_rule_applies_from_the_next_decision(people: People, alice: Person) -> None:
    people.colleague(alice, "Leila Lead", role="accounting_lead")
    session_id = UUID(alice.api.post("/chat/sessions", json={}).json["session_id"])
    for number, (needed, status) in enumerate(((True, 403), (False, 200), (True, 403))):
        assert alice.api.patch("/tenant-settings", json={"four_eyes": needed}).status_code == 200
        about = {
            "turn_id": "t-0123456789ab",
            "tool_call_id": f"c{number}",
            "summary": "Draft invoice",
        }
        arguments = {"session_id": str(session_id), "text": str(number)}
        with alice.acting() as actor:
            approval_id = proposing.propose(
                actor,
                session_id=session_id,
                tool_name=probes.MONEY.tool_name,
                arguments=arguments,
                **about,
            ).id
        assert (
            alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True}).status_code
            == status
        )


def test_a_change_by_another_process_applies_at_once(
    alice: Person, bob: Person, owner_engine: sa.Engine
) -> None:
    """The settings are written directly to the database.

    A cache in this process would still have the old ones.
    """
    browser = bob.tab

    def seen() -> tuple[object, ...]:
        home = browser.get("/").text
        report = alice.api.get("/reports/receivables?from=2026-01-01&to=2026-12-31").json
        settings = alice.api.get("/tenant-settings").json
        words = (
            re.search(r'<html lang="(\w+)"', home)[1],
            re.search(r'data-today="([^"]+)"', home)[1],
        )  # type: ignore[index]
        return (*words, report["total_outstanding"]["currency"], settings["rate_limit_per_hour"])

    assert seen() == ("en", clock.today("UTC").isoformat(), "INR", 1000)
    for locale, zone, currency, limit in (
        ("hi", "Pacific/Kiritimati", "AED", 7),
        ("en", "Pacific/Pago_Pago", "KWD", 8),
    ):
        values = {"l": locale, "z": zone, "c": currency, "n": limit, "t": alice.actor.tenant_id}
        with owner_engine.begin() as connection:
            change = (
                "update tenant_settings set locale = :l, timezone = :z, default_currency = :c,"
                " rate_limit_per_hour = :n where tenant_id = :t"
            )
            connection.execute(sa.text(change), values)
        assert seen() == (locale, clock.today(zone).isoformat(), currency, limit)


def test_the_financial_year_of_a_number_follows_the_setting(alice: Person) -> None:
    alice.does(tenant_settings.update, {"financial_year_start_month": 1})
    invoice = draft(alice, date(2026, 2, 3))
    with present(alice) as actor:
        assert issuing.issue_invoice(actor, invoice).number == "2026/000001"


@contextmanager
def present(person: Person) -> Iterator[Actor]:
    """Open a transaction with the actor as stored now, as each request does."""
    with person.acting() as actor:
        assert actor.user_id is not None
        yield identity.get_actor(actor.user_id)


def ask(person: Person, message: str) -> UUID:
    """Send a message in a new conversation, and return its id."""
    session_id = UUID(person.api.post("/chat/sessions", json={}).json["session_id"])
    with present(person) as actor:
        assistant.send(actor, session_id, message=message)
    return session_id


def draft(person: Person, day: date) -> UUID:
    """A draft invoice of a day."""
    with present(person) as actor:
        items = [
            LineItem(
                description="Dubai visa", quantity=1, unit_price="500.00", currency=actor.currency
            )
        ]
        return invoice_drafts.draft_invoice(
            actor,
            customer_name="Deepa Krishnan",
            issue_date=day,
            due_date=day + timedelta(days=30),
            line_items=items,
        ).id
