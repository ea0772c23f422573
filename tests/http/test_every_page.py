"""Every registered page, with wrong callers and unexpected input.

Callers are another agency and the wrong role. Input is such as no form sends. A new page is covered
by being registered. `test_hindi_pages.py` sends such input in the fields of every form, and reads
the errors too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import ImmutableMultiDict

from tests.http.operations import ANYBODYS as EVERY_AGENCYS, MAKERS, made_by, makers_of
from tests.http.owned import Owner
from tests.people import People, Person, csrf_token
from voyagent.http.guards import Guard
from voyagent.http.pages import Page
from voyagent.identity.rules.permissions import OWN, ROLE_PERMISSIONS
from voyagent.kernel.ids import new_id
from voyagent.kernel.workbooks import MIMETYPE as WORKBOOK
from voyagent.routes import PAGES, docs

MARK = "<b>Zq7\"'mark"
UNSAFE = "POST"
SEE_OTHER = 303
# Pages whose POST a viewer may send too.
ANYBODYS = {"identity.sign_out"}
# Pages that read every parameter; of the others the names that they read are noted.
READS_EVERY_NAME = {"capabilities.act"}


class Noting(ImmutableMultiDict[str, str]):
    """Parameters of a request that note which names are read."""

    read: ClassVar[set[str]] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.read.add(str(name))
        return super().__contains__(name)

    def getlist(self, name: str, *type_: Any) -> Any:
        """Return the values of a parameter."""
        self.read.add(name)
        return super().getlist(name, *type_)


@dataclass(frozen=True)
class PageMethod:
    """One page under one method."""

    page: Page
    method: str

    @property
    def name(self) -> str:
        """Return the name of the page in tests."""
        return f"{self.method} {self.page.path}"

    @property
    def parameters(self) -> list[str]:
        """Return the names of the path parameters."""
        return re.findall(r"<(?:\w+:)?(\w+)>", self.page.path)

    def made_for(self, person: Person) -> str:
        """Return its path with a record of this person's agency."""
        return self.address(**made_by(makers_of(self), person))

    def address(self, **ids: object) -> str:
        """Return the path with ids; missing ids are unknown ones."""
        return re.sub(
            r"<(?:\w+:)?(\w+)>", lambda found: str(ids.get(found[1], new_id())), self.page.path
        )


PAGE_METHODS = [
    PageMethod(page, method)
    for blueprint in (*PAGES, docs)
    for page in blueprint.pages
    for method in page.methods
]
WITH_IDS = [page_method for page_method in PAGE_METHODS if page_method.parameters]
READ = [page_method for page_method in PAGE_METHODS if page_method.method == "GET"]
SENT = [page_method for page_method in PAGE_METHODS if page_method.method == UNSAFE]
KEPT = [page_method for page_method in SENT if page_method.page.guard is Guard.SIGNED_IN]

LONG = "x" * 9_000
# Longer than most fields may be; all fields together are shorter than a form may be.
LONG_FIELD = "9" * 300
# Of each parameter by itself.
SINGLE_VALUES = ["99999999999999999999", "%3Cb%3EZq7%22'mark"]
# Of all parameters together.
QUERY_VALUES = ["-1", "NaN", "nonsense", "2026-02-30", "[]"]
# No page is reached with one of these; one check refuses them before each page.
REFUSED_VALUES = ["a%00b", "%ED%A0%80", LONG]
# Of all fields together. This is refused by each field that reads a number, a day or a choice.
REFUSED = "x"
OTHER_VALUES = [
    *("-1", "9" * 40, "NaN", "1e400", "2026-02-30"),
    *(f"{MARK}\x00", LONG_FIELD, "\u202e\U0010ffff"),
]
# Names that pages and forms read; a name that one does not know it ignores.
QUERY_NAMES = [
    "about",
    "after",
    "archived",
    "as_of",
    "bucket",
    "created_from",
    "created_to",
    "currency",
    "cursor",
    "customer_name",
    "depart_from",
    "depart_to",
    "direction",
    "enquiry_id",
    "first",
    "from",
    "kind",
    "limit",
    "next",
    "offset",
    "open",
    "page",
    "party",
    "q",
    "recovery",
    "search",
    "session_id",
    "sort",
    "status",
    "step",
    "to",
    "token",
]
FORM_NAMES = [
    "current_password",
    "new_password",
    "code",
    "email",
    "password",
    "full_name",
    "agency_name",
    "remember",
    "role",
    "message",
    "title",
    "granted",
    "confirmed",
    "reason",
    "status",
    "then",
    "customer_name",
    "customer_email",
    "customer_phone",
    "origin",
    "destination",
    "depart_date",
    "return_date",
    "pax_count",
    "budget_amount",
    "budget_currency",
    "notes",
    "opened",
    "seen",
    "model",
    "system_prompt_suffix",
    "rate_limit_per_minute",
    "rate_limit_per_hour",
    "daily_token_budget",
    "locale",
    "timezone",
    "default_currency",
    "four_eyes",
    "financial_year_start_month",
    "round_invoices",
    "audit_mail_administrators",
    "audit_mail_addresses",
    "rate_max_age_days",
    "sac_digits",
    "bill_tolerance_percent",
    "bill_tolerance_minor",
    "confirm_treatments",
    "sac",
    "units",
    "base",
    "rate",
    "quote",
    "on",
    "source",
    "name",
    "scopes",
    "expires_in_days",
    "session_id",
    "enquiry_id",
    "currency",
    "kind",
    "date_of_birth",
    "nationality",
    "passport_number",
    "passport_expiry",
    "forget_passport",
    "issue_date",
    "due_date",
    "party_reference",
    "description",
    "quantity",
    "unit_price",
    "amount",
    "paid_on",
    "account",
    *("account_id", "bank_name", "number", "ifsc", "swift", "opened_on", "is_default"),
    *("is_printed", "mode", "instrument_no", "instrument_on", "instrument_bank"),
    *("tds_amount", "tds_section", "tds_certificate"),
    "reference",
    "written_off_on",
    "narration",
    "entry_date",
    "account_id",
    "memo",
    "debit",
    "credit",
    "type",
    "normal_side",
    "is_archived",
    "is_customer",
    "is_supplier",
    "phone",
    "address",
    "country",
    "state",
    "tax_number",
    "terms_days",
    "restore",
    "content",
    "effective_on",
    "flight",
    "departs_on",
    "departs_time",
    "arrives_on",
    "arrives_time",
    "cost",
    "price",
    "supplier",
    "supplier_ref",
    "on",
    "until",
    "at",
]


def named(pages: list[PageMethod]) -> Any:
    return pytest.mark.parametrize("page_method", pages, ids=lambda page_method: page_method.name)


def knock(browser: FlaskClient, page_method: PageMethod, address: str, **options: Any) -> Any:
    """Call a page; a form sends the browser's CSRF token."""
    if page_method.method == UNSAFE:
        options["data"] = {
            **options.get("data", {}),
            "csrf_token": csrf_token(browser),
        }
    answer = browser.open(address, method=page_method.method, **options)
    if answer.is_streamed and answer.mimetype == "text/event-stream":
        answer.close()
    elif answer.is_streamed:
        answer.get_data()  # a file keeps its place until it is read
    return answer


NO_MARKUP = {"text/event-stream", "application/pdf", "text/csv", WORKBOOK}


def is_harmless(answer: Any) -> bool:
    """True without a server error and without unescaped input in the response."""
    return answer.status_code < 500 and (
        answer.mimetype in NO_MARKUP or MARK[:6] not in answer.get_data(as_text=True)
    )


def test_every_page_of_the_application_is_known_to_these_tests(app: Flask) -> None:
    """A page outside PageBlueprint would have no guard and no test here."""
    routed = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith(("api_", "static"))
        and (method != "GET" or not rule.endpoint.endswith("static"))
    }
    assert routed == {(page_method.page.path, page_method.method) for page_method in PAGE_METHODS}
    assert {name for page_method in PAGE_METHODS for name in page_method.parameters} <= set(MAKERS)


@pytest.fixture(scope="module")
def stranger(app: Flask) -> FlaskClient:
    """A browser of an agency without records."""
    return People(app).sign_up("Charlie Stranger", agency="Charlie Tours").browser


@named(
    [
        page_method
        for page_method in WITH_IDS
        if not EVERY_AGENCYS.intersection(page_method.parameters)
    ]
)
def test_another_agencys_page_is_404_like_an_unknown_one(
    owned: Owner, stranger: FlaskClient, page_method: PageMethod
) -> None:
    for address in (
        page_method.address(**owned(page_method).ids),
        page_method.address(),
        page_method.address(**dict.fromkeys(page_method.parameters, "nonsense")),
    ):
        answer = knock(stranger, page_method, address)
        assert answer.status_code == 404, address
        assert "Krishnan" not in answer.text


@named([page_method for page_method in READ if page_method.parameters])
def test_an_own_page_is_found(owned: Owner, page_method: PageMethod) -> None:
    """Without this, 404 for everything would pass the test above.

    `test_hindi_pages.py` sends each form of an own record.
    """
    agency = owned(page_method)
    answer = knock(agency.browser, page_method, page_method.address(**agency.ids))
    assert answer.status_code in {200, 303, 422}


@named(
    [
        page_method
        for page_method in KEPT
        if page_method.page.endpoint not in ANYBODYS and page_method.page.permission not in OWN
    ]
)
def test_a_viewer_cannot_submit_a_form(owned: Owner, page_method: PageMethod) -> None:
    by_capability = (
        page_method.page.endpoint == "capabilities.act"
    )  # the capability's permission decides
    assert by_capability or page_method.page.permission not in ROLE_PERMISSIONS["viewer"]
    agency = owned(page_method)
    answer = knock(agency.viewer, page_method, page_method.address(**agency.ids))
    assert answer.status_code == 403


@named(KEPT)
def test_a_form_without_csrf_token_is_refused(owned: Owner, page_method: PageMethod) -> None:
    agency = owned(page_method)
    assert agency.browser.post(page_method.address(**agency.ids)).status_code == 400


@named(READ)
def test_no_query_causes_an_error_or_unescaped_output(
    app: Flask, owned: Owner, monkeypatch: pytest.MonkeyPatch, page_method: PageMethod
) -> None:
    """Each parameter that the page reads; with one, a page may read others.

    Each parameter is sent one of `SINGLE_VALUES` by itself. All together are sent each of them,
    and one of `QUERY_VALUES`; the parameters share their readers.
    """
    turn = READ.index(page_method)
    names = set(QUERY_NAMES if page_method.page.endpoint in READS_EVERY_NAME else ())
    signed_in = page_method.page.guard is Guard.SIGNED_IN
    monkeypatch.setattr(Noting, "read", names)
    monkeypatch.setattr(app.request_class, "parameter_storage_class", Noting)
    agency = owned(page_method)
    browser, address = agency.browser, page_method.address(**agency.ids)
    knock(browser, page_method, address)
    # The frame of each page reads one name, which only pages for visitors use.
    tried: set[str] = {"token"} if signed_in else set()
    while left := names - tried:
        for place, name in enumerate(sorted(left), turn):
            value = SINGLE_VALUES[place % len(SINGLE_VALUES)]
            answer = knock(browser, page_method, f"{address}?{name}={value}")
            assert is_harmless(answer), (name, value, answer.status_code)
        tried |= left
    of_all = QUERY_VALUES[turn % len(QUERY_VALUES)]
    for value in (*SINGLE_VALUES, of_all) if len(names) > 1 else SINGLE_VALUES:
        query = "&".join(f"{name}={value}" for name in {*QUERY_NAMES, *names})
        answer = knock(browser, page_method, f"{address}?{query}")
        assert is_harmless(answer), (value[:30], answer.status_code)
    value = REFUSED_VALUES[turn % len(REFUSED_VALUES)]
    answer = knock(browser, page_method, f"{address}?q={value}")
    assert answer.status_code == 422, value[:9]
    assert is_harmless(answer)
