"""Pages of enquiries: content, errors, and use without JavaScript."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.enquiries.reading import Page, submit, watched
from tests.people import Person
from voyagent.enquiries import service
from voyagent.enquiries.queries import enquiries


def logged(person: Person, name: str = "Deepa Krishnan", **wish: Any) -> UUID:
    with person.acting() as actor:
        return service.create(actor, customer_name=name, **wish).id


def stored(person: Person, enquiry_id: UUID) -> dict[str, Any]:
    with person.reading() as reader:
        return enquiries.get_row(reader, enquiry_id)


FORM = {"customer_name": "Rukhsana Beevi", "pax_count": "3", "budget_currency": "INR"}


def test_an_empty_list_explains_enquiries(alice: Person) -> None:
    page = Page(alice.tab.get("/enquiries"))
    assert page.status == 200
    assert "No enquiries yet" in page.words()
    assert "/enquiries/new" in page.links()
    assert not page.all(".//table[@class]")


def test_the_list_shows_rows_newest_first_with_counts_by_status(alice: Person) -> None:
    logged(alice, "Old", origin="COK", destination="DXB", status="quoted")
    logged(alice, "Recent", budget_amount=Decimal(300000), budget_currency="INR")
    page = Page(alice.tab.get("/enquiries"))
    assert [row.split()[0] for row in page.rows()] == ["Recent", "Old"]
    assert "COK to DXB" in page.words(".//tbody/tr[2]/td[3]")
    assert page.words(".//tbody/tr[1]/td[6]") == "INR3,00,000"
    assert page.words(".//div[@id='enquiry-tabs']") == "All 2New 1Quoted 1Booked 0Cancelled 0"
    assert "2 open" in page.words(".//header")


def test_every_filter_is_applied_and_can_be_removed(alice: Person) -> None:
    logged(
        alice,
        "Wanted",
        origin="Kochi",
        destination="Dubai",
        customer_email="w@x.example",
        depart_date=date(2027, 2, 6),
        status="quoted",
    )
    logged(
        alice,
        "Other",
        origin="Pune",
        destination="Oslo",
        customer_email="o@y.example",
        depart_date=date(2027, 5, 6),
    )
    browser = alice.tab
    for query in (
        "q=wan",
        "status=quoted",
        "origin=koch",
        "destination=DUB",
        "customer_email=x.exam",
        "depart_to=6+feb+2027",
        "depart_from=2027-01-01&depart_to=2027-03-01",
    ):
        page = Page(browser.get(f"/enquiries?{query}"))
        assert [row.split()[0] for row in page.rows()] == ["Wanted"], query
    page = Page(browser.get("/enquiries?origin=koch&status=quoted&q=want"))
    assert "/enquiries?status=quoted&q=want" in page.links()
    assert page.field("q") == "want"
    assert page.field("origin") == "koch"


def test_days_of_receipt_are_in_the_agencys_time_zone(alice: Person, owner_engine: Any) -> None:
    import sqlalchemy as sa  # noqa: PLC0415

    enquiry_id = logged(alice, "Late caller")
    with owner_engine.begin() as connection:
        connection.execute(
            sa.text("update tenant_settings set timezone = 'Asia/Kolkata' where tenant_id = :t"),
            {"t": alice.actor.tenant_id},
        )
        connection.execute(
            sa.text("update enquiries set created_at = '2026-03-01T19:00:00Z' where id = :id"),
            {"id": enquiry_id},
        )
    browser = alice.tab
    assert (
        len(Page(browser.get("/enquiries?created_from=2+mar+2026&created_to=2+mar+2026")).rows())
        == 1
    )
    assert (
        len(Page(browser.get("/enquiries?created_from=2026-03-01&created_to=2026-03-01")).rows())
        == 0
    )


def test_a_list_without_matches_offers_to_clear_the_filters(alice: Person) -> None:
    logged(alice)
    page = Page(alice.tab.get("/enquiries?q=nobody"))
    assert "No results" in page.words()
    assert "/enquiries" in page.links()


def test_invalid_query_parameters_are_ignored_and_reported(alice: Person) -> None:
    logged(alice)
    browser = alice.tab
    for query in (
        "depart_from=soon-ish",
        "status=lost",
        "offset=-1",
        "cursor=forged",
        "open=nothing",
        "depart_from=2027-02-02&depart_to=2027-01-01",
    ):
        page = Page(browser.get(f"/enquiries?{query}"))
        assert page.status == 422, query
        assert "Part of the address is not valid" in page.words(".//main"), query
        assert len(page.rows()) == 1, query


def test_the_pager_links_older_and_newer_pages_by_cursor(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voyagent.http.list_pages.PAGE_ROWS", 2)
    for number in range(7):
        logged(alice, f"Customer {number}")
    browser, seen, address = alice.tab, [], "/enquiries"
    while address:
        page = Page(browser.get(address))
        seen += [row.split("\n")[0].strip() for row in page.rows()]
        address = next((link.attrib["href"] for link in page.all(".//a[@rel='next']")), None)
    assert seen == [f"Customer {number}" for number in range(6, -1, -1)]
    assert "7–7 of 7" in page.words(".//nav[@class='v-pager']")
    back = Page(browser.get(page.one(".//a[@rel='prev']").attrib["href"]))
    assert back.rows() == ["Customer 2", "Customer 1"]
    assert "5–6 of 7" in back.words(".//nav[@class='v-pager']")
    first = Page(
        browser.get(
            Page(browser.get(back.one(".//a[@rel='prev']").attrib["href"]))
            .one(".//a[@rel='prev']")
            .attrib["href"]
        )
    )
    assert first.rows() == ["Customer 6", "Customer 5"]
    assert not first.all(".//a[@rel='prev']")


def test_an_enquiry_opens_beside_the_list_with_its_own_url(alice: Person, charlie: Person) -> None:
    enquiry_id = logged(alice, customer_phone="+91 94470 31822", notes="Near the metro")
    strange = logged(charlie, "Secret of Charlie")
    browser = alice.tab
    page = Page(browser.get(f"/enquiries?open={enquiry_id}"))
    assert "Near the metro" in page.words(".//aside[@id='peek']")
    assert "Alice Owner created the enquiry" in page.words(".//aside[@id='peek']")
    assert page.one(".//tr[@aria-selected='true']").attrib["id"] == f"enquiry-{enquiry_id}"
    assert "tel:+919447031822" in page.links()
    other = Page(browser.get(f"/enquiries?open={strange}"))
    assert not other.all(".//aside[@id='peek']")
    assert "Secret" not in other.words()


def test_a_search_returns_a_fragment_and_a_reload_the_page(alice: Person) -> None:
    logged(alice)
    browser = alice.tab
    fragment = browser.get(
        "/enquiries?q=deepa&origin=", headers={"HX-Request": "true", "HX-Target": "enquiries"}
    )
    assert "<html" not in fragment.text
    assert fragment.headers["HX-Push-Url"] == "/enquiries?q=deepa"
    assert {element.attrib["id"] for element in Page(fragment).all(".//*[@hx-swap-oob]")} == {
        "enquiry-tabs",
        "enquiry-chips",
    }
    assert (
        "<html"
        in browser.get(
            "/enquiries?q=deepa",
            headers={"HX-Request": "true", "HX-History-Restore-Request": "true"},
        ).text
    )
    found = Page(
        browser.get("/enquiries?q=deepa", headers={"HX-Request": "true", "HX-Target": "palette"})
    )
    assert found.links() == [
        f"/enquiries/{element.attrib['id'].removeprefix('enquiry-')}"
        for element in found.all(".//tr")
    ]


def test_the_list_takes_one_round_trip_with_three_statements(
    alice: Person, app: Any, statements: list[str]
) -> None:
    enquiry_id = logged(alice)
    browser = alice.tab
    statements.clear()
    with watched(app) as trips:
        browser.get("/enquiries?status=new")
        browser.get("/enquiries?q=deepa")
        browser.get(f"/enquiries/{enquiry_id}")
    # enter, the page with its total and the counts of the tabs, the counts of the menu; a detail
    # page has its history besides
    assert trips == [3, 3, 4]
    assert statements == []


def test_an_enquiry_is_created_from_the_form(alice: Person) -> None:
    answer = submit(
        alice.tab,
        "/enquiries/new",
        **FORM
        | {
            "depart_date": "5 Feb 2027",
            "return_date": "19/02/2027",
            "budget_amount": "2,85,000.50",
            "notes": "Ground floor",
            "customer_email": "",
        },
    )
    assert answer.status_code == 303, answer.text
    row = stored(alice, UUID(answer.headers["Location"].rsplit("/", 1)[1]))
    assert (row["customer_name"], row["pax_count"], row["status"]) == ("Rukhsana Beevi", 3, "new")
    assert (row["depart_date"], row["return_date"]) == (date(2027, 2, 5), date(2027, 2, 19))
    assert (row["budget_hundredths"], row["budget_currency"], row["customer_email"]) == (
        28500050,
        "INR",
        None,
    )


def test_the_command_palette_fills_the_name(alice: Person) -> None:
    page = Page(alice.tab.get("/enquiries/new?customer_name=Leela+Menon"))
    assert (page.status, page.field("customer_name"), page.field("budget_currency")) == (
        200,
        "Leela Menon",
        "INR",
    )


def test_the_currency_is_ignored_without_an_amount(alice: Person) -> None:
    answer = submit(alice.tab, "/enquiries/new", **FORM)
    assert (
        stored(alice, UUID(answer.headers["Location"].rsplit("/", 1)[1]))["budget_currency"] is None
    )


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"customer_name": "  "}, "customer_name", "Enter a name."),
        (
            {"depart_date": "5 Feb 2027", "return_date": "4 Feb 2027"},
            "return_date",
            "The return date is before the departure date.",
        ),
        ({"depart_date": "whenever"}, "depart_date", "Enter a date such as 24 Nov 2026 or 24/11."),
        ({"pax_count": "0"}, "pax_count", "Enter at least one traveller."),
        ({"pax_count": "three"}, "pax_count", "Enter the number of people in digits."),
        (
            {"budget_amount": "about 2.85 lakh"},
            "budget_amount",
            "Enter the amount in digits, such as 2,85,000.",
        ),
        (
            {"budget_amount": "-1"},
            "budget_amount",
            "The budget must be between 0 and 999,999,999,999.99.",
        ),
    ],
)
def test_a_refused_form_keeps_its_input(
    alice: Person, typed: dict[str, str], field: str, sentence: str
) -> None:
    page = Page(submit(alice.tab, "/enquiries/new", **FORM | {"notes": "Keep this"} | typed))
    assert page.status == 422
    assert page.error_at(field) == sentence
    assert sentence in page.words(".//div[@role='alert']")
    assert page.field("notes") == "Keep this"
    assert page.field(field) == next(reversed(typed.values())).strip() or page.field(field) == next(
        reversed(typed.values())
    )
    assert page.one(".//*[@autofocus]").attrib["name"] == field


def test_a_refused_form_shows_all_errors(alice: Person) -> None:
    typed = FORM | {
        "depart_date": "5 Feb 2027",
        "return_date": "19 Jan 2027",
        "budget_amount": "about 2.85 lakh",
    }
    page = Page(submit(alice.tab, "/enquiries/new", **typed))
    assert "2 problems to correct" in page.words(".//div[@role='alert']")
    assert page.error_at("return_date") == "The return date is before the departure date."
    assert page.one(".//*[@autofocus]").attrib["name"] == "return_date"


def test_saving_can_continue_to_the_conversation(alice: Person) -> None:
    answer = submit(alice.tab, "/enquiries/new", **FORM, then="chat")
    assert answer.status_code == 303
    with alice.reading() as reader:
        linked = reader.read(enquiries.unanswered_statement())[0][0]["session_id"]
    assert answer.headers["Location"] == f"/assistant/{linked}"


def test_an_enquiry_shows_facts_notes_and_history(alice: Person, bob: Person) -> None:
    enquiry_id = logged(
        alice,
        origin="COK",
        depart_date=date(2027, 2, 6),
        return_date=date(2027, 2, 14),
        notes="Two\nlines",
        customer_email="d@x.example",
    )
    bob.does(
        service.update, enquiry_id, {"status": "quoted", "origin": None, "notes": "Secret wish"}
    )
    page = Page(alice.tab.get(f"/enquiries/{enquiry_id}"))
    text = page.words(".//div[@id='history']")
    assert "Bob Colleague changed the origin: COK → nothing, status New → Quoted, the notes" in text
    assert "Alice Owner created the enquiry" in text
    assert "Secret wish" not in text
    assert "Sat 6 Feb 2027" in page.words(".//aside")
    assert "8 nights" in page.words(".//aside")
    assert "mailto:d@x.example" in page.links()


def test_an_enquiry_of_another_agency_is_404(alice: Person, charlie: Person) -> None:
    enquiry_id = logged(alice)
    browser = charlie.tab
    for path in ("", "/edit", "/cancel"):
        assert browser.get(f"/enquiries/{enquiry_id}{path}").status_code == 404, path
        assert browser.get(f"/enquiries/nothing{path}").status_code == 404, path
    for path in ("/cancel", "/promote", "/status"):
        assert (
            submit(
                browser, f"/enquiries/{enquiry_id}{path}", "/enquiries/new", status="quoted"
            ).status_code
            == 404
        ), path
    assert stored(alice, enquiry_id)["status"] == "new"


def test_a_viewer_reads_and_changes_nothing(alice: Person, victor: Person) -> None:
    enquiry_id = logged(alice)
    browser = victor.tab
    for path in ("/enquiries", f"/enquiries?open={enquiry_id}", f"/enquiries/{enquiry_id}"):
        page = Page(browser.get(path))
        assert page.status == 200
        assert not [
            form
            for form in page.all(".//form[@method='post']")
            if form.attrib["action"] != "/sign-out"
        ], path
        assert not [
            link
            for link in page.links()
            if link.endswith(("/new", "/edit", "/cancel")) and "data" not in link
        ], path
    for path in (
        "/enquiries/new",
        f"/enquiries/{enquiry_id}/edit",
        f"/enquiries/{enquiry_id}/cancel",
    ):
        assert browser.get(path).status_code == 403, path
    token = Page(browser.get("/enquiries")).all(".//input[@name='csrf_token']")[0].attrib["value"]
    for path in (
        "/new",
        f"/{enquiry_id}/edit",
        f"/{enquiry_id}/cancel",
        f"/{enquiry_id}/promote",
        f"/{enquiry_id}/status",
    ):
        assert (
            browser.post(f"/enquiries{path}", data=FORM | {"csrf_token": token}).status_code == 403
        ), path
    assert stored(alice, enquiry_id)["status"] == "new"


def test_an_anonymous_visitor_is_sent_to_sign_in(app: Any) -> None:
    answer = app.test_client().get("/enquiries?q=x")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=")


def test_a_change_is_saved_and_confirmed(alice: Person) -> None:
    enquiry_id = logged(
        alice, budget_amount=Decimal("4200.5"), budget_currency="AED", customer_phone="1"
    )
    browser = alice.tab
    form = Page(browser.get(f"/enquiries/{enquiry_id}/edit"))
    assert (form.field("budget_amount"), form.field("budget_currency"), form.field("status")) == (
        "4,200.50",
        "AED",
        "new",
    )
    answer = submit(
        browser,
        f"/enquiries/{enquiry_id}/edit",
        **FORM
        | {
            "status": "booked",
            "customer_phone": "",
            "budget_amount": "",
            "seen": form.field("seen"),
        },
    )
    assert answer.status_code == 303, answer.text
    row = stored(alice, enquiry_id)
    assert (
        row["customer_name"],
        row["status"],
        row["customer_phone"],
        row["budget_hundredths"],
    ) == ("Rukhsana Beevi", "booked", None, None)
    assert "Saved." in Page(browser.get(f"/enquiries/{enquiry_id}")).words(".//*[@id='toasts']")


def test_a_change_of_an_outdated_version_is_refused(alice: Person, bob: Person) -> None:
    enquiry_id = logged(alice)
    browser = alice.tab
    seen = Page(browser.get(f"/enquiries/{enquiry_id}/edit")).field("seen")
    bob.does(service.update, enquiry_id, {"notes": "Bob was here"})
    page = Page(
        submit(browser, f"/enquiries/{enquiry_id}/edit", **FORM | {"status": "new", "seen": seen})
    )
    assert page.status == 422
    assert "This enquiry was changed after you opened it" in page.words(".//div[@role='alert']")
    assert stored(alice, enquiry_id)["notes"] == "Bob was here"


def test_a_closed_enquiry_has_no_button_to_reopen_it(alice: Person) -> None:
    enquiry_id = logged(alice, status="cancelled")
    browser = alice.tab
    form = Page(browser.get(f"/enquiries/{enquiry_id}/edit"))
    assert [option.attrib["value"] for option in form.all(".//select[@name='status']/option")] == [
        "cancelled",
        "booked",
    ]
    assert (
        submit(browser, f"/enquiries/{enquiry_id}/edit", **FORM | {"status": "new"}).status_code
        == 422
    )
    assert (
        f"/enquiries/{enquiry_id}/cancel"
        not in Page(browser.get(f"/enquiries/{enquiry_id}")).links()
    )


def test_htmx_gets_only_the_form_for_inline_editing(alice: Person) -> None:
    enquiry_id = logged(alice)
    fragment = alice.tab.get(f"/enquiries/{enquiry_id}/edit", headers={"HX-Request": "true"})
    assert "<html" not in fragment.text
    assert Page(fragment).one(".//form").attrib["action"] == f"/enquiries/{enquiry_id}/edit"


def test_cancelling_asks_for_confirmation_with_the_customers_name(alice: Person) -> None:
    enquiry_id = logged(alice)
    browser = alice.tab
    page = Page(browser.get(f"/enquiries/{enquiry_id}/cancel"))
    assert "Cancel the enquiry of Deepa Krishnan?" in page.words(".//main")
    assert stored(alice, enquiry_id)["status"] == "new"
    assert (
        "<html"
        not in browser.get(f"/enquiries/{enquiry_id}/cancel", headers={"HX-Request": "true"}).text
    )
    answer = submit(browser, f"/enquiries/{enquiry_id}/cancel")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/enquiries/{enquiry_id}")
    assert stored(alice, enquiry_id)["status"] == "cancelled"
    assert submit(browser, f"/enquiries/{enquiry_id}/cancel").status_code == 409


def test_a_button_sets_the_next_status_if_allowed(alice: Person) -> None:
    enquiry_id = logged(alice)
    browser = alice.tab
    assert (
        submit(
            browser, f"/enquiries/{enquiry_id}/status", f"/enquiries/{enquiry_id}", status="quoted"
        ).status_code
        == 303
    )
    assert stored(alice, enquiry_id)["status"] == "quoted"
    alice.does(service.cancel, enquiry_id)
    submit(browser, f"/enquiries/{enquiry_id}/status", f"/enquiries/{enquiry_id}", status="new")
    assert stored(alice, enquiry_id)["status"] == "cancelled"
    assert "status does not allow this" in Page(browser.get(f"/enquiries/{enquiry_id}")).words(
        ".//*[@id='toasts']"
    )


def test_open_in_chat_always_leads_to_the_same_conversation(alice: Person, victor: Person) -> None:
    enquiry_id = logged(alice)
    browser = alice.tab
    answer = submit(browser, f"/enquiries/{enquiry_id}/promote", f"/enquiries/{enquiry_id}")
    address = f"/assistant/{stored(alice, enquiry_id)['session_id']}"
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert address in Page(victor.tab.get(f"/enquiries/{enquiry_id}")).links()


def test_a_post_without_csrf_token_is_refused(alice: Person) -> None:
    enquiry_id = logged(alice)
    assert alice.tab.post(f"/enquiries/{enquiry_id}/cancel").status_code == 400
    assert stored(alice, enquiry_id)["status"] == "new"


def test_the_menu_counts_new_enquiries(alice: Person) -> None:
    logged(alice)
    logged(alice, status="booked")
    assert "Enquiries1" in Page(alice.tab.get("/enquiries")).words(".//nav[@id='pages']").replace(
        " ", ""
    )


def test_texts_of_customers_are_escaped(alice: Person) -> None:
    enquiry_id = logged(
        alice,
        "<script>alert(1)</script>",
        notes='"><img src=x onerror=alert(1)>',
        customer_phone="javascript:alert(1)",
    )
    browser = alice.tab
    for path in (
        "/enquiries",
        f"/enquiries?open={enquiry_id}",
        f"/enquiries/{enquiry_id}",
        f"/enquiries/{enquiry_id}/edit",
        f"/enquiries/{enquiry_id}/cancel",
    ):
        page = Page(browser.get(path))
        assert not [script for script in page.all(".//script") if script.text], path
        assert not page.all(".//img"), path
        assert not [link for link in page.links() if link.startswith("javascript")], path
