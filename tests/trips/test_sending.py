"""The itinerary is mailed as previewed, in the customer's language."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.approvals.conftest import Desk
from tests.enquiries.reading import Page
from tests.mailbox import newest, received
from tests.parties.test_api import made
from tests.people import Person, csrf_token
from tests.trips.things import CREEK, a_line, a_trip, whole_trip
from voyagent.approvals.service import deciding, effects
from voyagent.approvals.service.errors import PreviewStale
from voyagent.capabilities import execution
from voyagent.capabilities.capability import Invocation
from voyagent.enquiries import service as enquiries
from voyagent.kernel import limits
from voyagent.kernel.actor import Channel
from voyagent.kernel.errors import Forbidden, TooManyRequests
from voyagent.trips.capabilities import send_itinerary
from voyagent.trips.documents.itinerary_mail import mail_itinerary
from voyagent.trips.queries import trips
from voyagent.trips.queries.trips import TripNotFound
from voyagent.trips.service.errors import NothingToSend


@pytest.fixture
def to() -> str:
    """A customer's address that no other test writes to."""
    return f"d{secrets.token_hex(6)}@example.com"


def send(person: Person, trip_id: UUID, to: str, **fields: Any) -> Any:
    path, browser = f"/trips/{trip_id}/send", person.tab
    return browser.post(
        path,
        data={"to": to, "locale": "en", "prices": "y", "csrf_token": csrf_token(browser), **fields},
    )


def mailed(
    person: Person, trip_id: UUID, to: str, *, locale: str = "en", prices: bool = True
) -> None:
    with person.acting() as actor, person.app.test_request_context():
        mail_itinerary(actor, trip_id, to=to, locale=locale, prices=prices)


def of_enquiry(person: Person, email: str | None) -> UUID:
    with person.acting() as actor:
        enquiry_id = enquiries.create(
            actor, customer_name="Deepa Krishnan", customer_email=email, destination="Dubai"
        ).id
    trip_id = a_trip(person, title="Krishnan family, Dubai", enquiry_id=enquiry_id)
    a_line(person, trip_id, CREEK, price="71000")
    return trip_id


def sent_events(engine: sa.Engine, person: Person) -> list[Any]:
    with engine.connect() as connection:
        asked = sa.text(
            "select inputs, entity_refs, actor_id from audit_events where tenant_id = :t and kind ="
            " 'trip.itinerary_sent' order by seq"
        )
        return list(connection.execute(asked, {"t": person.actor.tenant_id}).mappings())


def test_the_page_previews_the_mail_and_its_recipient(alice: Person, to: str) -> None:
    trip_id = of_enquiry(alice, to)
    page = Page(alice.tab.get(f"/trips/{trip_id}/send"))
    assert (page.field("to"), page.field("locale")) == (to, "en")
    assert alice.email in page.words()
    assert not received(alice.app, to=to)


def test_the_page_offers_the_partys_address_if_the_enquiry_has_none(alice: Person, to: str) -> None:
    made(alice, name="Deepa Krishnan", is_customer=True, email="deepa@of-the-party.example")
    for typed, address in ((None, "deepa@of-the-party.example"), (to, to)):
        assert Page(alice.tab.get(f"/trips/{of_enquiry(alice, typed)}/send")).field("to") == address
    alone = a_trip(alice, title="Without an enquiry")
    a_line(alice, alone, CREEK, price="71000")
    assert not Page(alice.tab.get(f"/trips/{alone}/send")).field("to")


def test_the_customer_gets_the_pdf_from_the_agency_with_the_sender_as_reply_to(
    alice: Person, owner_engine: sa.Engine, to: str
) -> None:
    trip_id = of_enquiry(alice, to)
    answer = send(alice, trip_id, to)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/trips/{trip_id}")
    mail = newest(alice.app, to=to, kind="itinerary")
    assert mail.subject == "Your itinerary: Krishnan family, Dubai"
    assert str(mail.message["From"]).startswith(alice.actor.tenant_name)
    assert str(mail.message["Reply-To"]) == alice.email
    (paper,) = mail.message.iter_attachments()
    assert paper.get_content_type() == "application/pdf"
    assert (paper.get_filename() or "").startswith("itinerary-krishnan-family-dubai-")
    assert paper.get_content().startswith(b"%PDF")
    (event,) = sent_events(owner_engine, alice)
    assert event["inputs"].pop("private")
    assert event["inputs"] == {"locale": "en", "prices": True}
    (row,) = alice.api.get("/audit?kind=trip.itinerary_sent").json["items"]
    assert row["payload"]["inputs"]["to"] == "d***@example.com"
    assert (event["entity_refs"], event["actor_id"]) == (
        {"trip_id": str(trip_id)},
        alice.actor.user_id,
    )
    page = Page(alice.tab.get(f"/trips/{trip_id}")).words()
    assert to in page
    assert "Changed since sending" not in page
    a_line(alice, trip_id)
    assert "Changed since sending" in Page(alice.tab.get(f"/trips/{trip_id}")).words()


def test_the_mail_is_in_the_chosen_language(alice: Person, to: str) -> None:
    trip_id = of_enquiry(alice, to)
    send(alice, trip_id, to, locale="hi")
    mail = newest(alice.app, to=to, kind="itinerary")
    assert 'lang="hi"' in mail.html
    assert "यात्रा" in mail.text


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("", "Enter an e-mail address."),
        ("deepa", "Enter an e-mail address such as"),
        ("a@b.example\nBcc: c@d.example", "Enter an e-mail address"),
    ],
)
def test_an_invalid_address_is_shown_again_with_an_error(
    alice: Person, to: str, words: str
) -> None:
    answer = send(alice, of_enquiry(alice, "deepa@example.com"), to)
    assert answer.status_code == 422
    assert words in Page(answer).words()


def test_an_empty_trip_is_not_sent(alice: Person, owner_engine: sa.Engine, to: str) -> None:
    trip_id = a_trip(alice)
    answer = send(alice, trip_id, to)
    assert answer.status_code == 422
    assert "The itinerary is empty" in Page(answer).words()
    with pytest.raises(NothingToSend):
        mailed(alice, trip_id, to)
    assert sent_events(owner_engine, alice) == []


def test_viewers_and_other_agencies_cannot_send_a_trip(
    alice: Person, victor: Person, charlie: Person, to: str
) -> None:
    trip_id = of_enquiry(alice, to)
    assert charlie.tab.get(f"/trips/{trip_id}/send").status_code == 404
    with pytest.raises(TripNotFound):
        mailed(charlie, trip_id, to)
    with pytest.raises(Forbidden):
        mailed(victor, trip_id, to)
    assert victor.tab.get(f"/trips/{trip_id}/send").status_code == 403
    assert "Send to customer" not in victor.tab.get(f"/trips/{trip_id}").text


def test_an_address_gets_at_most_ten_mails_an_hour(
    alice: Person, to: str, typeset: list[dict[str, Any]]
) -> None:
    trip_id = of_enquiry(alice, to)
    for _ in range(limits.DOCUMENT_MAIL.account[0].amount):
        mailed(alice, trip_id, to)
    sent = len(typeset)
    answer = send(alice, trip_id, to)
    assert answer.status_code == 429
    assert "Too many requests." in answer.text
    with pytest.raises(TooManyRequests):
        mailed(alice, trip_id, to)
    assert len(typeset) == sent > 0, "a mail that is refused is not typeset"


def test_the_itinerary_omits_costs_and_passports_and_optionally_the_price(
    alice: Person,
) -> None:
    trip_id = whole_trip(alice)
    shown = Page(alice.tab.get(f"/trips/{trip_id}")).words()
    assert "₹2,28,200.50" in shown
    bare = alice.tab.get(f"/trips/{trip_id}?prices=no").text
    sheet = bare[bare.index('id="sheet"') : bare.index("</article>")]
    assert "₹" not in sheet
    assert "Z123" not in sheet
    priced, without = (
        alice.tab.get(f"/trips/{trip_id}/itinerary.pdf{query}").data for query in ("", "?prices=no")
    )
    assert len(without) < len(priced)


# By the assistant
# --------------------------------------------------------------------------------


@pytest.fixture
def desk(owner_engine: sa.Engine) -> Desk:
    return Desk(owner_engine)


def proposed(desk: Desk, person: Person, trip_id: UUID, to: str) -> str:
    return desk.propose(
        person, "send_itinerary", arguments={"trip_id": str(trip_id), "to": to}, summary="send"
    )


def test_the_preview_shows_recipient_and_text_and_sends_nothing(
    desk: Desk, alice: Person, bob: Person, to: str, typeset: list[dict[str, Any]]
) -> None:
    trip_id = of_enquiry(alice, to)
    preview = desk.row(proposed(desk, bob, trip_id, to))["preview"]
    assert preview["leaves"] == [{"kind": "mail", "text": to}]
    facts = {fact["label"]: fact["value"] for fact in preview["facts"]}
    assert (facts["E-mail address"], facts["Language"], facts["Price"]) == (
        to,
        "English",
        "₹71,000.00",
    )
    assert facts["Hotel"].startswith("Marsa Creek Hotel, 19 Dec 2026")
    assert not received(alice.app, to=to)
    assert not typeset
    with alice.reading() as reader:
        assert trips.read_trip(reader, trip_id).trip["sent_at"] is None


def test_an_approved_mail_is_sent_once_in_the_name_of_the_requester(
    desk: Desk, alice: Person, bob: Person, drain: Callable[[], None], to: str
) -> None:
    trip_id = of_enquiry(alice, to)
    approval_id = proposed(desk, bob, trip_id, to)
    alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    drain()
    assert desk.row(approval_id)["effect_result"] == {
        "sent": True,
        "trip_id": str(trip_id),
        "to": to,
    }
    (mail,) = received(alice.app, to=to, kind="itinerary")
    assert str(mail.message["Reply-To"]) == bob.email


def test_a_new_line_makes_the_preview_stale(
    desk: Desk, alice: Person, bob: Person, to: str
) -> None:
    trip_id = of_enquiry(alice, to)
    approval_id = proposed(desk, bob, trip_id, to)
    a_line(alice, trip_id)
    with pytest.raises(PreviewStale), alice.acting() as actor:
        deciding.resolve(actor, approval_id, granted=True)


def test_sending_cannot_be_undone_and_posts_nothing() -> None:
    effect = effects.find(send_itinerary.CAPABILITY.name)
    assert effect is not None
    assert (effect.reversible, effect.money, effect.external) == (False, False, False)
    assert effect.approver_roles == {"agency_admin", "ticketing_lead", "accounting_lead", "agent"}


def test_an_empty_trip_is_reported_before_approval_is_requested(
    desk: Desk, alice: Person, bob: Person, to: str
) -> None:
    assert (
        desk.row(proposed(desk, bob, a_trip(alice), to))["preview"]["refusal"] == "nothing_to_send"
    )


def test_a_request_says_that_the_address_is_new_for_the_customer(
    desk: Desk, alice: Person, bob: Person, to: str
) -> None:
    known, of_party, sent_before = (f"{secrets.token_hex(6)}@example.com" for _ in range(3))
    made(alice, name="Deepa Krishnan", is_customer=True, email=of_party)
    trip_id = of_enquiry(alice, known)
    mailed(alice, trip_id, sent_before)
    for address, is_new in ((to, True), (known.upper(), False), (of_party, False)):
        preview = desk.row(proposed(desk, bob, trip_id, address))["preview"]
        warnings = [check["text"] for check in preview["checks"] if not check["ok"]]
        assert any(one.startswith("This address is new for the customer.") for one in warnings) == (
            is_new
        )
        assert ("a new address for the customer" in preview["title"]) == is_new
    assert f"Known so far: {known}, {of_party}, {sent_before}" in str(
        desk.row(proposed(desk, bob, trip_id, to))["preview"]["checks"]
    )
    assert not desk.row(proposed(desk, bob, trip_id, sent_before))["preview"]["title"].endswith(
        "customer"
    )


def test_an_address_is_new_if_none_of_the_customer_is_known(
    desk: Desk, alice: Person, bob: Person, to: str
) -> None:
    trip_id = of_enquiry(alice, None)
    preview = desk.row(proposed(desk, bob, trip_id, to))["preview"]
    assert "This address is new: no address of the customer is known." in str(preview["checks"])


def test_the_summary_of_the_request_names_a_new_address(
    alice: Person, bob: Person, to: str
) -> None:
    trip_id = of_enquiry(alice, "deepa@example.com")
    capability = send_itinerary.CAPABILITY
    with bob.acting() as actor, bob.app.test_request_context():
        call = Invocation(actor.via(Channel.ASSISTANT))
        inputs = [
            capability.input(trip_id=trip_id, to=address) for address in (to, "deepa@example.com")
        ]
        summaries = [execution.summary_of(capability, call, one) for one in inputs]
        notices = [send_itinerary.notices(call, one) for one in inputs]
    assert [one.endswith(", a new address for the customer") for one in summaries] == [True, False]
    assert [bool(one) for one in notices] == [True, False]
