"""The demo agency: its data, correct books, and no change when filled again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

import app as start_script
from tests.cpu_time import cpu_seconds
from tests.people import csrf
from voyagent.billing.ageing.queries import checks as queries_checks, open_items
from voyagent.demo.service.agency import AddressTaken, DemoNotAllowed, fill
from voyagent.identity.queries import people
from voyagent.identity.rules.demo import DEMO_EMAIL, DEMO_PASSWORD
from voyagent.identity.service.values import Identity
from voyagent.kernel import clock, metrics, tenancy
from voyagent.kernel.config import Environment, Settings
from voyagent.kernel.database.read_pool import SessionReader
from voyagent.kernel.database.roll_ups import differences
from voyagent.kernel.db import db, transaction
from voyagent.kernel.money import Money
from voyagent.ledger.queries.base_amounts import is_established
from voyagent.ledger.queries.trial_balance import trial_balance_rows
from voyagent.reports.queries import checks
from voyagent.reports.queries.margins import read_margins
from voyagent.reports.queries.periods import Days
from voyagent.reports.queries.roll_ups import ROLL_UPS
from voyagent.trips.queries import trips
from voyagent.trips.rules.lint import findings

PREPARED_S = 3
COUNTED = (
    "tenants",
    "users",
    "enquiries",
    "parties",
    "exchange_rates",
    "invoices",
    "bills",
    "payments",
    "journal_entries",
    "postings",
    "chat_sessions",
    "chat_turns",
    "chat_messages",
    "chat_events",
    "approvals",
    "audit_events",
    "trips",
    "trip_passengers",
    "trip_lines",
)


def again(app: Flask) -> list[str]:
    with app.app_context():
        return fill(app.extensions["voyagent.identity"])


def counts(owner: sa.Connection) -> dict[str, int]:
    return {table: owner.scalar(sa.text(f"select count(*) from {table}")) for table in COUNTED}


def tally(owner: sa.Connection, statement: str) -> dict[Any, Any]:
    return {row[0]: row[1] for row in owner.execute(sa.text(statement))}


@pytest.fixture
def visitor(demo_app: Flask, fill_output: list[str]) -> FlaskClient:
    client = demo_app.test_client()
    answer = client.post(
        "/sign-in",
        data={
            "email": DEMO_EMAIL,
            "password": DEMO_PASSWORD,
            "csrf_token": csrf(client, "/sign-in"),
        },
    )
    assert answer.status_code == 303, answer.text
    return client


def test_the_demo_reports_what_it_created(fill_output: list[str]) -> None:
    assert fill_output == [
        f"Malabar Gulf Travels with 6 people; Aisha Rahman signs in as {DEMO_EMAIL}.",
        "23 customers and suppliers.",
        "60 enquiries, 74 invoices and 45 bills of the past year, with their payments.",
        "30 exchange rates.",
        "3 conversations with the assistant.",
        "3 trips with travellers, flights, hotels and visas.",
        "3 requests wait for a decision in Malabar Gulf Travels, for fifteen minutes.",
    ]


def test_the_agency_is_marked_as_demo_with_a_letterhead_in_kochi(
    fill_output: list[str], owner: sa.Connection
) -> None:
    (agency,) = owner.execute(
        sa.text(
            "select display_name, is_demo, locale, timezone, s.default_currency from tenants t join"
            " tenant_settings s on s.tenant_id = t.id"
        )
    ).all()
    assert tuple(agency) == ("Malabar Gulf Travels", True, "en", "Asia/Kolkata", "INR")
    assert set(tally(owner, "select role, count(*) from users group by 1")) == {
        "agency_admin",
        "agent",
        "accounting_lead",
        "ticketing_lead",
        "viewer",
    }
    assert (
        owner.scalar(
            sa.text(
                "select count(*) from auth_sessions where ended_at is null and expires_at > now()"
            )
        )
        == 0
    )


def test_sixty_enquiries_of_every_status_cover_the_year(
    fill_output: list[str], owner: sa.Connection
) -> None:
    states = tally(owner, "select status, count(*) from enquiries group by 1")
    assert sum(states.values()) == 60
    assert set(states) == {"new", "quoted", "booked", "cancelled"}
    assert owner.scalar(sa.text("select count(*) from enquiries where created_at > now()")) == 0
    assert (
        owner.scalar(
            sa.text("select count(distinct date_trunc('month', created_at)) from enquiries")
        )
        >= 10
    )
    assert {"INR", "AED", "KWD"} <= set(
        tally(owner, "select budget_currency, count(*) from enquiries group by 1")
    )


@pytest.mark.parametrize("kind", ["receivable", "payable"])
def test_both_currencies_have_overdue_documents_of_every_age(
    demo_app: Flask, fill_output: list[str], kind: Any
) -> None:
    with demo_app.app_context():
        account = _bind()
        today = clock.today(account.timezone)
        rows = SessionReader(db.session).read(
            open_items.ageing_statement(
                kind, today.replace(year=today.year - 2), today, today=today
            )
        )[0]
    assert {(row["currency"], row["age"]) for row in rows} == {
        (currency, age) for currency in ("INR", "AED") for age in range(5)
    }


def test_the_books_balance_and_equal_the_documents(demo_app: Flask, fill_output: list[str]) -> None:
    with demo_app.app_context():
        actor = _bind()
        reader = SessionReader(db.session)
        today = clock.today(actor.timezone)
        rows = trial_balance_rows(reader, today)
        assert {row["currency"] for row in rows} == {"INR", "AED"}
        for currency in ("INR", "AED"):
            mine = [row for row in rows if row["currency"] == currency]
            assert (
                sum(row["debit_minor"] for row in mine)
                == sum(row["credit_minor"] for row in mine)
                > 0
            )
            for kind, sign in (("receivable", 1), ("payable", -1)):
                control = next(row for row in mine if row["purpose"] == kind)
                open_minor = sum(
                    row["open_minor"]
                    for row in reader.read(queries_checks.outstanding_statement(kind))[0]
                    if row["currency"] == currency
                )
                assert sign * (control["debit_minor"] - control["credit_minor"]) == open_minor > 0
        assert differences(reader, ROLL_UPS) == []
        assert is_established(reader)
        assert list(checks.base(reader)) == []


@pytest.mark.parametrize("command", [("books", "check"), ("audit", "verify")])
def test_the_check_commands_find_no_error(
    demo_app: Flask, fill_output: list[str], command: tuple[str, str]
) -> None:
    result = demo_app.test_cli_runner().invoke(args=command)
    assert result.exit_code == 0, result.output


def test_documents_are_paid_partly_paid_and_open_and_dated_within_the_year(
    fill_output: list[str], owner: sa.Connection
) -> None:
    states = tally(owner, "select status, count(*) from invoices group by 1")
    assert states == {"draft": 2, "paid": 49, "partially_paid": 5, "issued": 21}
    assert tally(owner, "select status, count(*) from bills group by 1") == {
        "paid": 33,
        "received": 14,
    }
    assert owner.scalar(sa.text("select max(issue_date) - min(issue_date) from invoices")) > 340
    assert (
        owner.scalar(sa.text("select count(*) from invoices where issue_date > current_date + 1"))
        == 0
    )
    later = (
        "select count(*) from postings p join journal_entries e on (e.tenant_id, e.id) ="
        " (p.tenant_id, p.entry_id) where p.effective_date > current_date + 1"
    )
    assert owner.scalar(sa.text(f"{later} and e.purpose not like 'recognition %'")) == 0
    assert owner.scalar(sa.text(later)) == 2, "what is deferred is revenue on its day of service"


def test_the_agency_has_a_letterhead_a_taxed_invoice_and_instalments(
    visitor: FlaskClient, owner: sa.Connection
) -> None:
    assert owner.execute(
        sa.text(
            "select num_nonnulls(address, tax_number, bank_details_sealed) from tenant_settings"
        )
    ).scalars().all() == [3]
    taxed = owner.scalar(
        sa.text("select id from invoices where tax_minor > 0 and status = 'issued'")
    )
    planned = owner.scalar(
        sa.text(
            "select id from invoices where cardinality(instalment_dues) = 3 and status = 'issued'"
        )
    )
    page = visitor.get(f"/invoices/{taxed}").text
    assert all(
        words in page for words in ("CGST 2.5 %", "Kochi 682011", "32AAACM1234A1ZH", "Service from")
    )
    assert visitor.get(f"/invoices/{planned}").text.count("98,000.00") >= 3


def test_invoice_numbers_increase_with_their_dates_without_a_gap(
    fill_output: list[str], owner: sa.Connection
) -> None:
    numbers = owner.scalars(
        sa.text("select number from invoices where number is not null order by issue_date, number")
    ).all()
    years: dict[str, list[int]] = {}
    for number in numbers:
        year, _, place = number.partition("/")
        years.setdefault(year, []).append(int(place))
    assert len(years) == 2
    assert all(places == list(range(1, len(places) + 1)) for places in years.values())


def test_every_party_of_a_document_is_recorded_with_its_terms(
    fill_output: list[str], owner: sa.Connection
) -> None:
    documents = "select party_key from invoices union select party_key from bills"
    with_terms = (
        "select 1 from parties p where p.party_key = d.party_key and p.terms_days is not null"
    )
    assert (
        owner.scalar(sa.text(f"select count(*) from ({documents}) d where exists ({with_terms})"))
        == 23
    )
    assert (
        owner.scalar(
            sa.text(f"select count(*) from ({documents}) d where not exists ({with_terms})")
        )
        == 0
    )
    assert (
        owner.scalar(
            sa.text("select count(*) from parties where email is not null and is_customer")
        )
        > 3
    )


def test_three_conversations_exist_and_nothing_is_running(
    fill_output: list[str], owner: sa.Connection
) -> None:
    assert owner.scalar(sa.text("select count(*) from chat_sessions")) == 3
    assert owner.scalar(sa.text("select min(message_count) from chat_sessions")) >= 3
    assert set(tally(owner, "select status, count(*) from chat_turns group by 1")) == {
        "done",
        "waiting",
    }
    assert tally(owner, "select status, count(*) from approvals group by 1") == {
        "pending": 3,
        "granted": 1,
        "rejected": 1,
    }
    assert (
        owner.scalar(sa.text("select effect_status from approvals where status = 'granted'"))
        == "done"
    )
    assert (
        owner.scalar(
            sa.text("select count(distinct session_id) from approvals where status = 'pending'")
        )
        == 3
    )


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/enquiries",
        "/trips",
        "/invoices",
        "/approvals",
        "/reports/receivables",
        "/reports/receivables?party=*",
        "/reports/trial-balance",
    ],
)
def test_every_page_works_for_a_visitor(visitor: FlaskClient, path: str) -> None:
    answer = visitor.get(path)
    assert answer.status_code == 200
    assert "Malabar Gulf Travels" in answer.text


def test_there_is_a_booked_trip_one_with_warnings_and_a_planned_one(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection
) -> None:
    with demo_app.app_context():
        _bind()
        reader = SessionReader(db.session)
        page = trips.list_trips(reader, limit=50)
        journeys = {row["status"]: trips.read_trip(reader, row["id"]) for row in page.items}
    assert set(journeys) == {"booked", "part_booked", "planned"}
    assert all(journey.passengers for journey in journeys.values())
    assert {line.kind for journey in journeys.values() for line in journey.lines} == {
        "flight",
        "hotel",
        "transfer",
        "visa",
        "other",
    }
    found = {
        status: {one.code for one in findings(journey.passengers, journey.lines)}
        for status, journey in journeys.items()
    }
    assert found == {
        "booked": set(),
        "part_booked": {"passport_missing", "passport_expires", "night_missing"},
        "planned": set(),
    }
    assert all(
        total.margin.amount_minor > 0
        for journey in journeys.values()
        for total in journey.totals
        if total.price
    )
    assert owner.scalar(sa.text("select count(*) from trips where enquiry_id is not null")) == 3
    assert owner.scalar(sa.text("select count(*) from trips where session_id is not null")) == 2


def test_the_booked_trip_is_invoiced_and_partly_billed(
    demo_app: Flask, fill_output: list[str]
) -> None:
    with demo_app.app_context():
        _bind()
        today = clock.today("Asia/Kolkata")
        report = read_margins(SessionReader(db.session), Days(today, today), "Asia/Kolkata")
    (earned,) = [trip.totals for trip in report.trips if trip.title == "Ashraf family, Dubai"]
    assert [(one.planned.price, one.actual.price, one.actual.cost) for one in earned] == [
        (
            Money.parse("140900.00", "INR"),
            Money.parse("140900.00", "INR"),
            Money.parse("104300.00", "INR"),
        )
    ]


def test_a_trip_of_the_demo_has_an_itinerary_page_and_pdf(
    visitor: FlaskClient, owner: sa.Connection
) -> None:
    trip_id = owner.scalar(sa.text("select id from trips order by created_at limit 1"))
    assert "Malabar Gulf Travels" in visitor.get(f"/trips/{trip_id}").text
    assert visitor.get(f"/trips/{trip_id}/itinerary.pdf").data.startswith(b"%PDF")


def test_the_administrator_may_approve_the_pending_requests(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection
) -> None:
    requesters = owner.scalars(
        sa.text(
            "select u.email from approvals a join users u on u.id = a.requested_by_user_id where"
            " a.status = 'pending'"
        )
    ).all()
    assert DEMO_EMAIL not in requesters


def test_filling_again_adds_nothing(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection
) -> None:
    before = counts(owner)
    assert again(demo_app)[0] == "Malabar Gulf Travels is there already."
    assert counts(owner) == before


def test_a_later_start_is_quick_and_fills_nothing(
    demo_settings: Settings,
    fill_output: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("VOYAGENT_DEMO", raising=False)
    has_demo = []
    with mock.patch.object(metrics, "leave"):  # this process goes on
        took = cpu_seconds(lambda: has_demo.append(start_script.prepare(demo_settings)))
    assert has_demo == [True]
    said = capsys.readouterr().out
    assert "is there already" in said
    assert "Filling" not in said
    assert took < PREPARED_S


def test_only_expired_requests_are_renewed(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection
) -> None:
    before = counts(owner)
    owner.execute(
        sa.text(
            "update approvals set expires_at = now() - interval '1 second' where status = 'pending'"
        )
    )
    assert (
        again(demo_app)[-1]
        == "3 requests wait for a decision in Malabar Gulf Travels, for fifteen minutes."
    )
    after = counts(owner)
    assert {
        table: after[table] - before[table] for table in COUNTED if after[table] != before[table]
    } == {"approvals": 3, "audit_events": 6}
    assert tally(owner, "select status, count(*) from approvals group by 1") == {
        "pending": 3,
        "expired": 3,
        "granted": 1,
        "rejected": 1,
    }
    fresh = owner.scalars(
        sa.text(
            "select expires_at - now() > interval '14 minutes' from approvals where status ="
            " 'pending'"
        )
    ).all()
    assert fresh == [True, True, True]


def test_an_interrupted_conversation_is_continued_by_the_next_run(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection
) -> None:
    owner.execute(sa.text("delete from chat_sessions where title like 'Deepa Krishnan%'"))
    assert again(demo_app)[1] == "1 conversation with the assistant."
    assert owner.scalar(sa.text("select count(*) from chat_sessions")) == 3


def test_the_demo_is_refused_in_production(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection
) -> None:
    before = counts(owner)
    parts: Identity = demo_app.extensions["voyagent.identity"]
    production = replace(
        parts, settings=parts.settings.model_copy(update={"env": Environment.PRODUCTION})
    )
    with demo_app.app_context(), pytest.raises(DemoNotAllowed):
        fill(production)
    assert counts(owner) == before


def test_an_agency_with_only_the_demos_address_is_not_changed(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection
) -> None:
    owner.execute(sa.text("update tenants set is_demo = false"))
    try:
        before = counts(owner)
        with pytest.raises(AddressTaken):
            again(demo_app)
        assert counts(owner) == before
    finally:
        owner.execute(sa.text("update tenants set is_demo = true"))


def test_the_command_prints_its_result_and_refuses_in_a_sentence(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection
) -> None:
    runner = demo_app.test_cli_runner()
    result = runner.invoke(args=["demo"])
    assert result.exit_code == 0
    assert result.output.startswith("Malabar Gulf Travels is there already.\n")
    owner.execute(sa.text("update tenants set is_demo = false"))
    try:
        refused = runner.invoke(args=["demo"])
    finally:
        owner.execute(sa.text("update tenants set is_demo = true"))
    assert (refused.exit_code, refused.output) == (
        1,
        "Error: The demo’s e-mail address belongs to another agency. Use an empty database.\n",
    )


def test_the_second_of_two_parallel_starts_finds_the_agency(
    demo_app: Flask, fill_output: list[str], owner: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, look = counts(owner), people.find_account
    too_early = iter([True])
    monkeypatch.setattr(
        people, "find_account", lambda email: None if next(too_early, False) else look(email)
    )
    assert again(demo_app)[0] == "Malabar Gulf Travels is there already."
    assert counts(owner) == before


def _bind() -> Any:
    with transaction():
        account = people.find_account(DEMO_EMAIL)
        assert account is not None
        tenancy.bind(db.session(), account.tenant_id)
        return people.get_actor(account.user_id)
