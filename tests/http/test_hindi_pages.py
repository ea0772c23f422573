"""Every page in Hindi, empty, full and with its errors, has no English word.

Text, labels for screen readers and values of controls count.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.billing import papers
from tests.http.operations import MAKERS
from tests.http.owned import Ids, Owner, records_of
from tests.http.test_every_page import (
    FORM_NAMES,
    MARK,
    OTHER_VALUES,
    READ,
    REFUSED,
    SEE_OTHER,
    SENT,
    Noting,
    PageMethod,
    is_harmless,
    knock,
    named,
)
from tests.identity import authenticators
from tests.people import PASSWORD, People, Person, csrf, csrf_token
from tests.worker import work_off
from voyagent import catalogue
from voyagent.approvals import queries as waiting
from voyagent.approvals.service import deciding
from voyagent.assistant.service import messages as assistant
from voyagent.billing.bills import service as bill_service
from voyagent.billing.supplier_credits import service as supplier_credit_service
from voyagent.chat.service import conversations as chat
from voyagent.enquiries import service as enquiries
from voyagent.http.guards import Guard
from voyagent.identity.service import invites, keys, team
from voyagent.kernel import clock
from voyagent.kernel.config import Settings
from voyagent.kernel.money import is_currency
from voyagent.ledger.rules import CHART
from voyagent.settings.service import tenant_settings as settings_service

NOT_FOUND = 404
HINDI = {"Accept-Language": "hi"}
ROOT = Path(__file__).resolve().parents[2]
# Names of ours and of others, of formats and of keys, which Hindi writes as they are. A word that
# can be translated does not belong here.
NAMES = {
    *(
        "Voyagent",
        "API",
        "CSV",
        "XLSX",
        "JSON",
        "Person",  # the pseudonym of an erased person
        "PDF",
        *("PNG", "JPEG", "kB"),
        *(
            "GSTIN",
            "SAC",
            *("IFSC", "SWIFT", "HDFC", "HDFCINBB"),
            *("UPI", "NEFT", "RTGS", "IMPS"),
            "IBAN",
            "CGST",
            "SGST",
            "IGST",
            *("LUT", "SEZ"),
            "VAT",
            "TDS",
            "TCS",
            "BSP",
            "FBIL",
            "RBI",
        ),
        "PNR",
        "QR",
        "UTC",
        "IST",
        "Kolkata",
        "BSP",
        "CSRF",
        "POST",
        "YYYY",
        "MM",
        "DD",
        "Idempotency",
        "Key",
        "Ctrl",
        "Enter",
        "Tab",
        "Esc",
        "Backspace",
    ),
    *(
        "Claude",
        "Sonnet",
        "Opus",
        "Haiku",
        "Werkzeug",
        "English",
        "OpenAPI",
        "JSON",
        "UTF",
        "CFA",
        "CFP",
    ),
    *("yes", "no"),  # what a cell of a file says
    *(
        "detail",
        "message",
        "tz",
        "limit",
        "offset",
        "next",
        "cursor",
        "bearer",
        "float",
        "openapi",
        "json",
    ),  # members of the API, as its reference names them
    *("Nov", "nov"),  # how a day is typed
    *("Cr",),  # crore, on the axis of a chart
}
INVOICE = "invoice Deepa Krishnan 45,000 for Dubai visa due 10 Dec 2100"
QUESTIONS = (
    *(
        "who owes us",
        "trial balance",
        "balance of trade receivables",
        "show new enquiries to Dubai",
        "chart of accounts",
        "what is overdue",
        "thanks",
    ),
    *(
        "log an enquiry from Deepa Krishnan: Kochi to Dubai, 2 adults",
        "tell me about Deepa Krishnan",
        "who owes us more than 9999999",
        "yes, grant it",
    ),
)
QUERIES = {
    "audit.index": (
        "?open=1",
        "?open=999999",
        "?status=error",
        "?kind=nothing.here",
        "?from=1+jan+2020&to=1+jan+2021",
        "?from=x&actor_id=y&open=z",
    ),
    "billing.invoices": (
        "?q=zzzzz",
        "?status=overdue",
        "?status=void",
        "?currency=AED",
        "?due_from=x",
    ),
    "billing.credit_notes": (
        "?kind=supplier",
        "?kind=supplier&party=Nobody",
        "?party=Nobody",
        "?from=x",
    ),
    "billing.bills": (
        "?status=overdue",
        "?currency=AED&due_to=2024-06-01",
        "?due_from=x",
        "?status=void",
        "?party=Nobody",
        "?from=x",
    ),
    "billing.payments": ("?direction=in", "?unapplied=1&party=Nobody", "?from=x"),
    "parties.index": ("?kind=customer", "?archived=1", "?q=zzzzz", "?kind=x"),
    "parties.new": ("?kind=supplier",),
    "rates.index": ("?currency=AED", "?kind=spot&from=x"),
    "rates.new": ("?currency=AED&kind=card",),
    "billing.new_payment": ("?party=Deepa+Krishnan",),
    "chart.index": ("?archived=1", "?archived=0", "?after=*"),
    "journal.index": ("?from=2020-01-01&to=2020-01-02", "?to=x", "?after=x"),
    "enquiries.index": (
        "?q=zzzzz",
        "?status=cancelled",
        "?depart_from=1+jan+2020&from=Kochi",
        "?created_from=x",
    ),
    "approvals.index": ("?status=all", "?status=pending", "?status=rejected", "?status=expired"),
    "reports.payables": ("?as_of=2020-01-01", "?as_of=x", "?currency=AED", "?party=*"),
    "reports.receivables": ("?as_of=2020-01-01", "?as_of=x", "?currency=AED", "?documents=1"),
    "reports.general_ledger": (
        "?account=1200",
        "?account=1200&from=2020-01-01&to=2020-01-02",
        "?account=nothing",
        "?account=1200&after=x",
        "?to=x",
    ),
    "reports.trial_balance": (
        "?from=2100-01-01",
        "?as_of=2020-01-01",
        "?as_of=x",
        "?include_zero=1",
        "?currency=USD",
    ),
    "reports.day_book": ("?from=2020-01-01&to=2020-01-02", "?to=x", "?from=2200-01-01", "?after=x"),
    "reports.party_statement": (
        "?party=Deepa+Krishnan",
        "?kind=supplier&party=Deepa+Krishnan",
        "?kind=x&to=x",
        "?party=Deepa+Krishnan&after=x",
    ),
    "reports.trip_margins": ("?from=2020-01-01&to=2020-01-02", "?to=x", "?after=x"),
    "reports.margin_lines": (
        "?trips=any",
        "?trips=none&of=cost",
        "?customer=&of=revenue",
        "?month=2020-01&from=2020-02-01",
        "?trip=x&of=x&month=x&trips=x",
        "?customer=A&trips=x",
    ),
    "reports.profit_and_loss": (
        "?from=2020-01-01&to=2020-01-31",
        "?compare=year",
        "?compare=none",
        "?compare=x&from=x",
        "?currency=AED",
    ),
    "reports.cash_flow": (
        "?from=2020-01-01&to=2020-01-31",
        "?compare=year",
        "?compare=x&from=x",
        "?currency=AED",
    ),
    "reports.balance_sheet": ("?as_of=2020-01-01", "?as_of=x", "?currency=AED"),
    "identity.sign_in": ("?next=/enquiries",),
}
GOOD = {
    **dict.fromkeys(
        ("full_name", "agency_name", "name", "title", "customer_name"), "Deepa Krishnan"
    ),
    "email": "deepa.krishnan@malabar.example",
    "password": PASSWORD,
    "current_password": PASSWORD,
    "new_password": f"{PASSWORD}-more",
    "role": "viewer",
    "message": "trial balance",
    "granted": "1",
    "confirmed": "1",
    "reason": "no longer wanted",
    "status": "quoted",
    "pax_count": "4",
    "scopes": "read",
    "locale": "hi",
    "timezone": "Asia/Kolkata",
    "default_currency": "INR",
    "currency": "INR",
    "rate_limit_per_minute": "60",
    "rate_limit_per_hour": "900",
    "rate_max_age_days": "7",
    "sac_digits": "6",
    "bill_tolerance_percent": "2.00",
    "bill_tolerance_minor": "500.00",
    "four_eyes": "1",
    "financial_year_start_month": "4",
    "is_customer": "1",
    "content": "name,is_customer\nDeepa Krishnan,yes\n",
    "terms_days": "15",
    "model": "",
    "expires_in_days": "30",
}
OTHERS = {"email": "aisha.rahman@malabar.example", "granted": "0"}

# Texts that people typed, and names in the books that can be changed; longest first, so that no
# part of a name is left.
TYPED = sorted(
    {
        *(
            "Alice Owner",
            "Alice Travels",
            "Alice",
            "Bob Colleague",
            "Bob",
            "Victor Viewer",
            "Neha Krishnan",
            "trade receivables",
            "Neha Kulkarni",
            "Neha",
            "Malabar Gulf",
        ),
        *(
            "Deepa Krishnan",
            "Desert for the Krishnans",
            "Who owes us",
            "Trip",
            "Deepa",
            "Krishnan family",
            "Krishnan",
            "BSP India",
            "BSP-1",
            "Cannot be traced",
            "Has paid after all",
            "Harbinder Singh Gill",
            "Aisha Rahman",
            "Website",
            "Postage",
            "Write a note",
            "hello",
            "for Dubai visa",
        ),
        *(
            "Dubai visa",
            "Visa",
            "Kochi",
            "Dubai",
            "sea view, please",
            "no longer wanted",
            "Not travelled",
            "malabargulf",
            "trial balance",
            "Text",
            "Session id",
            "viewer",  # the role of a contact; roles of people are translated
        ),
        *(
            "log an enquiry from Deepa Krishnan: Kochi to Dubai",
            "2 adults",
            "Kochi to Dubai",
            "invoice Deepa Krishnan 45,000",
            "Bank charges",
            "issue the invoice for",
            "for Dubai visa",
        ),
        *("invoice Deepa Krishnan 45,000 for Dubai visa", *QUESTIONS, INVOICE, "yes"),
        *("Dubai visa", "due 10 Dec 2100"),
        *(
            account.name for account in CHART
        ),  # as they are stored, in what the assistant has read; pages have them in Hindi
    },
    key=len,
    reverse=True,
)
# Addresses, ids, codes of the wire, and what the books call the posting of an invoice and of a
# receipt; a statement says it without the reason.
CODES = re.compile(
    r"https?://\S+|(?<!\w)/[\w/.{}-]+|[\w.+*-]+@[\w.-]+|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b(?:[0-9a-f]{16}|[0-9a-f]{64})\b|\bvy_\w*|\b[a-z]+(?:[._][a-z0-9_.]+)+"
    r"|\bBill BSP-\d+, BSP India|\bVoid of bill BSP-\d+(?:, BSP India: Entered twice)?|\bInvoice"
    r" \d{4}[-\d]*/\d+|\bReceipt R/\d{4}[-\d]*/\d+(?:, \d{4}[-\d]*/\d+)?"
    r"|\bPayout of HDFC|\bAccrued cost of Desert for the Krishnans"
    r"|\b(?:Receipt voucher|Reversal of receipt voucher) V/\d{4}[-\d]*/\d+"
    r"|\bTax on advance (?:released|due again), V/\d{4}[-\d]*/\d+"
    r"|\bRefund for claim L/\d{4}[-\d]*/\d+, BSP India"
    r"|\bPayment P/\d{4}[-\d]*/\d+(?:, BSP-\d+)?, BSP India"
    r"|\bRefund F/\d{4}[-\d]*/\d+ of R/\d{4}[-\d]*/\d+"
    r"|\bSupplier credit note (?:[A-Z]+-\d+|L/[-\d]+/\d+) on bill BSP-\d+"
    r"(?:, BSP India: Not travelled)?"
    r"|\bWrite-off of invoice \d{4}[-\d]*/\d+(?:, [^:]+: Cannot be traced)?"
    r"|\bCredit note C/[-\d]+/\d+ on invoice \d{4}[-\d]*/\d+(?:, [^:]+: Not travelled)?"
    r"|\b\d{2}[A-Z]{5}\d{4}[A-Z]\dZ[0-9A-Z]\b"
)
FORMS = [page_method for page_method in SENT if page_method.page.endpoint != "identity.open_demo"]
"""Forms with errors. The demo has none, and its agency is English."""
ENGLISH = {f"{MARK}\x00", MARK, "NaN"}
"""Values of fields that would be words in Latin letters where a page repeats them."""
WORD = re.compile(r"(?<![A-Za-z])[A-Za-z]{2,}(?![A-Za-z])")
ZONES = sorted(available_timezones(), key=len, reverse=True)
SPOKEN = {
    "placeholder",
    "aria-label",
    "title",
    "alt",
    "aria-description",
    "data-offline",
    "data-online",
    "data-failed",
    "data-copied",
    "data-sending",
    "data-undo",
    "data-over",
}
SILENT = {"script", "style", "code", "kbd", "pre", "svg", "textarea"}
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
OURS = {"v-mono", "v-ava", "v-cur", "v-secret"}
"""Classes of codes, keys, currency codes and initials."""


class Read(HTMLParser):
    """The text of a page, without code and text marked as another language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.languages: list[str] = []
        self._silent: list[bool] = [False]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.languages.append(given.get("lang", ""))
        silent = (
            self._silent[-1]
            or tag in SILENT
            or bool(OURS & set(given.get("class", "").split()))
            or (tag != "html" and given.get("lang") == "en")
            or given.get("translate") == "no"
        )
        if not silent or tag == "textarea":
            self.texts += [value for name, value in given.items() if name in SPOKEN]
            self.texts += (
                [given.get("value", "")]
                if tag == "input" and given.get("type") in {"submit", "button"}
                else []
            )
        if tag not in VOID:
            self._silent.append(silent)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._silent.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent[-1]:
            self.texts.append(data)


def english(*texts: str) -> list[str]:
    """Return the sentences with an English word that is no name."""
    return [sentence.strip() for sentence in texts if is_english(sentence)]


@cache
def is_english(sentence: str) -> bool:
    """True for a sentence with an English word; most of a page's stand on every page."""
    rest = CODES.sub(" ", sentence)
    for name in (*(zone for zone in ZONES if zone in rest), *TYPED):
        rest = rest.replace(name, " ")
    return any(word not in NAMES and not is_currency(word) for word in WORD.findall(rest))


def check(answer: Any) -> None:
    """Check a page or a fragment in Hindi."""
    if answer.mimetype != "text/html" or answer.status_code == 303:
        return
    page = Read(answer.get_data(as_text=True))
    assert set(page.languages) <= {"hi"}, answer.request.path
    assert list(dict.fromkeys(english(*page.texts))) == [], (
        f"{answer.request.method} {answer.request.path} {answer.status_code}"
    )


def in_hindi(people: People, full_name: str, agency: str) -> Person:
    """Return an administrator of an agency in Hindi."""
    person = people.sign_up(full_name, agency=agency)
    person.does(settings_service.update, settings_service.SettingsChanges(locale="hi"))
    return replace(person, actor=replace(person.actor, locale="hi"))


@pytest.fixture
def alice(people: People) -> Person:
    """An administrator of a new agency in Hindi."""
    return in_hindi(people, "Alice Owner", "Alice Travels")


@pytest.fixture(scope="module")
def busy(app: Flask, settings: Settings) -> Person:
    """An administrator of an agency in Hindi with records of every kind and state."""
    people = People(app)
    person = in_hindi(people, "Alice Owner", "Alice Travels")
    clerk = people.colleague(person, "Bob Colleague", role="agent")
    clerk = replace(clerk, actor=replace(clerk.actor, locale="hi"))
    gone = people.colleague(person, "Neha Kulkarni", role="viewer")
    _enquire(person)
    _bill(person)
    _talk(app, settings, person, clerk)
    rules = authenticators.rules(person)
    for make in MAKERS.values():
        make(person)
    with person.acting() as actor:
        team.change_role(rules, actor, clerk.actor.user_id, role="ticketing_lead")
        team.remove_person(rules, actor, gone.actor.user_id)
        key = keys.make_key(
            rules, replace(actor, fresh=True), name="Website", scopes=["read"], expires_in_days=30
        )[0]
        keys.revoke_key(actor, key)
        settings_service.update(
            actor,
            settings_service.SettingsChanges(
                model=None,
                four_eyes=False,
                daily_token_budget=200_000,
                timezone="Asia/Dubai",
                default_currency="AED",
            ),
        )
        settings_service.update(
            actor,
            settings_service.SettingsChanges(
                four_eyes=True,
                financial_year_start_month=1,
                timezone="Asia/Kolkata",
                default_currency="INR",
            ),
        )
    return person


@pytest.fixture(scope="module")
def busy_browser(busy: Person) -> FlaskClient:
    return busy.browser


@pytest.fixture(scope="module")
def busy_ids(busy: Person) -> Ids:
    return records_of(busy)


@pytest.fixture(scope="module")
def empty_browser(app: Flask) -> FlaskClient:
    """A browser of an agency in Hindi without records."""
    return in_hindi(People(app), "Alice Owner", "Alice Travels").browser


def _enquire(person: Person) -> None:
    leaves = clock.today("Asia/Kolkata") + timedelta(days=40)
    trip = enquiries.EnquiryWish(
        origin="Kochi",
        destination="Dubai",
        depart_date=leaves,
        return_date=leaves + timedelta(days=6),
        pax_count=4,
        budget_currency="INR",
    )
    for status in ("new", "quoted", "booked", "new"):
        with person.acting() as actor:
            made = enquiries.create(
                actor,
                customer_name="Deepa Krishnan",
                **trip,
                budget_amount=Decimal(300_000),
                notes="sea view, please",
            ).id
            if status != "new":
                enquiries.update(
                    actor,
                    made,
                    enquiries.EnquiryChanges(status=status, pax_count=5, notes="no longer wanted"),
                )
    with person.acting() as actor:
        enquiries.promote(actor, made)
        enquiries.cancel(actor, made)


def _bill(person: Person) -> None:
    today = clock.today(person.actor.timezone)
    papers.draft(person)
    for issued_ago, due_in in ((0, 10), (40, -30), (100, -95)):
        paid = [
            papers.issued(
                person,
                issue_date=today - timedelta(days=issued_ago),
                due_date=today + timedelta(days=due_in),
            )
            for _ in range(3)
        ]
        papers.pay(person, paid[0], 4_500_000, today)
        papers.pay(person, paid[1], 100_000, today)
    papers.issued(person, papers.line("250.00", currency="AED"), issue_date=today, due_date=today)
    papers.receive(person)
    papers.draft_bill(person, vendor_reference="BSP-2")
    credited = papers.receive(person, vendor_reference="BSP-5")
    person.does(
        lambda actor: (
            supplier_credit_service.credit_bill(
                actor, credited, vendor_reference="BSP-6", reason="Not travelled"
            ).id
        )
    )
    person.does(
        bill_service.schedule_bill, papers.receive(person, vendor_reference="BSP-4"), pay_on=today
    )
    person.does(
        bill_service.void_bill,
        papers.receive(person, vendor_reference="BSP-3"),
        reason="Entered twice",
    )


def _talk(app: Flask, settings: Settings, person: Person, clerk: Person) -> None:
    """Create questions and requests: one approved, one declined, one waiting."""

    def say(session_id: UUID, message: str) -> None:
        with clerk.acting() as actor:
            assistant.send(actor, session_id, message=message)
        work_off(app, settings)

    for granted in (True, False, None):
        with clerk.acting() as actor:
            session_id = chat.create_session(actor, title="Krishnan family").id
        for question in (*(QUESTIONS if granted else ()), INVOICE, "yes"):
            say(session_id, question)
        if granted is None:
            continue
        with clerk.reading() as reader:
            asked = waiting.pending_of_session(reader, session_id)[0]["approval_id"]
        with person.acting() as actor:
            deciding.resolve(
                actor, asked, granted=granted, reason=None if granted else "no longer wanted"
            )
        work_off(app, settings)


def form(browser: FlaskClient, address: str, /, **fields: Any) -> Any:
    """Send a form with the CSRF token of the browser, and check the response."""
    data = {**fields, "csrf_token": csrf_token(browser)}
    answer = browser.post(address, data=data, headers=HINDI)
    check_with_next(browser, answer)
    return answer


def check_with_next(browser: FlaskClient, answer: Any) -> None:
    """Check the response to a form and the page that it leads to."""
    check(answer)
    if answer.status_code == SEE_OTHER:
        check(browser.get(answer.location, headers=HINDI))


@named(
    [
        page_method
        for page_method in READ
        if not page_method.parameters and page_method.page.endpoint != "docs.openapi_json"
    ]
)
def test_an_empty_page_is_in_hindi(
    app: Flask, empty_browser: FlaskClient, page_method: PageMethod
) -> None:
    browser = empty_browser if page_method.page.guard is Guard.SIGNED_IN else app.test_client()
    answer = browser.get(page_method.address(), headers=HINDI)
    assert answer.status_code in {200, 303, 400, 404}
    check(answer)


@named(
    [
        page_method
        for page_method in READ
        if page_method.page.endpoint not in {"assistant.events", "docs.openapi_json"}
    ]
)
def test_a_page_with_data_is_in_hindi(
    busy_browser: FlaskClient, busy_ids: Ids, page_method: PageMethod
) -> None:
    address = page_method.address(**busy_ids(page_method))
    for query in ("", *QUERIES.get(page_method.page.endpoint, ())):
        answer = busy_browser.get(address + query, headers=HINDI)
        assert answer.status_code in {200, 303, 400, 404, 422}, address + query
        check(answer)


def test_every_event_conversation_and_request_is_in_hindi(busy: Person) -> None:
    browser = busy.browser
    lists = {
        "/audit": r"open=(\d+)",
        "/assistant": r"/assistant/([0-9a-f-]{36})",
        "/approvals?status=all": r"/approvals/(ap-[0-9a-f-]+)",
    }
    for address, link in lists.items():
        found = set(re.findall(link, browser.get(address, headers=HINDI).text))
        assert len(found) > 2, address
        for one in found:
            opened = (
                f"/audit?open={one}"
                if address == "/audit"
                else f"{address.partition('?')[0]}/{one}"
            )
            check(browser.get(opened, headers=HINDI))


def test_every_action_is_in_hindi(busy: Person) -> None:
    """This covers its form, its error messages and the results of a query."""
    browser = busy.browser
    for capability in catalogue.CAPABILITIES:
        address = f"/do/{capability.name}"
        check(browser.get(address))
        token = csrf_token(browser)
        check(browser.post(address, data={"csrf_token": token}, follow_redirects=True))


@named(SENT)
def test_no_field_causes_an_error_unescaped_output_or_an_english_word(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch, page_method: PageMethod
) -> None:
    """A form is sent what fields refuse, markup, nothing, and then what they accept.

    It is also sent one of `OTHER_VALUES`; the fields share their readers. Forms that read a field
    of `OTHERS` are sent good values twice.
    """
    signed_in = page_method.page.guard is Guard.SIGNED_IN
    has_hindi = page_method in FORMS
    read: set[str] = set()
    monkeypatch.setattr(Noting, "read", read)
    monkeypatch.setattr(app.request_class, "parameter_storage_class", Noting)

    def arrive() -> tuple[FlaskClient, str]:
        """Sign up; a form that was accepted may have changed the account or the record."""
        alice = in_hindi(people, "Alice Owner", "Alice Travels")
        return alice.browser if signed_in else app.test_client(), page_method.made_for(alice)

    browser, address = arrive()
    other = OTHER_VALUES[SENT.index(page_method) % len(OTHER_VALUES)]
    for value in (REFUSED, MARK, other, ""):
        data = dict.fromkeys(FORM_NAMES, value)
        answer = knock(browser, page_method, address, data=data, headers=HINDI)
        assert is_harmless(answer), (value[:30], answer.status_code)
        assert answer.status_code != NOT_FOUND or not page_method.parameters
        if "\x00" in value and signed_in:
            assert answer.status_code == 422
        if has_hindi and value not in ENGLISH:
            check_with_next(browser, answer)
        if answer.status_code == SEE_OTHER:
            browser, address = arrive()
    for fields in (GOOD, GOOD | OTHERS) if has_hindi else ():
        if fields != GOOD and not read & OTHERS.keys():
            return
        if form(browser, address, **fields).status_code == SEE_OTHER:
            browser, address = arrive()


@named(SENT[::8])
def test_a_field_that_is_no_utf_8_causes_no_error(
    app: Flask, owned: Owner, page_method: PageMethod
) -> None:
    """One function reads the fields of all forms."""
    agency = owned(page_method)
    raw = b"&".join(name.encode() + b"=%ED%A0%80%FF" for name in FORM_NAMES)
    answer = agency.browser.post(
        page_method.address(**agency.ids),
        data=raw + f"&csrf_token={csrf_token(agency.browser)}".encode(),
        content_type="application/x-www-form-urlencoded",
    )
    assert is_harmless(answer), answer.status_code


def test_an_error_page_is_in_hindi(app: Flask, alice: Person, people: People) -> None:
    viewer = people.colleague(alice, "Victor Viewer", role="viewer")
    for browser, address, status in (
        (alice.browser, "/nowhere", 404),
        (app.test_client(), "/nowhere", 404),
        (viewer.browser, "/audit", 403),
        (alice.browser, "/sign-out", 405),
        (alice.browser, "/enquiries?q=%00", 422),
    ):
        answer = browser.get(address, headers=HINDI)
        assert answer.status_code == status
        check(answer)
    check(alice.browser.post("/team", headers=HINDI))


def test_the_two_factor_pages_are_in_hindi(alice: Person) -> None:
    with authenticators.standing_clock() as time:
        browser = alice.browser
        token = csrf(browser, "/account/security/set-up")
        browser.post(
            "/account/security/set-up",
            data={"password": PASSWORD, "csrf_token": token},
            headers=HINDI,
        )
        page = browser.get("/account/security", headers=HINDI)
        check(page)
        secret = re.search(r"[A-Z2-7]{4}(?: [A-Z2-7]{4}){7}", page.text)
        assert secret
        phone = authenticators.Authenticator(secret[0].replace(" ", ""))
        for code in ("000000", phone.code(-1)):
            answer = browser.post(
                "/account/security/confirm", data={"code": code, "csrf_token": token}, headers=HINDI
            )
            check(answer)
            check(browser.get("/account/security", headers=HINDI))
        time.shift(authenticators.STEP_S)
        check(
            browser.post(
                "/account/security/codes",
                data={"password": PASSWORD, "code": phone.code(), "csrf_token": token},
                headers=HINDI,
            )
        )
        stranger = alice.app.test_client()
        sent = {
            "email": alice.email,
            "password": PASSWORD,
            "csrf_token": csrf(stranger, "/sign-in"),
        }
        check(stranger.post("/sign-in", data=sent, headers=HINDI))
        for address in ("/sign-in/code", "/sign-in/code?recovery=1"):
            page = stranger.get(address, headers=HINDI)
            assert page.status_code == 200
            check(page)
            check(
                stranger.post(
                    address,
                    data={"code": "000000", "csrf_token": csrf(stranger, address)},
                    headers=HINDI,
                )
            )


def test_the_page_of_an_invitation_is_in_hindi(alice: Person) -> None:
    link = alice.does(
        lambda actor: invites.invite(
            authenticators.rules(alice), actor, email="x@malabar.example", role="agent"
        )
    )[1]
    stranger = alice.app.test_client()
    page = stranger.get(
        f"/accept-invite?token={link.rpartition('token=')[2]}", headers=HINDI, follow_redirects=True
    )
    assert "Alice Travels" in page.text
    check(page)


def test_scripts_contain_no_user_visible_text() -> None:
    """Scripts take their text from the page.

    It is in `layouts/_words.html` and in `data-` attributes.
    """
    for script in sorted((ROOT / "static/js").glob("*.js")):
        code = re.sub(r"(?m)//.*$", "", script.read_text())
        spoken = re.findall(r"""["'`]([A-Z][a-z]+(?: [a-z]+)+[.?]?)["'`]""", code)
        spoken += re.findall(
            r"(?:textContent|innerText|title|ariaLabel|placeholder)"
            r""" = ["'`]([^"'`$]*[A-Za-z]{2}[^"'`]*)["'`]""",
            code,
        )
        spoken += re.findall(
            r"""setAttribute\("(?:aria-label|title|placeholder|alt)", ["'`]([^"'`]+)["'`]\)""", code
        )
        assert spoken == [], script.name
