"""Pages of approvals: pending proposals, previews, decisions without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.approvals.conftest import Desk
from tests.billing.papers import draft, issue, issued, line
from tests.enquiries.reading import Page, submit
from tests.ledger.books import account_id
from tests.people import Person
from voyagent.approvals.service import deciding, effects, proposing
from voyagent.approvals.service.errors import ToolUnknown
from voyagent.assistant.views import screen
from voyagent.chat.service import conversations as chat
from voyagent.kernel import clock
from voyagent.kernel.actor import Actor
from voyagent.kernel.ids import new_id
from voyagent.settings.service import tenant_settings as settings

HTMX = {"HX-Request": "true"}


def page_of(person: Person, approval_id: str, query: str = "") -> Page:
    return Page(person.tab.get(f"/approvals/{approval_id}{query}"))


def decide(
    browser: FlaskClient, approval_id: str, token_query: str = "", **fields: str
) -> tuple[int, str]:
    here = f"/approvals/{approval_id}"
    answer = submit(browser, f"{here}/decide", f"{here}{token_query}", **fields)
    return answer.status_code, answer.headers.get("Location", "")


# --- the inbox ---


def test_an_empty_inbox_explains_itself(alice: Person) -> None:
    page = Page(alice.tab.get("/approvals"))
    assert page.status == 200
    assert "No approvals waiting" in page.words()
    assert "/approvals?status=all" in page.links()


def test_the_inbox_shows_those_that_expire_first_and_recent_decisions_below(
    desk: Desk, alice: Person, bob: Person
) -> None:
    later, sooner, decided = (
        desk.propose(bob, summary=words) for words in ("Later one", "Sooner one", "Decided one")
    )
    desk.run(
        "update approvals set expires_at = now() + interval '2 minutes' where id = :i", i=sooner
    )
    alice.does(
        lambda actor: deciding.resolve(actor, decided, granted=False, reason="wrong GSTIN").id
    )
    page = Page(alice.tab.get("/approvals"))
    assert [row.attrib["href"] for row in page.all(".//nav[@id='inbox']//a")] == [
        f"/approvals/{i}" for i in (sooner, later, decided)
    ]
    words = page.words(".//nav[@id='inbox']")
    assert "Sooner one" in words
    assert "Assistant, for Bob Colleague" in words
    assert "Alice Owner: wrong GSTIN" in words
    assert "2 waiting" in page.words(".//header")
    assert page.all(".//nav[@id='inbox']//time[@data-until]")
    assert "v-open" not in page.one(".//main").attrib["class"]


def test_the_menu_shows_the_number_of_pending_proposals(desk: Desk, alice: Person) -> None:
    desk.propose(alice)
    overdue = desk.propose(alice)
    desk.run_out(overdue)
    page = Page(alice.tab.get("/approvals"))
    assert page.words(".//*[@id='pages']//a[@href='/approvals']") == "Approvals1"


def test_an_open_page_polls_the_number_with_one_statement(
    desk: Desk, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, ask = alice.tab, HTMX | {"HX-Target": "nav-approvals"}
    assert (
        Page(browser.get("/trips")).one(".//nav[@id='pages']").attrib["data-waiting"]
        == "/approvals"
    )
    trips = _trips_counted(monkeypatch)
    assert (
        Page(browser.get("/approvals", headers=ask)).words(".//a[@id='nav-approvals']")
        == "Approvals"
    )
    desk.propose(alice)
    answer = browser.get("/approvals", headers=ask)
    assert Page(answer).words(".//a[@id='nav-approvals']") == "Approvals1"
    assert Page(answer).words(".//*[@id='nav-waiting']") == "1 approval waiting"
    assert "inbox" not in answer.text
    assert trips == [1, 1]


def test_an_open_inbox_polls_for_changes(desk: Desk, alice: Person, bob: Person) -> None:
    browser, first = alice.tab, desk.propose(bob, summary="The first")
    inbox = Page(browser.get("/approvals")).one(".//nav[@id='inbox']").attrib
    assert (inbox["hx-select"], inbox["hx-select-oob"]) == ("#inbox", "#inbox-count,#choice")
    assert (answer := browser.get(inbox["hx-get"], headers=HTMX)).status_code == 204
    assert answer.data == b""
    second = desk.propose(bob, summary="The second")
    changed = Page(browser.get(inbox["hx-get"], headers=HTMX))
    assert [row.attrib["href"] for row in changed.all(".//nav[@id='inbox']//a")] == [
        f"/approvals/{first}",
        f"/approvals/{second}",
    ]
    assert changed.words(".//*[@id='inbox-count']") == "2 waiting"
    assert (
        browser.get(changed.one(".//nav[@id='inbox']").attrib["hx-get"], headers=HTMX).status_code
        == 204
    )
    alice.does(lambda actor: deciding.resolve(actor, first, granted=False, reason="no").id)
    assert "Alice Owner: no" in Page(
        browser.get(changed.one(".//nav[@id='inbox']").attrib["hx-get"], headers=HTMX)
    ).words(".//nav[@id='inbox']")
    beside = Page(browser.get(f"/approvals/{second}")).one(".//nav[@id='inbox']").attrib
    assert beside["hx-select-oob"] == "#inbox-count"
    desk.propose(bob, summary="The third")
    shown = Page(browser.get(beside["hx-get"], headers=HTMX))
    assert [
        row.attrib["href"] for row in shown.all(".//nav[@id='inbox']//a[@aria-current='true']")
    ] == [f"/approvals/{second}"]
    assert Page(browser.get(beside["hx-get"])).status == 200  # opened by hand it is a page


def test_the_history_filters_by_status_and_has_pages(desk: Desk, alice: Person) -> None:
    session_id = desk.conversation(alice)
    made = [
        desk.propose(alice, session_id=session_id, tool_call_id=f"c{n}", summary=f"Note {n}")
        for n in range(52)
    ]
    alice.does(lambda actor: deciding.resolve(actor, made[0], granted=False, reason="because").id)
    browser = alice.tab
    page = Page(browser.get("/approvals?status=all"))
    assert len(page.rows()) == 50
    assert "1–50 of 52" in page.words()
    assert "/approvals?status=all&offset=50" in page.links()
    second = Page(browser.get("/approvals?status=all&offset=50"))
    assert second.rows() == ["Note 1", "Note 0"]
    assert "/approvals?status=all" in second.links()
    rejected = Page(browser.get("/approvals?status=rejected"))
    assert rejected.rows() == ["Note 0"]
    assert "Alice Owner: because" in rejected.words(".//tbody")
    assert "No requests" in Page(browser.get("/approvals?status=granted")).words()
    assert browser.get("/approvals?status=nonsense").status_code == 422


# --- the review ---


def test_the_review_shows_requester_time_limit_and_changes(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = desk.propose(bob, "probe_invoice", summary="Draft an invoice for Deepa Krishnan")
    page = page_of(alice, approval_id)
    review = page.words(".//section[@id='review']")
    for words in (
        "Note hello",
        "Draft an invoice for Deepa Krishnan",
        "Pending",
        "Bob Colleague",
        "Krishnan family",
        "can be undone by a credit note",
        "1200 Trade receivables",
        "balances, INR",
        "Deepa Krishnan owes",
        "Due Thu 10 Dec 2026",
        "24 Nov 2026",
        "Flights, 2 adults",
        "Total INR",
        "Same as quote Q-0911",
        "TCS rate is unconfirmed",
        "Kerala",
        "Exactly this is posted",
    ):
        assert words in review
    rows = [
        [" ".join("".join(cell.itertext()).split()) for cell in row]
        for row in page.all(".//table[@class='v-table v-inset v-post']/tbody/tr")
    ]
    assert rows == [
        ["1200 Trade receivables", "2,85,721.00", "", "0.00Dr", "2,85,721.00Dr"],
        ["4100 Sales", "", "2,85,721.00", "9.00Cr", "2,85,730.00Cr"],
    ]
    assert page.one(".//main").attrib["class"] == "v-split v-open"
    assert (
        page.one(f".//nav[@id='inbox']//a[@href='/approvals/{approval_id}']").attrib["aria-current"]
        == "true"
    )


def test_all_arguments_are_shown_if_a_tool_has_no_description(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(
        alice,
        "long_gone",
        arguments={
            "pnr_id": "Q7X2LM",
            "passengers": [{"name": "Deepa <b>"}],
            "fees": [],
            "note": None,
        },
    )
    words = page_of(alice, approval_id).words(".//*[@id='changes']")
    assert "long_gone" in words
    assert "BookingQ7X2LM" in words.replace(" ", "")
    assert "Deepa <b>" in words
    for label in ("Passengers, 1, name", "Fees", "Note"):
        assert label in words


def test_an_error_in_a_description_is_shown_and_the_page_works(
    desk: Desk, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.approvals import probes  # noqa: PLC0415 - one effect is bent for this test

    def closed(_actor: Actor, _arguments: object) -> probes.Description:
        raise probes.PeriodClosed

    bent = probes.Effect(
        "probe_invoice",
        probes.LEADS,
        "Draft invoice",
        money=True,
        reversible=True,
        run=probes.note,
        permission="tool.propose",
        describe=closed,
    )
    monkeypatch.setitem(effects._effects, "probe_invoice", bent)  # noqa: SLF001 - the registry of the test's own effects
    page = page_of(alice, desk.propose(alice, "probe_invoice"))
    assert page.status == 200
    assert probes.PeriodClosed.message in page.words(".//section[@id='review']")


# --- deciding ---


def test_approving_works_without_javascript(
    desk: Desk, alice: Person, drain: Callable[[], None]
) -> None:
    approval_id = desk.propose(alice, "probe_note")
    browser = alice.tab
    assert decide(browser, approval_id, granted="1") == (303, f"/approvals/{approval_id}")
    page = Page(browser.get(f"/approvals/{approval_id}"))
    assert "Approved. In progress." in page.words(".//*[@id='outcome']")
    assert "Approved. In progress." in page.words(".//*[@id='toasts']")
    assert page.one(".//section[@id='review']").attrib["hx-trigger"] == "every 1s"
    assert not page.all(".//*[@id='decide']")
    drain()
    page = Page(browser.get(f"/approvals/{approval_id}"))
    assert "Done." in page.words(".//*[@id='outcome']")
    assert "Decided byAlice Owner" in page.words(".//*[@id='outcome']")
    assert "Noted1" in page.words(".//*[@id='outcome']")
    assert "hx-trigger" not in page.one(".//section[@id='review']").attrib


def test_declining_stores_and_shows_the_reason(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice, "probe_note")
    browser = alice.tab
    form = Page(browser.get(f"/approvals/{approval_id}?step=reject"))
    assert form.all(".//form[@id='decide']//textarea[@name='reason']")
    status, _to = decide(
        browser, approval_id, "?step=reject", granted="0", reason="Visas are billed in Sharjah."
    )
    assert status == 303
    assert desk.row(approval_id)["reason"] == "Visas are billed in Sharjah."
    outcome = Page(browser.get(f"/approvals/{approval_id}")).words(".//*[@id='outcome']")
    assert "Nothing was done." in outcome
    assert "Visas are billed in Sharjah." in outcome


def test_a_reason_that_is_too_long_is_shown_again_with_an_error(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice, "probe_note")
    here = f"/approvals/{approval_id}"
    answer = submit(
        alice.tab, f"{here}/decide", f"{here}?step=reject", granted="0", reason="x" * 1025
    )
    page = Page(answer)
    assert page.status == 422
    assert page.error_at("reason")
    assert page.field("reason") == "x" * 1025
    assert desk.row(approval_id)["status"] == "pending"


def test_an_irreversible_act_asks_for_confirmation(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice, "probe_ticket")
    browser = alice.tab
    first = Page(browser.get(f"/approvals/{approval_id}"))
    assert "This can’t be undone." in first.words()
    assert f"/approvals/{approval_id}?step=grant" in first.links()
    assert not first.all(".//form[@id='decide']//button[@type='submit']")
    assert decide(browser, approval_id, granted="1") == (
        303,
        f"/approvals/{approval_id}?step=grant",
    )
    assert desk.row(approval_id)["status"] == "pending"
    second = Page(browser.get(f"/approvals/{approval_id}?step=grant"))
    assert second.field("confirmed") == "1"
    assert decide(browser, approval_id, "?step=grant", granted="1", confirmed="1") == (
        303,
        f"/approvals/{approval_id}",
    )
    assert desk.row(approval_id)["status"] == "granted"


def test_htmx_receives_only_the_fragment(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice, "probe_note")
    browser = alice.tab
    for target, query in (("decide", "?step=reject"), ("review", "")):
        fragment = browser.get(
            f"/approvals/{approval_id}{query}", headers=HTMX | {"HX-Target": target}
        ).text
        assert "<html" not in fragment
        assert fragment.strip().startswith("<")
        assert f'id="{target}"' in fragment
        assert ("autofocus" in fragment) is (
            "step=" in query
        )  # what is read again by itself takes nobody's focus


def test_htmx_is_redirected_after_a_decision_and_shows_a_conflict_in_place(
    desk: Desk, alice: Person
) -> None:
    approval_id = desk.propose(alice, "probe_note")
    browser = alice.tab
    token = Page(browser.get(f"/approvals/{approval_id}")).field("csrf_token")
    sent = {"granted": "1", "csrf_token": token}
    answer = browser.post(f"/approvals/{approval_id}/decide", data=sent, headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, f"/approvals/{approval_id}")
    again = browser.post(f"/approvals/{approval_id}/decide", data=sent, headers=HTMX)
    assert (again.status_code, again.headers["HX-Retarget"]) == (409, "#alerts")
    assert "already decided" in again.text


def test_a_viewer_sees_no_buttons(desk: Desk, alice: Person, victor: Person) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    page = page_of(victor, approval_id)
    assert "Can be approved by: Accounting lead, Administrator." in page.words(".//*[@id='decide']")
    assert not page.all(".//form[@id='decide']")
    browser = victor.tab
    token = browser.get("/approvals").text.split('name="csrf-token" content="')[1].split('"')[0]
    assert (
        browser.post(
            f"/approvals/{approval_id}/decide", data={"granted": "1", "csrf_token": token}
        ).status_code
        == 403
    )
    assert desk.row(approval_id)["status"] == "pending"


def test_a_person_of_another_role_reads_who_can_decide(
    desk: Desk, alice: Person, bob: Person
) -> None:
    page = page_of(bob, desk.propose(alice, "probe_invoice"))
    assert "Accounting lead" in page.words(".//*[@id='decide']")
    assert not page.all(".//form[@id='decide']")


def test_for_ones_own_money_request_only_decline_is_offered(
    desk: Desk, alice: Person, leila: Person
) -> None:
    approval_id = desk.propose(alice, "probe_invoice")
    page = page_of(alice, approval_id)
    assert (
        "can’t approve what you requested or changed yourself. It can be approved by:"
        " Accounting lead." in page.words(".//*[@id='decide']")
    )
    assert not page.all(".//form[@id='decide']//input[@name='granted']")
    assert f"/approvals/{approval_id}?step=reject" in page.links()
    browser = alice.tab
    status, _to = decide(browser, approval_id, granted="1")
    assert status == 403
    assert page_of(leila, approval_id).all(".//form[@id='decide']//input[@name='granted']")


def test_a_failed_act_shows_its_reason(
    desk: Desk, alice: Person, drain: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    approval_id = desk.propose(alice, "probe_loose")
    alice.does(lambda actor: deciding.resolve(actor, approval_id, granted=True).id)
    monkeypatch.delitem(effects._effects, "probe_loose")  # noqa: SLF001 - the registry of the test's own effects
    drain()
    outcome = page_of(alice, approval_id).words(".//*[@id='outcome']")
    assert "Approved, but it failed: " in outcome
    assert ToolUnknown.message in outcome
    assert "Result" not in outcome
    assert "Failed" in Page(alice.tab.get("/approvals")).words(".//nav[@id='inbox']")
    assert "Approved, failed" in Page(alice.tab.get("/approvals?status=granted")).words(".//tbody")


def test_an_expired_request_has_no_buttons(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice)
    desk.run_out(approval_id)
    page = page_of(alice, approval_id, "?step=grant")
    assert "Expired" in page.words(".//section[@id='review']/header")
    assert "Expired after 15 minutes" in page.words(".//*[@id='outcome']")
    assert not page.all(".//*[@id='decide']")


def test_unknown_deleted_and_other_agencies_requests_are_not_found(
    desk: Desk, alice: Person, charlie: Person
) -> None:
    session_id = desk.conversation(alice)
    approval_id = desk.propose(alice, session_id=session_id)
    assert page_of(charlie, approval_id).status == 404
    assert page_of(alice, "ap-unknown").status == 404
    alice.does(chat.delete, session_id)
    assert page_of(alice, approval_id).status == 404


def test_a_signed_out_person_is_redirected_to_sign_in(alice: Person) -> None:
    answer = alice.app.test_client().get("/approvals")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/approvals")


def test_a_decision_without_csrf_token_is_refused(desk: Desk, alice: Person) -> None:
    approval_id = desk.propose(alice)
    assert (
        alice.tab.post(f"/approvals/{approval_id}/decide", data={"granted": "1"}).status_code == 400
    )
    assert desk.row(approval_id)["status"] == "pending"


def test_the_inbox_needs_three_statements_in_one_round_trip(
    desk: Desk, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = alice.tab
    trips = _trips_counted(monkeypatch)
    for _ in range(3):
        desk.propose(alice)
    assert browser.get("/approvals").status_code == 200
    assert trips == [
        3
    ]  # what waits, what was decided, the counts of the menu; and who asks before them


def _trips_counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Record the number of statements of each later round trip of the read pool."""
    from voyagent.kernel.database import read_pool  # noqa: PLC0415 - the lane is watched from here

    trips: list[int] = []
    once = read_pool.ReadPool._once  # noqa: SLF001 - there is no other place to count trips

    def counted(lane: read_pool.ReadPool, credential: object, statements: list[object]) -> object:
        trips.append(len(statements))
        return once(lane, credential, statements)  # type: ignore[arg-type]

    monkeypatch.setattr(read_pool.ReadPool, "_once", counted)
    return trips


# --- what has changed since it was shown ---


def test_approving_an_outdated_preview_opens_the_new_request(
    desk: Desk, alice: Person, bob: Person
) -> None:
    invoice_id = draft(alice, line("100.00"))
    approval_id = desk.propose(
        bob, "issue_invoice", arguments={"invoice_id": str(invoice_id)}, summary="Issue it"
    )
    browser = alice.tab
    page = Page(browser.get(f"/approvals/{approval_id}"))
    assert page.field("shown") == desk.row(approval_id)["preview_hash"]
    assert "Balance of Deepa Krishnan" in page.words(".//*[@id='changes']")
    issued(alice, line("7.00"))
    status, to = decide(browser, approval_id, granted="1")
    fresh = desk.row(approval_id)["superseded_by"]
    assert (status, to) == (303, f"/approvals/{fresh}")
    page = Page(browser.get(to))
    assert "figures changed after you opened" in page.words(".//*[@id='toasts']")
    assert page.field("shown") == desk.row(fresh)["preview_hash"]
    assert f"/approvals/{fresh}" in page_of(alice, approval_id).links()


def test_a_decision_on_an_older_version_shows_the_present_one(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = desk.propose(bob, "probe_invoice")
    browser = alice.tab
    assert decide(browser, approval_id, granted="1", shown="0" * 64) == (
        303,
        f"/approvals/{approval_id}",
    )
    assert desk.row(approval_id)["status"] == "pending"
    assert "This request was edited" in Page(browser.get(f"/approvals/{approval_id}")).words(
        ".//*[@id='toasts']"
    )


def test_outside_effects_and_itinerary_are_shown(desk: Desk, alice: Person) -> None:
    mail = desk.propose(alice, "probe_mail", arguments={"text": "deepa@example.com"})
    assert "Mail deepa@example.com" in page_of(alice, mail).words(".//*[@id='leaves']")
    session_id = desk.conversation(alice)
    trip = desk.propose(
        alice,
        "probe_outside",
        session_id=session_id,
        arguments={"session_id": str(session_id), "text": "Kochi to Dubai"},
    )
    assert "Kochi to Dubai" in page_of(alice, trip).words(".//*[@id='itinerary']")


def test_the_card_in_the_conversation_is_that_of_the_new_request(
    desk: Desk, alice: Person, bob: Person
) -> None:
    invoice_id, session_id = draft(alice, line("100.00")), desk.conversation(bob)
    approval_id = desk.propose(
        bob,
        "issue_invoice",
        session_id=session_id,
        arguments={"invoice_id": str(invoice_id)},
        summary="Issue it",
    )
    issued(alice, line("7.00"))
    alice.api.post(f"/approvals/{approval_id}/resolve", json={"granted": True})
    with alice.acting() as actor:
        conversation = screen.read(actor, session_id)
    fresh = desk.row(approval_id)["superseded_by"]
    assert [request.row["id"] for request in conversation.requests.values()] == [fresh, fresh]
    assert [request.row["id"] for request in conversation.asked] == [fresh]


# --- live ---


def test_an_open_review_is_redrawn_only_if_something_changed(
    desk: Desk, alice: Person, leila: Person
) -> None:
    approval_id = desk.propose(alice)
    browser = alice.tab
    asks = Page(browser.get(f"/approvals/{approval_id}")).one(".//section[@id='review']").attrib
    assert "every 5s" in asks["hx-trigger"]
    again = HTMX | {"HX-Target": "review"}
    assert browser.get(asks["hx-get"], headers=again).status_code == 204
    leila.does(lambda actor: deciding.resolve(actor, approval_id, granted=False, reason="No").id)
    answer = browser.get(asks["hx-get"], headers=again)
    assert answer.status_code == 200
    assert "Leila Lead" in answer.text


# --- editing ---

DRAFT = {
    "customer_name": "Deepa Krishnan",
    "issue_date": "2024-06-10",
    "due_date": "2024-06-25",
    "line_items": [
        {"description": "Dubai visa", "quantity": 2, "unit_price": "22500.00", "currency": "INR"},
        {"description": "Courier", "quantity": 1, "unit_price": "500.00", "currency": "INR"},
    ],
}


def editing(browser: FlaskClient, approval_id: str, **fields: str) -> TestResponse:
    return submit(
        browser,
        f"/approvals/{approval_id}/edit",
        f"/approvals/{approval_id}?step=edit",
        **{f"a.{name}": value for name, value in fields.items()},
    )


def test_editing_works_without_javascript_and_shows_both_values(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = desk.propose(bob, "draft_invoice", arguments=DRAFT)
    browser = alice.tab
    page = Page(browser.get(f"/approvals/{approval_id}"))
    assert f"/approvals/{approval_id}?step=edit" in page.links()
    form = Page(browser.get(f"/approvals/{approval_id}?step=edit"))
    assert form.field("a.line_items.0.unit_price") == "22500.00"
    assert form.field("a.line_items.2.description") == ""
    assert form.field("a.due_date") == "25 Jun 2024"
    names = [
        element.attrib["name"] for element in form.all(".//form[@id='edit']//input[@type='text']")
    ]
    assert names[:4] == [
        "a.customer_name",
        "a.issue_date",
        "a.due_date",
        "a.line_items.0.description",
    ], "in the order of the tool, not of the store"
    assert not form.all(".//form[@id='decide']")
    sent = {
        "customer_name": "Deepa K",
        "due_date": "30 Jun 2024",
        "line_items.0.unit_price": "20,000",
        "line_items.0.quantity": "3",
        "line_items.1.description": "",
        "line_items.1.quantity": "",
        "line_items.1.unit_price": "",
        "line_items.1.currency": "",
        "line_items.2.description": "Insurance",
        "line_items.2.quantity": "1",
        "line_items.2.unit_price": "900",
        "line_items.2.currency": "INR",
    }
    assert editing(browser, approval_id, **sent).status_code == 303
    assert desk.row(approval_id)["payload"] == DRAFT | {
        "customer_name": "Deepa K",
        "due_date": "2024-06-30",
        "line_items": [
            {"description": "Dubai visa", "quantity": 3, "unit_price": "20000", "currency": "INR"},
            {"description": "Insurance", "quantity": 1, "unit_price": "900", "currency": "INR"},
        ],
    }
    words = Page(browser.get(f"/approvals/{approval_id}")).words(".//*[@id='edited']")
    assert "Edited by Alice Owner" in words
    assert "Customer" in words
    assert "Deepa Krishnan" in words
    assert decide(browser, approval_id, granted="1") == (303, f"/approvals/{approval_id}")
    assert desk.row(approval_id)["status"] == "granted"


def test_edited_dates_and_amounts_are_formatted(desk: Desk, alice: Person, bob: Person) -> None:
    approval_id = desk.propose(bob, "draft_invoice", arguments=DRAFT)
    browser = alice.tab
    assert (
        editing(
            browser, approval_id, **{"due_date": "30 Jun 2024", "line_items.0.unit_price": "120000"}
        ).status_code
        == 303
    )

    def edited() -> list[str]:
        page = Page(browser.get(f"/approvals/{approval_id}"))
        return [
            " ".join("".join(cell.itertext()) for cell in row.iter("td"))
            for row in page.all(".//*[@id='edited']//tbody/tr")
        ]

    assert edited() == [
        "Due 25 Jun 2024 30 Jun 2024",
        "Lines, 1, Unit price INR 22,500.00 INR 1,20,000.00",
    ]
    alice.does(lambda actor: settings.update(actor, {"locale": "hi"}))
    assert edited()[0].endswith("25 जून 2024 30 जून 2024")


@pytest.mark.parametrize(
    ("zone", "hour", "monday_there"),
    [("UTC", 20, False), ("Asia/Kolkata", 20, True), ("Asia/Kolkata", 18, False)],
)
def test_dates_and_amounts_may_be_typed_in_words_and_show_their_meaning(
    desk: Desk,
    alice: Person,
    bob: Person,
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    hour: int,
    monday_there: bool,
) -> None:
    """A day of the week counts from today in the agency's zone, not in UTC."""
    alice.does(lambda actor: settings.update(actor, {"timezone": zone}))
    real = clock.now()
    sunday = (real + timedelta(days=6 - real.weekday())).replace(hour=hour, minute=0)
    monkeypatch.setattr(clock, "now", lambda: sunday)
    approval_id = desk.propose(bob, "draft_invoice", arguments=DRAFT)
    browser = alice.tab
    friday = sunday.date() + timedelta(days=12 if monday_there else 5)
    words = {
        "due_date": "next Friday",
        "line_items.0.unit_price": "1.3 lakh",
        "line_items.1.unit_price": "₹2k",
    }
    page = Page(editing(browser, approval_id, **words, customer_name=" "))
    assert (page.status, page.field("a.due_date"), page.field("a.line_items.0.unit_price")) == (
        422,
        "next Friday",
        "1.3 lakh",
    )
    assert page.words(".//*[@id='a.line_items.0.unit_price-hint']") == "Read as INR 1,30,000.00"
    assert editing(browser, approval_id, **words).status_code == 303
    assert desk.row(approval_id)["payload"]["due_date"] == friday.isoformat()
    assert [line["unit_price"] for line in desk.row(approval_id)["payload"]["line_items"]] == [
        "130000",
        "2000",
    ]
    text = Page(browser.get(f"/approvals/{approval_id}")).words(".//*[@id='toasts']")
    assert "“1.3 lakh” was read as INR 1,30,000.00; “₹2k” was read as INR 2,000.00." in text
    assert f"“next Friday” was read as {friday.day} " in text


@pytest.mark.parametrize(
    "words",
    ["1.3 lakh dirhams", "between 1 and 2 lakh", "a lot", "45,000 plus GST", "2k each", "-3k"],
)
def test_an_amount_that_does_not_fit_the_currency_is_refused_with_an_example(
    desk: Desk, alice: Person, bob: Person, words: str
) -> None:
    approval_id = desk.propose(bob, "draft_invoice", arguments=DRAFT)
    page = Page(
        editing(
            alice.tab,
            approval_id,
            **{"line_items.0.unit_price": words, "due_date": "30 Jun 2024"},
        )
    )
    assert (page.status, page.field("a.line_items.0.unit_price"), page.field("a.due_date")) == (
        422,
        words,
        "30 Jun 2024",
    )
    assert (
        page.words(".//*[@id='a.line_items.0.unit_price-err']")
        == "Enter an amount such as 45,000.50 or 1.3 lakh, in the currency shown next to it."
    )
    assert desk.row(approval_id)["payload"] == DRAFT


def test_an_invalid_value_is_shown_at_its_field(desk: Desk, alice: Person, bob: Person) -> None:
    approval_id = desk.propose(bob, "draft_invoice", arguments=DRAFT)
    sent = {"customer_name": " ", "due_date": "soon", "line_items.1.quantity": "many"}
    page = Page(editing(alice.tab, approval_id, **sent))
    assert page.status == 422
    assert page.field("a.due_date") == "soon"
    assert page.field("a.line_items.1.quantity") == "many"
    for name in ("a.customer_name", "a.due_date", "a.line_items.1.quantity"):
        assert page.all(f".//*[@id='{name}-err']"), name
    assert desk.row(approval_id)["payload"] == DRAFT


def test_an_edit_above_the_open_amount_is_refused_with_the_reason(
    desk: Desk, alice: Person, bob: Person
) -> None:
    arguments = {
        "invoice_id": str(issued(alice)),
        "amount": "100.00",
        "currency": "INR",
        "paid_on": "2024-06-12",
    }
    approval_id = desk.propose(bob, "record_receipt", arguments=arguments)
    page = Page(editing(alice.tab, approval_id, amount="99,99,999"))
    assert page.status == 422
    assert "more than the amount due" in page.words(".//form[@id='edit']//*[@role='alert']")
    assert page.field("a.amount") == "99,99,999"
    assert desk.row(approval_id)["payload"] == arguments
    words = Page(alice.tab.get(f"/approvals/{approval_id}")).words(".//*[@id='review']")
    assert "INR 100.00" in words
    assert "more than the amount due" not in words


def test_a_request_that_would_be_refused_cannot_be_approved(
    desk: Desk, alice: Person, bob: Person
) -> None:
    session_id = desk.conversation(bob)
    arguments = {
        "invoice_id": str(issued(alice)),
        "amount": "9999999.00",
        "currency": "INR",
        "paid_on": "2024-06-12",
    }
    approval_id = desk.propose(bob, "record_receipt", arguments=arguments, session_id=session_id)
    for where in (f"/approvals/{approval_id}", f"/approvals/{approval_id}?step=grant"):
        page = Page(alice.tab.get(where))
        assert "This can’t be done now: " in page.words(".//*[@id='review']")
        assert not page.all(".//*[@id='decide']//input[@name='granted']")
        assert f"/approvals/{approval_id}?step=reject" in page.links()


def test_the_hash_under_a_request_is_that_of_the_arguments_shown(
    desk: Desk, alice: Person, bob: Person
) -> None:
    first, second = (
        draft(alice, line("120000.00", quantity=1)),
        draft(alice, line("57500.00", quantity=1)),
    )
    asked = desk.propose(bob, "issue_invoice", arguments={"invoice_id": str(second)})
    before = _code(alice, asked)
    assert before == desk.row(asked)["preview_hash"]
    issue(alice, first)
    decide(alice.tab, asked, granted="1")
    fresh = desk.row(asked)["superseded_by"]
    page = Page(alice.tab.get(f"/approvals/{fresh}"))
    assert _code(alice, fresh) == desk.row(fresh)["preview_hash"] != before
    assert (
        "No other invoice of the same amount for this customer in the last 30 days"
        in page.words(".//*[@id='changes']")
    )


def _code(person: Person, approval_id: str) -> str:
    return str(
        Page(person.tab.get(f"/approvals/{approval_id}")).all(".//*[@id='code']")[0].attrib["title"]
    )


def test_an_edit_after_another_edit_is_refused(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    approval_id = desk.propose(bob, "draft_invoice", arguments=DRAFT)
    browser = alice.tab
    form = Page(browser.get(f"/approvals/{approval_id}?step=edit"))
    leila.does(
        lambda actor: proposing.edit(actor, approval_id, DRAFT | {"customer_name": "Leila's"}).id
    )
    sent = {
        "csrf_token": form.field("csrf_token"),
        "shown": form.field("shown"),
        "a.customer_name": "Alice's",
    }
    page = Page(browser.post(f"/approvals/{approval_id}/edit", data=sent))
    assert page.status == 422
    assert "This request was edited" in page.words(".//form[@id='edit']")
    assert desk.row(approval_id)["payload"]["customer_name"] == "Leila's"


def test_a_journal_entry_is_edited_by_line_with_account_names(
    desk: Desk, alice: Person, bob: Person
) -> None:
    sides = (("cash", "debit_amount"), ("bank", "credit_amount"))
    lines = [
        {"account_id": str(account_id(alice, account)), "currency": "INR", side: "500"}
        for account, side in sides
    ]
    approval_id = desk.propose(
        bob, "post_journal_entry", arguments={"entry": {"narration": "Petty cash", "lines": lines}}
    )
    browser = alice.tab
    form = Page(browser.get(f"/approvals/{approval_id}?step=edit"))
    assert form.field("a.entry.narration") == "Petty cash"
    assert [
        "".join(element.itertext()).strip()
        for element in form.all(".//form[@id='edit']//th[@scope='row']")
    ] == [
        "1010 Cash in hand",
        "1100 Bank, current account",
    ]
    assert not form.all(".//input[@name='a.entry.lines.2.currency']"), (
        "a line without an account cannot be added here"
    )
    sent = {
        "entry.narration": "Tea",
        "entry.lines.0.debit_amount": "450",
        "entry.lines.1.credit_amount": "450",
    }
    assert editing(browser, approval_id, **sent).status_code == 303
    assert desk.row(approval_id)["payload"] == {
        "entry": {
            "narration": "Tea",
            "lines": [lines[0] | {"debit_amount": "450"}, lines[1] | {"credit_amount": "450"}],
        },
    }


def test_arguments_that_are_only_ids_have_no_form(desk: Desk, alice: Person, bob: Person) -> None:
    approval_id = desk.propose(bob, "issue_ticket", arguments={"pnr_id": str(new_id())})
    page = page_of(alice, approval_id, "?step=edit")
    assert not page.all(".//form[@id='edit']")
    assert f"/approvals/{approval_id}?step=edit" not in page.links()


def test_the_edit_form_is_offered_only_to_people_who_may_decide(
    desk: Desk, alice: Person, bob: Person
) -> None:
    approval_id = desk.propose(alice, "draft_invoice", arguments=DRAFT)
    assert not page_of(bob, approval_id, "?step=edit").all(".//form[@id='edit']")
    assert not page_of(alice, desk.propose(alice, "probe_note"), "?step=edit").all(
        ".//form[@id='edit']"
    )


def test_above_the_limit_only_decline_and_edit_are_offered(
    desk: Desk, bob: Person, alice: Person, leila: Person
) -> None:
    alice.does(
        lambda actor: (
            settings.update(
                actor,
                {"approval_limits": {"accounting_lead": {"amount": "10.00", "currency": "INR"}}},
            ).tenant_id
        )
    )
    approval_id = desk.propose(bob, "draft_invoice", arguments=DRAFT)
    page = page_of(leila, approval_id)
    assert "above your approval limit. Can be approved by: Administrator." in page.words(
        ".//*[@id='decide']"
    )
    assert not page.all(".//form[@id='decide']//input[@name='granted']")
    alice.does(
        lambda actor: (
            settings.update(
                actor, {"approval_limits": {"agency_admin": {"amount": "10.00", "currency": "INR"}}}
            ).tenant_id
        )
    )
    assert (
        "This is above the approval limit of every role. An administrator can raise a limit in"
        " Settings." in page_of(alice, approval_id).words(".//*[@id='decide']")
    )
    status, _to = decide(leila.tab, approval_id, granted="1")
    assert status == 403


# --- several ---


def chosen(*approval_ids: str) -> str:
    return "/approvals/several?" + "&".join(f"chosen={approval_id}" for approval_id in approval_ids)


def decide_several(browser: FlaskClient, page: Page, **fields: str) -> Page:
    marks = {
        name: [
            element.attrib["value"]
            for element in page.all(f".//form[@id='several']//input[@name='{name}']")
        ]
        for name in ("chosen", "rejectable")
    }
    return Page(
        browser.post(
            "/approvals/several", data={"csrf_token": page.field("csrf_token"), **marks, **fields}
        )
    )


def test_several_requests_are_reviewed_and_approved_without_javascript(
    desk: Desk, alice: Person, bob: Person
) -> None:
    good = desk.propose(bob, "draft_invoice", arguments=DRAFT, summary="Draft for Deepa")
    stale = desk.propose(
        bob,
        "issue_invoice",
        arguments={"invoice_id": str(draft(alice, line("100.00")))},
        summary="Issue it",
    )
    other = desk.propose(bob, summary="Another one")
    browser = alice.tab
    inbox = Page(browser.get("/approvals"))
    boxes = [
        element.attrib["value"]
        for element in inbox.all(".//nav[@id='inbox']//input[@name='chosen']")
    ]
    assert set(boxes) == {good, stale, other}
    page = Page(browser.get(chosen(good, stale)))
    words = page.words(".//form[@id='several']")
    for expected in (
        "Draft for Deepa",
        "45,500.00",
        "Balance of Deepa Krishnan",
        "2 journal lines",
        "Trade receivables, Sales of travel services",
        "Approve 2",
    ):
        assert expected in words
    sentences = [
        "".join(element.itertext()) for element in page.all(".//form[@id='several']//li/span")
    ]
    assert any(
        "2 journal lines" in one and "Sales of travel services" in one for one in sentences
    ), sentences
    assert "Another one" not in words
    issued(alice, line("7.00"))
    results = decide_several(browser, page, granted="1")
    assert results.status == 200
    words = results.words(".//*[@id='results']")
    assert "1 approved. 1 was not decided." in words
    assert "figures changed after you opened" in words
    fresh = desk.row(stale)["superseded_by"]
    assert f"/approvals/{fresh}" in results.links()
    assert [desk.row(i)["status"] for i in (good, stale, other)] == [
        "granted",
        "expired",
        "pending",
    ]
    assert "Approved" in Page(browser.get(f"/approvals/{good}")).words(".//section[@id='review']")


def test_several_requests_are_declined_with_one_reason(
    desk: Desk, alice: Person, bob: Person
) -> None:
    made = [desk.propose(bob) for _ in range(2)]
    browser = alice.tab
    results = decide_several(
        browser, Page(browser.get(chosen(*made))), granted="0", reason="Not today"
    )
    assert "2 declined." in results.words(".//*[@id='results']")
    assert [desk.row(i)["reason"] for i in made] == ["Not today", "Not today"]


@pytest.mark.usefixtures("leila")
def test_of_several_own_requests_each_button_decides_only_what_is_allowed(
    desk: Desk, alice: Person, bob: Person, charlie: Person, victor: Person
) -> None:
    own, good, gone = (
        desk.propose(alice, "probe_invoice"),
        desk.propose(bob, summary="A good one"),
        draft(alice, line("100.00")),
    )
    moot = desk.propose(
        bob, "issue_invoice", arguments={"invoice_id": str(gone)}, summary="Issue it"
    )
    issue(alice, gone)
    refused = desk.propose(
        bob,
        "issue_invoice",
        arguments={"invoice_id": str(gone)},
        summary="Issue it again",
        tool_call_id="again",
    )
    browser = alice.tab
    page = Page(browser.get(chosen(own, good, moot, refused, desk.propose(charlie), "ap-unknown")))
    words = page.words(".//form[@id='several']")
    for expected in (
        "can’t approve what you requested or changed yourself",
        "This can’t be done now.",
        "Approve 2",
        "Decline 4",
    ):
        assert expected in words
    assert len(page.all(".//form[@id='several']//input[@name='chosen']")) == 2
    granted = decide_several(browser, page, granted="1").words(".//*[@id='results']")
    assert "1 approved. 1 was not decided." in granted
    assert "Issue it again" not in granted, "what she could not grant was not sent with the others"
    page = Page(browser.get(chosen(own, refused)))
    assert "Approve" not in page.words(".//form[@id='several']//div[@class='v-row']")
    assert "2 declined." in decide_several(browser, page, granted="0").words(".//*[@id='results']")
    assert "Select at least one" in Page(alice.tab.get("/approvals/several")).words()
    assert victor.tab.get("/approvals/several").status_code == 403
    assert not Page(victor.tab.get("/approvals")).all(".//input[@name='chosen']")


def test_several_requests_of_another_role_have_no_button(
    desk: Desk, bob: Person, alice: Person
) -> None:
    page = Page(bob.tab.get(chosen(desk.propose(alice, "probe_invoice"))))
    words = page.words(".//form[@id='several']")
    assert "Can be approved by: " in words
    assert "Accounting lead" in words
    assert not page.all(".//form[@id='several']//button[@name='granted']")


def test_a_request_edited_meanwhile_is_not_approved_with_the_others(
    desk: Desk, alice: Person, bob: Person, leila: Person
) -> None:
    edited, good = desk.propose(bob, "draft_invoice", arguments=DRAFT), desk.propose(bob)
    browser = alice.tab
    page = Page(browser.get(chosen(edited, good)))
    leila.does(
        lambda actor: proposing.edit(actor, edited, DRAFT | {"customer_name": "Somebody"}).id
    )
    assert "This request was edited" in decide_several(browser, page, granted="1").words(
        ".//*[@id='results']"
    )
    assert [desk.row(i)["status"] for i in (edited, good)] == ["pending", "granted"]
