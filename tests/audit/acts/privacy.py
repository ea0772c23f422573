"""Acts on personal data: links, export, erasure, retention, openings of passports."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock
from uuid import UUID

from tests.audit.acts.account import in_the_browser
from tests.audit.acts.registry import Doing, Left, act
from tests.audit.acts.stage import Stage
from tests.trips.things import a_passenger, a_trip, keyring
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiries
from voyagent.parties.service import parties
from voyagent.privacy import tasks
from voyagent.privacy.service import erasure, links

NAME = "Deepa Krishnan"
PARTY = ("party_id",)
LINKED = Left("privacy.linked", ("party_id", "enquiry_id"))
UNLINKED = Left("privacy.unlinked", ("party_id", "enquiry_id"))
EXPORTED = Left("privacy.exported", PARTY, says={"format": "json", "passports": 0})
ERASED = Left("privacy.erased", ("party_id", "erasure_id"))
OPENED = Left("privacy.identity_opened", PARTY)
CHOSEN = Left(
    "retention.changed",
    ("settings_id",),
    says={"fields": [{"field": "retention.mails", "before": "90", "after": "30"}]},
)


def _party(stage: Stage) -> UUID:
    return stage.alice.does(
        lambda actor: parties.create(actor, name=NAME, is_customer=True, email="d@k.example").id
    )


def _enquiry(stage: Stage) -> dict[str, str]:
    enquiry_id = stage.alice.does(lambda actor: enquiries.create(actor, customer_name=NAME).id)
    return {"kind": "enquiry", "record_id": str(enquiry_id)}


def _linked(stage: Stage) -> tuple[UUID, dict[str, str]]:
    party_id, link = _party(stage), _enquiry(stage)
    stage.alice.does(links.confirm, party_id, kind="enquiry", record_id=UUID(link["record_id"]))
    return party_id, link


def _erased(stage: Stage) -> UUID:
    party_id = _party(stage)
    with stage.alice.acting() as actor:
        done = erasure.erase(keyring(stage.alice), actor, party_id, reason="Request")
        done.identity_until = done.erased_at.date().replace(year=done.erased_at.year + 8)
        done.identity_sealed = erasure.sealed_identity(
            keyring(stage.alice), party_id, {"name": NAME}
        )
    return party_id


@act("POST /api/privacy/parties/<party_id>/links", leaves=LINKED, answers=200)
def link_a_record(stage: Stage) -> Doing:
    party_id, link, api = _party(stage), _enquiry(stage), stage.alice.api
    return lambda: api.post(f"/privacy/parties/{party_id}/links", json=link)


@act("POST /api/privacy/parties/<party_id>/links/release", leaves=UNLINKED, answers=200)
def release_a_record(stage: Stage) -> Doing:
    (party_id, link), api = _linked(stage), stage.alice.api
    return lambda: api.post(f"/privacy/parties/{party_id}/links/release", json=link)


@act("GET /api/privacy/parties/<party_id>/export", leaves=EXPORTED, answers=200)
def export_a_person(stage: Stage) -> Doing:
    party_id, api = _party(stage), stage.alice.api
    return lambda: api.get(f"/privacy/parties/{party_id}/export")


@act("POST /api/privacy/parties/<party_id>/erase", leaves=ERASED, answers=200)
def erase_a_person(stage: Stage) -> Doing:
    party_id, api = _party(stage), stage.alice.api
    return lambda: api.post(f"/privacy/parties/{party_id}/erase", json={"reason": "Request"})


@act("GET /api/privacy/parties/<party_id>/identity", leaves=OPENED, answers=200)
def open_an_identity(stage: Stage) -> Doing:
    party_id, api = _erased(stage), stage.alice.api
    return lambda: api.get(f"/privacy/parties/{party_id}/identity")


@act("PATCH /api/privacy/retention", leaves=CHOSEN, answers=200)
def choose_a_retention_period(stage: Stage) -> Doing:
    api = stage.alice.api
    return lambda: api.patch("/privacy/retention", json={"mails": 30})


@act(
    "GET /api/reports/itinerary",
    leaves=Left("passport.opened", ("trip_id", "passenger_id"), says={"purpose": "itinerary"}),
    answers=200,
)
def read_a_whole_passport_number(stage: Stage) -> Doing:
    session_id = stage.alice.does(lambda actor: chat.create_session(actor, title="Dubai").id)
    a_passenger(stage.alice, a_trip(stage.alice, session_id=session_id), passport_number="Z1234567")
    api = stage.alice.api
    return lambda: api.get(f"/reports/itinerary?session_id={session_id}")


@act(
    "privacy.retention",
    leaves=Left("retention.applied", by=None, via="job", says={"rows": {"enquiries": 1}}),
    beside=("procrastinate_jobs",),
)
def apply_the_retention_periods(stage: Stage) -> Doing:
    mine = [stage.alice.actor.tenant_id]

    def doing() -> None:
        with mock.patch.object(tasks, "tenant_ids", return_value=mine):  # not those of other tests
            stage.run(tasks.apply_retention, timestamp=0)

    stage.alice.does(lambda actor: enquiries.create(actor, customer_name=NAME))
    stage.sql(
        "update enquiries set updated_at = now() - interval '9 years' where tenant_id = :t",
        t=stage.alice.actor.tenant_id,
    )
    return doing


# In the browser
# --------------------------------------------------------------------------------


def _posted(stage: Stage, path: str, **fields: str) -> Doing:
    browser = stage.alice.browser
    return lambda: stage.submit(browser, path, **fields)


@act("POST /parties/<party_id>/privacy/links", leaves=in_the_browser(LINKED), answers=303)
def link_a_record_on_the_page(stage: Stage) -> Doing:
    return _posted(stage, f"/parties/{_party(stage)}/privacy/links", **_enquiry(stage))


@act("POST /parties/<party_id>/privacy/erase", leaves=in_the_browser(ERASED), answers=303)
def erase_a_person_on_the_page(stage: Stage) -> Doing:
    return _posted(stage, f"/parties/{_party(stage)}/privacy/erase", reason="Request")


@act("POST /parties/<party_id>/privacy/identity", leaves=in_the_browser(OPENED), answers=200)
def open_an_identity_on_the_page(stage: Stage) -> Doing:
    return _posted(stage, f"/parties/{_erased(stage)}/privacy/identity")


@act("POST /privacy", leaves=in_the_browser(CHOSEN), answers=303)
def choose_a_retention_period_on_the_page(stage: Stage) -> Doing:
    return _posted(stage, "/privacy", mails="30")


@act("GET /parties/<party_id>/privacy/export.json", leaves=in_the_browser(EXPORTED), answers=200)
def download_a_person(stage: Stage) -> Doing:
    party_id, browser = _party(stage), stage.alice.browser
    return lambda: browser.get(f"/parties/{party_id}/privacy/export.json")


@act(
    "GET /parties/<party_id>/privacy/export.pdf",
    leaves=in_the_browser(replace(EXPORTED, says={"format": "pdf"})),
    answers=200,
)
def download_a_person_as_pdf(stage: Stage) -> Doing:
    party_id, browser = _party(stage), stage.alice.browser
    return lambda: browser.get(f"/parties/{party_id}/privacy/export.pdf")
