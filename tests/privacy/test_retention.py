"""Retention removes what is older than its period in batches.

What is younger stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.people import Person
from tests.privacy.people import MAIL, NAME, a_subject
from tests.trips.things import OUT, PASSPORT, VISA, a_line, a_passenger, a_trip
from voyagent.audit.service import recording
from voyagent.chat.service import conversations
from voyagent.enquiries import service as enquiries
from voyagent.kernel import person_keys
from voyagent.kernel.db import db
from voyagent.kernel.errors import Forbidden
from voyagent.kernel.housekeeping import AgenciesFailed, in_agencies
from voyagent.kernel.tenancy import current_tenant
from voyagent.privacy import tasks
from voyagent.privacy.errors import PeriodTooShort
from voyagent.privacy.rules.retention import KINDS
from voyagent.privacy.service import retention
from voyagent.trips.rules.details import OtherDetails
from voyagent.trips.service import passengers

Run = Callable[..., Any]


@pytest.fixture
def run(alice: Person, owner_engine: sa.Engine) -> Run:
    """Run SQL as the owner for Alice's agency and return the first value of each row."""

    def call(statement: str, **values: Any) -> list[Any]:
        with owner_engine.begin() as connection:
            found = connection.execute(sa.text(statement), {"t": alice.actor.tenant_id, **values})
            return [row[0] for row in found] if found.returns_rows else []

    return call


def applied(person: Person, kind: str) -> dict[str, int]:
    with person.acting():
        return retention.apply((kind,))


def test_the_name_of_an_old_enquiry_is_removed_and_a_young_one_stays(
    alice: Person, run: Run
) -> None:
    old, young = (
        alice.does(
            lambda actor: enquiries.create(actor, customer_name=NAME, customer_email=MAIL).id
        )
        for _ in range(2)
    )
    run("update enquiries set updated_at = now() - interval '1096 days' where id = :i", i=old)
    run("update enquiries set updated_at = now() - interval '1094 days' where id = :i", i=young)
    assert applied(alice, "enquiries") == {"enquiries": 1}
    assert applied(alice, "enquiries") == {}
    assert run("select customer_name from enquiries where id = :i", i=old) == ["–"]
    assert run("select customer_email from enquiries where id = :i", i=young) == [MAIL]


def test_the_route_of_an_old_enquiry_is_removed_too(alice: Person, run: Run) -> None:
    places = {"origin": f"Home of {NAME}", "destination": "Goa"}
    one = alice.does(lambda actor: enquiries.create(actor, customer_name=NAME, **places).id)
    run(
        "update enquiries set updated_at = now() - interval '9 years', customer_name = '–' where"
        " id = :i",
        i=one,
    )
    assert applied(alice, "enquiries") == {"enquiries": 1}
    assert run("select num_nonnulls(origin, destination) from enquiries where id = :i", i=one) == [
        0
    ]
    assert applied(alice, "enquiries") == {}


def test_an_old_enquiry_with_the_mark_as_its_name_loses_contact_data(
    alice: Person, run: Run
) -> None:
    given = {"customer_email": MAIL, "customer_phone": "9847012345", "notes": "n"}
    one = alice.does(lambda actor: enquiries.create(actor, customer_name="–", **given).id)
    run("update enquiries set updated_at = now() - interval '9 years' where id = :i", i=one)
    assert applied(alice, "enquiries") == {"enquiries": 1}
    data = "select num_nonnulls(customer_email, customer_phone, notes) from enquiries where id = :i"
    assert run(data, i=one) == [0]
    assert applied(alice, "enquiries") == {}


def test_an_enquiry_with_an_invoice_stays(alice: Person, run: Run) -> None:
    one = a_subject(alice)
    run("update enquiries set updated_at = now() - interval '9 years' where tenant_id = :t")
    assert applied(alice, "enquiries") == {}
    assert run("select customer_name from enquiries where id = :i", i=one.enquiry_id) == [NAME]


def test_an_old_conversation_is_deleted_with_everything_in_it(alice: Person, run: Run) -> None:
    a_subject(alice)
    run(
        "update chat_sessions set created_at = now() - interval '732 days', last_message_at ="
        " now() - interval '731 days' where tenant_id = :t"
    )
    assert applied(alice, "conversations") == {"conversations": 1}
    assert run("select count(*) from chat_messages where tenant_id = :t") == [0]


def over(person: Person, day: date, **given: Any) -> Any:
    """Create a passenger of a trip that ended on a day."""
    trip_id = a_trip(person)
    a_line(person, trip_id, OtherDetails(kind="other", title="Boat", on=day), price="1")
    return a_passenger(
        person, trip_id, passport_number=PASSPORT, date_of_birth=date(1986, 5, 4), **given
    )


def test_passports_go_some_time_after_the_end_of_the_trip(alice: Person, run: Run) -> None:
    old, young = over(alice, date(2026, 1, 10)), over(alice, date(2026, 11, 1))
    assert applied(alice, "passports") == {"passports": 1}
    columns = "select num_nonnulls(passport_sealed, passport_last4, date_of_birth, nationality)"
    assert run(f"{columns} from trip_passengers where id = :i", i=old) == [0]
    assert run(f"{columns} from trip_passengers where id = :i", i=young) == [3]
    with alice.acting():
        assert (person_keys.key_of(old), person_keys.key_of(young) is None) == (None, False)


def test_names_of_passengers_go_later(alice: Person, run: Run) -> None:
    old = over(alice, date(2023, 1, 10))
    over(alice, date(2024, 11, 1))
    assert applied(alice, "passengers") == {"passengers": 1}
    assert run("select full_name from trip_passengers where id = :i", i=old) == ["–"]


def test_names_of_passengers_go_from_services_title_and_notes_too(alice: Person, run: Run) -> None:
    trip_id = a_trip(alice, title=None, notes=f"{NAME} walks slowly. Rajiv Menon pays.")
    a_passenger(alice, trip_id, NAME)
    flight = {"departs_at": "2023-01-10T04:30", "arrives_at": "2023-01-10T07:10"}
    booked = {"travellers": [NAME, "Ottoline Blix"], "tickets": ["0981234567890"], "seats": "2A"}
    a_line(alice, trip_id, OUT.model_copy(update={**flight, **booked}))
    a_line(alice, trip_id, VISA.model_copy(update={"traveller": NAME}))
    boat = OtherDetails(kind="other", title=f"Boat of {NAME}", on=date(2023, 1, 10))
    a_line(alice, trip_id, boat, supplier_ref="Ottoline Blix")
    young = a_trip(alice)
    a_line(alice, young, OUT.model_copy(update=booked))
    title = "select title from trips where id = :i"
    assert run(title, i=trip_id) == ["Krishnan, Dubai"]
    assert applied(alice, "passengers") == {"passengers": 3}
    assert applied(alice, "passengers") == {}
    assert run(title, i=trip_id) == ["Dubai"]
    assert run("select notes from trips where id = :i", i=trip_id) == [
        "– walks slowly. Rajiv Menon pays."
    ]
    details = "select details from trip_lines where trip_id = :i order by created_at, id"
    names = ("travellers", "traveller", "tickets")
    found = run(details, i=trip_id)
    assert [name for row in found for name in names if name in row] == []
    assert (found[0]["seats"], found[2]["title"]) == ("2A", "Boat of –")
    suppliers = (
        "select supplier_ref from trip_lines where trip_id = :i and supplier_ref is not null"
    )
    assert run(suppliers, i=trip_id) == ["–"]
    (kept,) = run(details, i=young)
    assert (kept["travellers"], kept["tickets"]) == (booked["travellers"], booked["tickets"])


@pytest.mark.parametrize("words", [("Krishnan",), ("x" * 90, "é" * 90)], ids=["short", "long"])
def test_the_names_of_a_large_group_go_in_little_time(
    alice: Person, run: Run, words: tuple[str, ...]
) -> None:
    trip_id = a_trip(alice, title="School group", notes="With the teachers")
    run(
        "insert into trip_passengers (tenant_id, id, trip_id, full_name)"
        " select :t, gen_random_uuid(), :i, :first || chr(96 + n / 10) || chr(97 + n % 10) ||"
        " :last from generate_series(1, 60) n",
        i=trip_id,
        first="Deepa ",
        last=" " + " ".join(words),
    )
    for one in range(40):
        details = OtherDetails(
            kind="other",
            title=f"Entrance fee of museum {one} for the whole group",
            on=date(2021, 5, 3),
            notes=f"Meet the guide at gate {one}; bring the vouchers",
        )
        a_line(alice, trip_id, details, supplier=f"Museum {one}", supplier_ref=f"R{one}")
    run(
        "update trips set notes = (select string_agg(upper(full_name), ', ') from trip_passengers"
        " where trip_id = :i) where id = :i",
        i=trip_id,
    )
    begun = time.monotonic()
    assert applied(alice, "passengers") == {"passengers": 60}
    assert time.monotonic() - begun < 20
    assert run("select distinct full_name from trip_passengers where trip_id = :i", i=trip_id) == [
        "–"
    ]
    assert run("select notes from trips where id = :i", i=trip_id) == [", ".join("–" * 60)]


def test_a_trip_with_thousands_of_names_takes_few_statements(
    alice: Person, run: Run, statements: list[str]
) -> None:
    """The texts are not searched for so many names, but go as a whole."""
    trip_id = a_trip(alice, title="Group 2020", notes="Meet at the gate. " * 90)
    boat = OtherDetails(kind="other", title="Boat", on=date(2020, 1, 1), notes="With the band")
    a_line(alice, trip_id, boat, supplier="Blix Boats", supplier_ref="B-1")
    run(
        "insert into trip_passengers (tenant_id, id, trip_id, full_name) select :t,"
        " gen_random_uuid(), :i, repeat(chr(97 + n % 26), 90) || ' ' || n from"
        " generate_series(1, 3000) n",
        i=trip_id,
    )
    statements.clear()
    assert applied(alice, "passengers") == {"passengers": 3000}
    assert len(statements) < 50
    assert applied(alice, "passengers") == {}
    assert run("select title from trips where id = :i", i=trip_id) == ["–"]
    assert run("select notes from trips where id = :i", i=trip_id) == ["–"]
    lines = "from trip_lines where trip_id = :i"
    (details,) = run(f"select details {lines}", i=trip_id)
    assert (details["title"], details["notes"]) == ("–", "–")
    assert run(f"select supplier || supplier_ref {lines}", i=trip_id) == ["––"]


def test_trips_that_take_long_are_committed_one_by_one(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        over(alice, date(2023, 1, 10))
    monkeypatch.setattr(retention, "TRIPS_S", 0)
    assert [applied(alice, "passengers") for _ in range(3)] == [{"passengers": 1}] * 2 + [{}]


def test_an_agency_whose_retention_never_ends_does_not_stop_that_of_others(
    app: Flask, alice: Person, charlie: Person, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    over(alice, date(2023, 1, 10))
    remove = passengers.remove_names

    def never_end_for_alice(trip_id: UUID, **given: Any) -> int:
        while current_tenant(db.session()) == alice.actor.tenant_id:
            db.session.execute(sa.text("select pg_sleep(0.02)"))
        return remove(trip_id, **given)

    mails = (
        "insert into mails (tenant_id, id, kind, locale, created_at, due_at, useless_at, sent_at)"
        " select :c, gen_random_uuid(), 'invoice', 'en', at, at, at, at from (select now() -"
        " interval '400 days' as at) mail"
    )
    run(mails, c=charlie.actor.tenant_id)
    monkeypatch.setattr(passengers, "remove_names", never_end_for_alice)
    monkeypatch.setattr(tasks, "in_agencies", partial(in_agencies, agency_max_s=0.5))
    monkeypatch.setattr(tasks, "KINDS", ("passengers", "mails"))
    ids = [alice.actor.tenant_id, charlie.actor.tenant_id]
    monkeypatch.setattr(tasks, "tenant_ids", lambda: ids)
    with app.app_context():
        tasks.apply_retention.run(0)
    number = "select count(*) from mails where tenant_id = :c and kind = 'invoice'"
    assert run(number, c=charlie.actor.tenant_id) == [0]


def test_a_failure_in_one_agency_leaves_the_retention_of_others_alone(
    app: Flask, alice: Person, charlie: Person, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, goes = over(alice, date(2023, 1, 10)), over(charlie, date(2023, 1, 10))
    mail = alice.does(lambda actor: enquiries.create(actor, customer_name=NAME).id)
    run("update enquiries set updated_at = now() - interval '9 years' where id = :i", i=mail)
    remove = passengers.remove_names

    def fail_for_alice(trip_id: UUID, **given: Any) -> int:
        if current_tenant(db.session()) == alice.actor.tenant_id:
            db.session.execute(sa.text("select 1 / 0"))
        return remove(trip_id, **given)

    monkeypatch.setattr(passengers, "remove_names", fail_for_alice)
    monkeypatch.setattr(tasks, "KINDS", ("passengers", "enquiries"))
    monkeypatch.setattr(
        tasks, "tenant_ids", lambda: [alice.actor.tenant_id, charlie.actor.tenant_id]
    )
    with app.app_context(), pytest.raises(AgenciesFailed):
        tasks.apply_retention.run(0)
    names = "select full_name from trip_passengers where id = :i"
    assert (run(names, i=stays), run(names, i=goes)) == ([NAME], ["–"])
    assert run("select customer_name from enquiries where id = :i", i=mail) == ["–"]


def test_the_name_of_a_passenger_goes_from_the_title_of_an_enquiry(alice: Person, run: Run) -> None:
    enquiry_id = alice.does(
        lambda actor: enquiries.create(actor, customer_name=NAME, destination="Goa").id
    )
    trip_id = a_trip(alice, title=None, enquiry_id=enquiry_id)
    a_line(alice, trip_id, OtherDetails(kind="other", title="Boat", on=date(2023, 1, 10)))
    a_passenger(alice, trip_id, NAME)
    assert applied(alice, "passengers") == {"passengers": 1}
    assert run("select title from trips where id = :i", i=trip_id) == ["–, Goa"]


def test_personal_text_of_old_events_goes_and_the_events_stay(alice: Person, run: Run) -> None:
    with alice.acting() as actor:
        recording.record(actor, "probe.noted", private={"summary": NAME})
    alice.does(retention.choose, {"audit_text": 2922})
    assert applied(alice, "audit_text") == {}
    run("alter table audit_events disable trigger audit_events_append_only")
    try:
        run(
            "update audit_events set recorded_at = now() - interval '2923 days' where tenant_id ="
            " :t and kind = 'probe.noted'"
        )
    finally:
        run("alter table audit_events enable trigger audit_events_append_only")
    assert applied(alice, "audit_text") == {"audit_text": 1}
    assert len(alice.api.get("/audit?kind=probe.noted").json["items"]) == 1


def test_ended_sign_ins_go_after_their_refresh_tokens(alice: Person, run: Run) -> None:
    (sessions,) = run("select count(*) from auth_sessions where tenant_id = :t")
    (tokens,) = run("select count(*) from refresh_tokens where tenant_id = :t")
    assert tokens > 0
    end = (
        "update auth_sessions set ended_at = now() - interval '1 day' * :days where tenant_id = :t"
    )
    run(end, days=89)
    assert applied(alice, "sessions") == {}
    run(end, days=91)
    assert [applied(alice, "sessions") for _ in range(3)] == [
        {"sessions": tokens},
        {"sessions": sessions},
        {},
    ]


def test_a_session_that_has_expired_long_ago_goes_too(alice: Person, run: Run) -> None:
    run("delete from refresh_tokens where tenant_id = :t")
    run("update auth_sessions set expires_at = now() - interval '91 days' where tenant_id = :t")
    assert applied(alice, "sessions")["sessions"] >= 1


def test_expired_invitations_links_tokens_and_keys_go(alice: Person, run: Run) -> None:
    ages = "unnest(array[interval '31 days', interval '29 days']) with ordinality as a(age, n)"
    secret = "sha256(convert_to(cast(:t as text) || n, 'UTF8'))"
    values = {"u": alice.actor.user_id}
    run(
        "insert into one_time_tokens (tenant_id, id, user_id, purpose, email, token_hash,"
        " expires_at) select :t, gen_random_uuid(), :u, 'verify_email', 'u@v.example',"
        f" {secret}, now() - age from {ages}",
        **values,
    )
    run(
        "insert into invites (tenant_id, id, invited_by_user_id, email, role, token_hash, status,"
        " expires_at) select :t, gen_random_uuid(), :u, n || '@v.example', 'agent',"
        f" {secret}, 'pending', now() - age from {ages}",
        **values,
    )
    run(
        "insert into revoked_tokens (tenant_id, token_id, expires_at) select :t, n, now() - age"
        f" from {ages}"
    )
    run(
        "insert into api_keys (tenant_id, id, created_by_user_id, name, prefix, key_hash, scopes,"
        " expires_at, revoked_at) select :t, gen_random_uuid(), :u, k.name, gen_random_uuid(),"
        " sha256(''), array['read'], now() - k.expired, now() - k.revoked from (values"
        " ('revoked', null, interval '31 days'), ('expired', interval '31 days', null),"
        " ('young', interval '-9 days', interval '29 days'),"
        " ('in use', interval '-9 days', null), ('for ever', null, null))"
        " k(name, expired, revoked)",
        **values,
    )
    assert [applied(alice, "credentials") for _ in range(5)] == [
        *({"credentials": number} for number in (1, 1, 1, 2)),
        {},
    ]
    for table in ("one_time_tokens", "invites", "revoked_tokens"):
        young = f"select expires_at > now() - interval '30 days' from {table} where tenant_id = :t"
        assert set(run(young)) == {True}, table
    names = "select name from api_keys where tenant_id = :t order by name"
    assert run(names) == ["for ever", "in use", "young"]


def test_events_go_after_the_end_of_the_answer_and_the_last_one_stays(
    alice: Person, run: Run
) -> None:
    with alice.acting() as actor:
        session_id = conversations.create_session(actor).id
    run(
        "insert into chat_turns (tenant_id, id, session_id, number, user_id, kind, status,"
        " finished_at) select :t, id, :s, n, :u, 'message', status, now() - age from (values"
        " ('over', 901, 'done', interval '8 days'), ('young', 902, 'done', interval '6 days'),"
        " ('runs', 903, 'running', null)) v(id, n, status, age)",
        s=session_id,
        u=alice.actor.user_id,
    )
    run(
        "insert into chat_events (tenant_id, session_id, seq, turn_id, kind, data, created_at)"
        " select :t, :s, row_number() over (), turn, kind, '{}', now() - interval '9 days' from"
        " unnest(array['over', 'young', 'runs', 'without a turn']) turn,"
        " unnest(array['text_delta', 'final']) kind",
        s=session_id,
    )
    assert applied(alice, "turn_events") == {"turn_events": 2}
    assert applied(alice, "turn_events") == {}
    left = "select turn_id || ' ' || kind from chat_events where session_id = :s"
    assert sorted(run(left, s=session_id)) == [
        *("over final", "runs final", "runs text_delta", "without a turn final"),
        *("young final", "young text_delta"),
    ]


def test_costs_of_models_go_by_answer(alice: Person, run: Run) -> None:
    run(
        "insert into turn_costs (tenant_id, id, session_id, turn_id, number, model, input_tokens,"
        " output_tokens, cache_read_tokens, cache_write_tokens, estimated, cost_usd, day,"
        " created_at) select :t, gen_random_uuid(), gen_random_uuid(), 't', n, 'm', 1, 1, 0, 0,"
        " false, 0, current_date, now() - interval '1 day' * n from unnest(array[729, 731]) n"
    )
    assert applied(alice, "turn_costs") == {"turn_costs": 1}
    assert run("select number from turn_costs where tenant_id = :t") == [729]


def test_records_of_sent_mails_go(alice: Person, run: Run) -> None:
    run(
        "insert into mails (tenant_id, id, kind, locale, created_at, due_at, useless_at, sent_at)"
        " select :t, gen_random_uuid(), 'invoice', 'en', at, at, at, at from unnest(array[now() -"
        " interval '91 days', now() - interval '89 days']) at"
    )
    assert applied(alice, "mails") == {"mails": 1}


def test_every_kind_can_be_applied_and_is_counted_in_an_event(alice: Person, run: Run) -> None:
    over(alice, date(2020, 1, 1))
    with alice.acting():
        done = retention.apply()
    assert done == {"passports": 1, "passengers": 1}
    (event,) = alice.api.get("/audit?kind=retention.applied").json["items"]
    assert event["payload"]["outputs"] == {"rows": done}
    with alice.acting():
        assert retention.apply(tuple(KINDS)) == {}


def test_a_batch_is_limited(alice: Person, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        alice.does(lambda actor: enquiries.create(actor, customer_name=NAME))
    run("update enquiries set updated_at = now() - interval '9 years' where tenant_id = :t")
    monkeypatch.setattr(retention, "ROWS_MAX", 2)
    assert [applied(alice, "enquiries") for _ in range(3)] == [
        {"enquiries": 2},
        {"enquiries": 1},
        {},
    ]


def test_periods_are_chosen_by_administrators_within_the_minimum(
    alice: Person, bob: Person, charlie: Person
) -> None:
    alice.does(retention.choose, {"enquiries": 400, "mails": 30})
    alice.does(retention.choose, {"mails": None})
    rows = {row["kind"]: row["days"] for row in alice.does(lambda _actor: retention.read_periods())}
    assert (rows["enquiries"], rows["mails"]) == (400, KINDS["mails"].default)
    (newest, *_rest) = alice.api.get("/audit?kind=retention.changed").json["items"]
    assert newest["payload"]["inputs"]["fields"] == [
        {"field": "retention.mails", "before": "30", "after": "90"}
    ]
    with pytest.raises(PeriodTooShort):
        alice.does(retention.choose, {"tax_identity": 2556})
    with pytest.raises(Forbidden):
        bob.does(retention.choose, {"enquiries": 400})
    theirs = charlie.does(lambda _actor: retention.read_periods())
    assert {row["kind"]: row["days"] for row in theirs}["enquiries"] == 1095


def test_a_chosen_period_applies(alice: Person, run: Run) -> None:
    enquiry_id = alice.does(lambda actor: enquiries.create(actor, customer_name=NAME).id)
    run("update enquiries set updated_at = now() - interval '41 days' where tenant_id = :t")
    assert applied(alice, "enquiries") == {}
    alice.does(retention.choose, {"enquiries": 40})
    assert applied(alice, "enquiries") == {"enquiries": 1}
    assert run("select customer_name from enquiries where id = :i", i=enquiry_id) == ["–"]
