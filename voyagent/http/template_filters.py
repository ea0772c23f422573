"""Jinja filters and functions that format values for pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import get_currency_name, get_currency_symbol
from flask import Flask, g, request
from flask_babel import get_locale, gettext, lazy_gettext
from markupsafe import Markup
from wtforms import Field, Form
from wtforms.fields import FieldList, FormField

from voyagent.http.account_names import account_name
from voyagent.http.assets import asset
from voyagent.kernel import clock
from voyagent.kernel.money import Money, counts_lakhs, currency_locale, grouped

MINUS = "−"
NOTHING = "–"
THEME_COOKIE = "voyagent_theme"
THEMES = ("auto", "light", "dark")
_HOT_SECONDS = 600
_WEEKDAY_WINDOW_DAYS = 6
_SOON_DAYS = 183


class StatusStyle(NamedTuple):
    """Icon and label of a status; the style sheet sets the colour."""

    glyph: str
    word: Any


STATUS_STYLES = {
    "new": StatusStyle("circle", lazy_gettext("New")),
    "quoted": StatusStyle("circle-half", lazy_gettext("Quoted")),
    "booked": StatusStyle("check-circle-fill", lazy_gettext("Booked")),
    "cancelled": StatusStyle("x-circle", lazy_gettext("Cancelled")),
    "pending": StatusStyle("clock", lazy_gettext("Pending")),
    "granted": StatusStyle("check-circle-fill", lazy_gettext("Approved")),
    "rejected": StatusStyle("x-circle-fill", lazy_gettext("Declined")),
    "expired": StatusStyle("hourglass-bottom", lazy_gettext("Expired")),
    "withdrawn": StatusStyle("arrow-counterclockwise", lazy_gettext("Withdrawn")),
    "draft": StatusStyle("pencil", lazy_gettext("Draft")),
    "received": StatusStyle("inbox", lazy_gettext("Received")),
    "issued": StatusStyle("send", lazy_gettext("Issued")),
    "partly_paid": StatusStyle("circle-half", lazy_gettext("Partly paid")),
    "paid": StatusStyle("check-circle-fill", lazy_gettext("Paid")),
    "credited": StatusStyle("arrow-counterclockwise", lazy_gettext("Credited")),
    "settled": StatusStyle("check-circle", lazy_gettext("Settled")),
    "paid_part_credited": StatusStyle("check-circle", lazy_gettext("Paid, part credited")),
    "void": StatusStyle("slash-circle", lazy_gettext("Void")),
    "overdue": StatusStyle("exclamation-circle-fill", lazy_gettext("Overdue")),
    "ok": StatusStyle("check-circle", lazy_gettext("OK")),
    "error": StatusStyle("exclamation-circle-fill", lazy_gettext("Failed")),
    "active": StatusStyle("check-circle", lazy_gettext("Active")),
    "invited": StatusStyle("envelope", lazy_gettext("Invited")),
    "running": StatusStyle("arrow-repeat", lazy_gettext("Running")),
    "scheduled": StatusStyle("calendar-check", lazy_gettext("Scheduled")),
    "proposed": StatusStyle("circle", lazy_gettext("Proposed")),
    "accepted": StatusStyle("check-circle", lazy_gettext("Accepted")),
    "declined": StatusStyle("x-circle", lazy_gettext("Declined")),
    "planned": StatusStyle("circle", lazy_gettext("Planned")),
    "part_booked": StatusStyle("circle-half", lazy_gettext("Booked in part")),
    "held": StatusStyle("clock", lazy_gettext("Held")),
    "ticketed": StatusStyle("check-circle-fill", lazy_gettext("Ticketed")),
    "filed": StatusStyle("send", lazy_gettext("Applied for")),
    "failed": StatusStyle("exclamation-circle-fill", lazy_gettext("Failed")),
    "expiring": StatusStyle("exclamation-circle-fill", lazy_gettext("Expiring")),
}

ROLE_WORDS = {
    "agency_admin": lazy_gettext("Administrator"),
    "accounting_lead": lazy_gettext("Accounting lead"),
    "ticketing_lead": lazy_gettext("Ticketing lead"),
    "agent": lazy_gettext("Agent"),
    "viewer": lazy_gettext("Viewer"),
}


def install(app: Flask) -> None:
    """Register the filters and functions with the application's templates."""
    app.jinja_env.filters.update(
        money=money,
        amount=amount,
        symbol_money=symbol_money,
        short_amount=short_amount,
        number=number,
        currency_name=currency_name,
        account_name=account_name,
        day=day,
        long_day=long_day,
        month=month_words,
        when=when,
        moment=moment,
        typed_day=typed_day,
        initials=initials,
        minutes_left=minutes_left,
        role_word=role_word,
    )
    app.jinja_env.globals.update(
        asset=asset,
        theme=theme,
        page_locale=page_locale,
        today=today,
        right_now=clock.now,
        status_style=status_style,
        error_lines=error_lines,
        claims_focus=claims_focus,
        reload_url=reload_url,
    )


# Money
# --------------------------------------------------------------------------------


def money(value: Money | None, *, brief: bool = False, zero: str | None = None) -> Markup:
    """Return an amount with its currency code in small type: `INR 2,85,721.00`.

    `brief` omits decimals that are all zero, for estimates in lists. `zero="dash"` shows zero as a
    grey dash. None is always shown as a dash.
    """
    if value is None or (zero == "dash" and not value):
        return _dash()
    return Markup('<span class="v-num"><span class="v-cur">{}</span>{}</span>').format(
        value.currency, _figure(value, brief=brief)
    )


def amount(value: Money | None, *, brief: bool = False, zero: str | None = None) -> str:
    """Return an amount without its currency, for a column that names the currency.

    `brief` and `zero` mean the same as in `money`.
    """
    if value is None or (zero == "dash" and not value):
        return _dash()
    return _figure(value, brief=brief)


def symbol_money(value: Money) -> str:
    """Return an amount with its currency symbol, for customers: `₹2,85,721.00`."""
    symbol = get_currency_symbol(value.currency, locale=_locale())
    figure = _figure(Money(abs(value.amount_minor), value.currency))
    gap = "\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""
    return f"{MINUS if value.amount_minor < 0 else ''}{symbol}{gap}{figure}"


def short_amount(value: Money) -> str:
    """Return an amount in short form, for charts, such as `4.07 L` or `407 k`.

    Lakhs and crores are used if the currency or the language counts lakhs.
    """
    steps = (
        ((10**7, "Cr"), (10**5, "L"))
        if counts_lakhs(_counting_locale(value.currency))
        else ((10**9, "bn"), (10**6, "M"), (10**3, "k"))
    )
    for size, letter in steps:
        if abs(value.decimal) >= size:
            scaled = abs(value.decimal) / size
            places = max(0, 3 - len(str(int(scaled))))
            rounded = scaled.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
            return f"{MINUS if value.amount_minor < 0 else ''}{rounded}\N{NO-BREAK SPACE}{letter}"
    return _figure(value, brief=True)


def number(value: int) -> str:
    """Return a whole number with the digit grouping of the agency.

    Examples: `12,34,567` if the agency's currency or language counts lakhs, else `1,234,567`.
    """
    currency = getattr(getattr(g.get("page"), "actor", None), "currency", "")
    return grouped(value, 0, _counting_locale(currency)).replace("-", MINUS)


def currency_name(code: str) -> str:
    """Return the name of a currency in the page's language: `INR` → `Indian Rupee`."""
    return get_currency_name(code, locale=_locale())


def _figure(value: Money, *, brief: bool = False) -> str:
    places = value.exponent
    if brief and not value.amount_minor % 10**places:
        places = 0
    text = grouped(value.decimal, places, _counting_locale(value.currency))
    return text.replace("-", MINUS)


def _counting_locale(currency: str) -> str:
    return currency_locale(currency) or page_locale()


def _dash() -> Markup:
    return Markup('<span class="v-lite">{}</span>').format(NOTHING)


# Days and instants
# --------------------------------------------------------------------------------


def day(value: date | datetime | None, *, year: bool | None = None, weekday: bool = False) -> str:
    """Return a date as `24 Nov`, or as `24 Nov 2025` if the year is not obvious.

    The year is obvious for dates of this year and of the next six months. `year=True` always shows
    the year, and `weekday=True` adds the weekday, such as `Tue`. A datetime is converted to the
    page's time zone. None becomes an empty string.
    """
    if value is None:
        return ""
    local = _local(value).date() if isinstance(value, datetime) else value
    named = not _omits_year(local) if year is None else year
    pattern = ("EEE " if weekday else "") + "d MMM" + (" y" if named else "")
    return format_date(local, pattern, locale=_locale())


def long_day(value: date, *, weekday: bool = True, year: bool = False) -> str:
    """Return a date with the full names of weekday and month: `Tuesday, 24 November`.

    With `weekday=False` and `year=True`, as in documents, the result is `24 November 2026`.
    """
    return format_date(
        value, ("EEEE, " if weekday else "") + "d MMMM" + (" y" if year else ""), locale=_locale()
    )


def month_words(month: date) -> str:
    """Return the name of a month with its year, such as `November 2026`."""
    return format_date(month, "LLLL y", locale=_locale())


def _omits_year(value: date) -> bool:
    now = today()
    return value.year == now.year or 0 <= (value - now).days <= _SOON_DAYS


def when(value: datetime | None, *, time: bool = False) -> Markup:
    """Return a datetime in short form, as an HTML element.

    The text is `09:58` for today, `Mon` for the last six days, and `18 Nov` or `18 Nov 2025` for
    other days. `time=True` adds the time of day (`Mon 17:02`).
    """
    if value is None:
        return Markup("")
    local = _local(value)
    clock_time = format_datetime(local, "HH:mm", locale=_locale())
    days_ago = (today() - local.date()).days
    if days_ago == 0:
        text = clock_time
    else:
        text = (
            format_date(local, "EEE", locale=_locale())
            if 0 < days_ago <= _WEEKDAY_WINDOW_DAYS
            else day(local)
        )
        text = f"{text} {clock_time}" if time else text
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        _iso(value), moment(value), text
    )


def moment(value: datetime) -> str:
    """Return a datetime in full, in the page's zone: `Mon 23 Nov 2026, 17:02 IST`."""
    local = _local(value)
    return f"{format_datetime(local, 'EEE d MMM y, HH:mm', locale=_locale())} {local.tzname()}"


def typed_day(value: date | str | None) -> str:
    """Return the value of a date field: `24 Nov 2026` in every language.

    Text that could not be read as a date is returned unchanged.
    """
    if value is None or isinstance(value, str):
        return value or ""
    return format_date(value, "d MMM y", locale="en")


def minutes_left(value: datetime, *, left: bool = False) -> Markup:
    """Return the time left until a datetime: `8:41` or `1:05:00`, or else `expired`.

    `8:41` means 8 minutes and 41 seconds. With `left=True`, the text is `8:41 left`.
    """
    seconds = int((value - clock.now()).total_seconds())
    if seconds <= 0:
        return Markup('<time class="v-clock" datetime="{}">{}</time>').format(
            _iso(value), gettext("expired")
        )
    hours, minutes = divmod(seconds // 60, 60)
    text = f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
    words = gettext("%(clock)s left", clock="{}") if left else "{}"
    return Markup(
        '<time class="v-clock{}" datetime="{}" title="{}" data-until="{}" data-over="{}"'
        ' data-words="{}">{}</time>'
    ).format(
        " v-clock-hot" if seconds < _HOT_SECONDS else "",
        _iso(value),
        moment(value),
        _iso(value),
        gettext("expired"),
        words,
        words.replace("{}", text),
    )


def today() -> date:
    """Return the current date in the page's time zone."""
    return clock.today(_zone())


def country_choices() -> list[tuple[str, str]]:
    """Return the countries as (code, name) in the page's language, sorted by name."""
    territories = (get_locale() or Locale("en")).territories
    return sorted(
        (
            (code, name)
            for code, name in territories.items()
            if len(code) == 2 and code.isalpha() and code != "ZZ"
        ),
        key=lambda pair: pair[1],
    )


def _local(value: datetime) -> datetime:
    return value.astimezone(ZoneInfo(_zone()))


def _iso(value: datetime) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _zone() -> str:
    return getattr(g.get("page"), "timezone", None) or "UTC"


def _locale() -> Locale:
    # A document can be in the language of its recipient, which may differ from the page's.
    page = Locale.parse(page_locale(), sep="-" if "-" in page_locale() else "_")
    spoken = get_locale()
    return page if spoken is None or spoken.language == page.language else spoken


def page_locale() -> str:
    """Return the page's language for the `lang` attribute: `en`, `hi`, `en-IN`.

    In a job, which has no page, the result is the language in which the job writes.
    """
    return getattr(g.get("page"), "locale", None) or str(get_locale() or "en")


# Words
# --------------------------------------------------------------------------------


def initials(name: str | None) -> str:
    """Return one or two letters for an avatar: `Neha Kulkarni` → `NK`."""
    words = [word for word in (name or "").replace("(", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def role_word(role: str) -> str:
    """Return the label of a role: `agency_admin` → `Administrator`."""
    return str(ROLE_WORDS.get(role) or role.replace("_", " ").capitalize())


def status_style(status: str) -> StatusStyle:
    """Return icon and label of a status.

    For an unknown status, the icon is a circle and the label is made from the name.
    """
    return STATUS_STYLES.get(str(status)) or StatusStyle(
        "circle", str(status).replace("_", " ").capitalize()
    )


# Forms
# --------------------------------------------------------------------------------


class ErrorLine(NamedTuple):
    """An error of a form: id of the field (None for the whole form), label, message."""

    field_id: str | None
    label: str
    message: str


def error_lines(form: Form) -> list[ErrorLine]:
    """Return all errors of a form in the order of its fields, for the summary."""
    lines = [ErrorLine(None, "", str(message)) for message in form.form_errors]
    for field in form:
        lines.extend(_field_lines(field))
    return lines


def _field_lines(field: Field) -> Iterator[ErrorLine]:
    if isinstance(field, FormField | FieldList):
        inner: Iterable[Field] = field.form if isinstance(field, FormField) else field.entries
        for child in inner:
            yield from _field_lines(child)
        if isinstance(field, FormField):
            return
    hidden = getattr(field.widget, "input_type", "") == "hidden"
    for message in field.errors:
        if isinstance(message, str) or not isinstance(message, list | dict):
            yield ErrorLine(
                None if hidden else field.id, "" if hidden else field.label.text, str(message)
            )


def claims_focus(field: Field) -> bool:
    """Return True for the first invalid field of the page, which gets `autofocus`."""
    if not field.errors or g.get("focus_is_taken"):
        return False
    g.focus_is_taken = True
    return True


# Files and theme
# --------------------------------------------------------------------------------


def theme() -> str:
    """Return the theme from the cookie: light, dark or auto."""
    chosen = request.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def reload_url() -> str:
    """Return the URL for a reload link: this page, or the page whose form was sent.

    The URL is never on another host.
    """
    if request.method == "GET":
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.referrer or "")
    return came_from.path if came_from.netloc == request.host and came_from.path else "/"
