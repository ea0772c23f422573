"""Money, dates, instants, names and form errors on a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, g
from flask_babel import Babel, force_locale, refresh
from wtforms import Form, FormField, HiddenField, StringField

from voyagent.http import template_filters as look
from voyagent.kernel import clock
from voyagent.kernel.money import Money

NOW = datetime(2026, 11, 24, 5, 12, tzinfo=UTC)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    (tmp_path / "own.css").write_text("a{}")
    app = Flask("shown", static_folder=str(tmp_path), static_url_path="/static")
    Babel(app, locale_selector=look.page_locale)
    look.install(app)
    return app


@pytest.fixture(autouse=True)
def page(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A page of an agency in Kochi, on the morning of Tuesday, 24 November 2026."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with app.test_request_context("/enquiries?q=kri"):
        g.page = SimpleNamespace(timezone="Asia/Kolkata", locale="en")
        yield g.page


def speak(page: SimpleNamespace, locale: str) -> None:
    """Set the language of the page."""
    page.locale = locale
    refresh()


def text(markup: str) -> str:
    return re.sub(r"<[^>]*>", "", markup)


def test_money_has_its_currency_code_before_the_amount() -> None:
    assert (
        look.money(Money(28572100, "INR"))
        == '<span class="v-num"><span class="v-cur">INR</span>2,85,721.00</span>'
    )


@pytest.mark.parametrize(
    ("minor", "currency", "figure"),
    [
        (0, "INR", "0.00"),
        (5, "INR", "0.05"),
        (99999, "INR", "999.99"),
        (100000, "INR", "1,000.00"),
        (10000000, "INR", "1,00,000.00"),
        (123456750, "INR", "12,34,567.50"),
        (1234567890, "INR", "1,23,45,678.90"),
        (123456789012, "INR", "1,23,45,67,890.12"),
        (-38, "INR", "−0.38"),
        (-20000000, "INR", "−2,00,000.00"),
        (123456789, "AED", "1,234,567.89"),
        (123456, "JPY", "123,456"),
        (1234567, "KWD", "1,234.567"),
        (-1, "KWD", "−0.001"),
        (1234567, "IQD", "1,234.567"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency_and_the_grouping_of_the_country(
    minor: int, currency: str, figure: str
) -> None:
    assert look.amount(Money(minor, currency)) == figure


@pytest.mark.parametrize("locale", ["hi", "en-IN", "en_IN"])
def test_an_indian_page_counts_every_currency_in_lakhs(page: SimpleNamespace, locale: str) -> None:
    speak(page, locale)
    assert look.amount(Money(123456789, "AED")) == "12,34,567.89"
    assert look.amount(Money(123456750, "INR")) == "12,34,567.50"


def test_an_estimate_omits_decimals_that_are_zero() -> None:
    assert look.amount(Money(30000000, "INR"), brief=True) == "3,00,000"
    assert look.amount(Money(30000050, "INR"), brief=True) == "3,00,000.50"


def test_an_empty_or_zero_cell_can_be_shown_as_a_dash() -> None:
    dash = '<span class="v-lite">–</span>'
    assert look.amount(Money(0, "INR"), zero="dash") == dash
    assert look.money(Money(0, "INR"), zero="dash") == dash
    assert look.money(None) == dash
    assert text(look.money(Money(0, "INR"))) == "INR0.00"
    assert look.amount(Money(-1, "INR"), zero="dash") == "−0.01"


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(28572100, "INR"), "₹2,85,721.00"),
        (Money(-38, "INR"), "−₹0.38"),
        (Money(188000, "AED"), "AED\N{NO-BREAK SPACE}1,880.00"),
        (Money(123456, "JPY"), "¥123,456"),
        (Money(61200, "USD"), "$612.00"),
    ],
)
def test_a_document_for_a_customer_has_the_currency_symbol(money: Money, written: str) -> None:
    assert look.symbol_money(money) == written


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(40700000, "INR"), "4.07\N{NO-BREAK SPACE}L"),
        (Money(1860000000, "INR"), "1.86\N{NO-BREAK SPACE}Cr"),
        (Money(4070000, "AED"), "40.7\N{NO-BREAK SPACE}k"),
        (Money(-1860000000, "AED"), "−18.6\N{NO-BREAK SPACE}M"),
        (Money(99900, "INR"), "999"),
    ],
)
def test_the_axis_of_a_chart_has_three_amounts(money: Money, written: str) -> None:
    assert look.short_amount(money) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (date(2026, 11, 24), "24 Nov"),
        (date(2026, 1, 2), "2 Jan"),
        (date(2027, 2, 5), "5 Feb"),
        (date(2027, 9, 5), "5 Sep 2027"),
        (date(2025, 12, 31), "31 Dec 2025"),
        (None, ""),
    ],
)
def test_a_date_has_a_year_only_if_it_is_ambiguous(value: date | None, written: str) -> None:
    assert look.day(value) == written


def test_a_hindi_page_has_hindi_dates_and_latin_digits(
    page: SimpleNamespace,
) -> None:
    speak(page, "hi")
    assert look.day(date(2026, 12, 10), year=True, weekday=True) == "गुरु 10 दिस॰ 2026"
    assert look.long_day(date(2026, 11, 24)) == "मंगलवार, 24 नवंबर"
    assert look.moment(datetime(2026, 11, 23, 11, 32, tzinfo=UTC)) == "सोम 23 नव॰ 2026, 17:02 IST"
    assert look.amount(Money(123456789, "INR")) == "12,34,567.89"
    assert look.typed_day(date(2026, 11, 24)) == "24 Nov 2026"


def test_a_date_may_show_year_and_weekday() -> None:
    assert look.day(date(2026, 12, 10), year=True, weekday=True) == "Thu 10 Dec 2026"


def test_a_long_date_has_weekday_or_year() -> None:
    assert look.long_day(date(2026, 11, 24)) == "Tuesday, 24 November"
    assert look.long_day(date(2026, 11, 24), weekday=False, year=True) == "24 November 2026"


def test_dates_in_mails_are_in_the_language_of_the_mail(
    page: SimpleNamespace,
) -> None:
    with force_locale("hi"):
        assert look.long_day(date(2026, 11, 24)) == "मंगलवार, 24 नवंबर"
    speak(page, "hi")
    with force_locale("en"):
        assert look.long_day(date(2026, 11, 24)) == "Tuesday, 24 November"


def test_a_report_states_its_currency_by_name(page: SimpleNamespace) -> None:
    assert look.currency_name("INR") == "Indian Rupee"
    speak(page, "hi")
    assert look.currency_name("INR") == "भारतीय रुपया"


def test_the_date_of_a_time_is_in_the_agencys_time_zone(page: SimpleNamespace) -> None:
    late = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
    assert look.day(late) == "24 Nov"
    page.timezone = "UTC"
    assert look.day(late) == "23 Nov"


@pytest.mark.parametrize(
    ("value", "short", "with_time"),
    [
        (datetime(2026, 11, 24, 4, 28, tzinfo=UTC), "09:58", "09:58"),
        (datetime(2026, 11, 23, 11, 32, tzinfo=UTC), "Mon", "Mon 17:02"),
        (datetime(2026, 11, 18, 11, 32, tzinfo=UTC), "Wed", "Wed 17:02"),
        (datetime(2026, 11, 17, 11, 32, tzinfo=UTC), "17 Nov", "17 Nov 17:02"),
        (datetime(2025, 11, 18, 11, 32, tzinfo=UTC), "18 Nov 2025", "18 Nov 2025 17:02"),
        (datetime(2026, 11, 26, 11, 32, tzinfo=UTC), "26 Nov", "26 Nov 17:02"),
    ],
)
def test_a_time_is_short_with_the_exact_time_as_title(
    value: datetime, short: str, with_time: str
) -> None:
    assert text(look.when(value)) == short
    assert text(look.when(value, time=True)) == with_time


def test_a_time_element_has_the_exact_time() -> None:
    shown = look.when(datetime(2026, 11, 23, 11, 32, tzinfo=UTC))
    assert (
        shown
        == '<time datetime="2026-11-23T11:32:00Z" title="Mon 23 Nov 2026, 17:02 IST">Mon</time>'
    )
    assert look.when(None) == ""


@pytest.mark.parametrize(
    ("seconds", "shown", "hot"),
    [
        (521, "8:41", True),
        (599, "9:59", True),
        (600, "10:00", False),
        (876, "14:36", False),
        (3900, "1:05:00", False),
    ],
)
def test_the_time_left_is_red_in_the_last_ten_minutes(seconds: int, shown: str, hot: bool) -> None:
    clock_face = look.minutes_left(NOW + timedelta(seconds=seconds))
    assert text(clock_face) == shown
    assert ("v-clock-hot" in clock_face) is hot
    assert "data-until=" in clock_face


def test_the_time_left_is_labelled_if_it_could_be_a_time_of_day() -> None:
    clock_face = look.minutes_left(NOW + timedelta(seconds=521), left=True)
    assert text(clock_face) == "8:41 left"
    assert 'data-words="{} left"' in clock_face


def test_an_expired_time_left_is_a_word_without_countdown() -> None:
    over = look.minutes_left(NOW)
    assert text(over) == "expired"
    assert "data-until" not in over


def test_a_date_field_has_the_notation_for_input(page: SimpleNamespace) -> None:
    speak(page, "hi")
    assert look.typed_day(date(2026, 11, 24)) == "24 Nov 2026"
    assert look.typed_day("next tuseday") == "next tuseday"
    assert look.typed_day(None) == ""


def test_outside_a_request_the_language_is_english_and_the_zone_utc(page: SimpleNamespace) -> None:
    g.pop("page")
    assert look.page_locale() == "en"
    assert text(look.when(NOW)) == "05:12"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Neha Kulkarni", "NK"),
        ("St. Mary's Parish, Thrissur", "ST"),
        ("Aisha", "A"),
        ("नेहा कुलकर्णी", "नक"),
        ("  ", "?"),
        (None, "?"),
        ("- 24x7 Travels", "2T"),
    ],
)
def test_initials_are_taken_from_the_first_and_last_word(name: str | None, letters: str) -> None:
    assert look.initials(name) == letters


def test_a_status_has_one_icon_and_one_word() -> None:
    assert look.status_style("partly_paid") == ("circle-half", "Partly paid")
    assert look.status_style("half_eaten") == ("circle", "Half eaten")


def test_a_role_is_shown_by_its_label() -> None:
    assert look.role_word("agency_admin") == "Administrator"
    assert look.role_word("night_porter") == "Night porter"


class Passenger(Form):
    name = StringField("Name")


class Booking(Form):
    token = HiddenField()
    customer = StringField("Customer")
    passenger = FormField(Passenger)


def test_the_summary_of_a_form_lists_each_error_with_its_field() -> None:
    form = Booking()
    form.customer.errors = ["This field is required."]
    form.passenger.form.name.errors = ["This is too long."]
    form.token.errors = ["The page was open for too long."]
    form.form_errors.append("The return date is before the departure date.")
    assert look.error_lines(form) == [
        (None, "", "The return date is before the departure date."),
        (None, "", "The page was open for too long."),
        ("customer", "Customer", "This field is required."),
        ("passenger-name", "Name", "This is too long."),
    ]


def test_only_the_first_invalid_field_gets_the_focus() -> None:
    form = Booking()
    form.customer.errors = ["This field is required."]
    form.token.errors = ["Too old."]
    assert not look.claims_focus(form.passenger.form.name)
    assert look.claims_focus(form.customer)
    assert not look.claims_focus(form.token)


@pytest.mark.parametrize(
    ("cookie", "painted"),
    [("dark", "dark"), ("light", "light"), ("auto", "auto"), ('dark"><b>', "auto"), (None, "auto")],
)
def test_only_known_themes_of_the_cookie_are_applied(
    app: Flask, cookie: str | None, painted: str
) -> None:
    headers = {"Cookie": f"voyagent_theme={cookie}"} if cookie else {}
    with app.test_request_context("/", headers=headers):
        assert look.theme() == painted


def test_the_url_of_an_asset_contains_a_hash(app: Flask) -> None:
    first = look.asset("own.css")
    assert re.fullmatch(r"/static/own\.css\?v=[0-9a-f]{10}", first)
    (Path(str(app.static_folder)) / "own.css").write_text("b{color:red}")
    assert look.asset("own.css") != first
    assert look.asset("away.css") == "/static/away.css"


def test_the_reload_link_never_leads_to_another_host(app: Flask) -> None:
    assert look.reload_url() == "/enquiries?q=kri"
    with app.test_request_context(
        "/enquiries", method="POST", headers={"Referer": "http://localhost/enquiries/new"}
    ):
        assert look.reload_url() == "/enquiries/new"
    with app.test_request_context(
        "/enquiries", method="POST", headers={"Referer": "http://evil.example/enquiries"}
    ):
        assert look.reload_url() == "/"
