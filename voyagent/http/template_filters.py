"""How values look on a page: money, days, instants, names and status words, as Jinja filters and
globals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import get_currency_name, get_currency_symbol
from flask import Flask, current_app, g, request, url_for
from flask_babel import get_locale, gettext, lazy_gettext
from markupsafe import Markup
from wtforms import Field, Form
from wtforms.fields import FieldList, FormField

from voyagent.http import api_reading
from voyagent.http.account_names import account_name
from voyagent.kernel import clock
from voyagent.kernel.money import Money

MINUS = "−"
NOTHING = "–"
THEME_COOKIE = "voyagent_theme"
THEMES = ("auto", "light", "dark")
_LAKH_LOCALES = ("en_IN", "hi")
_HOT_SECONDS = 600
_WEEKDAY_WINDOW_DAYS = 6
_SOON_DAYS = 183


class Look(NamedTuple):
    """The one glyph and word of a status; the stylesheet gives the colour."""

    glyph: str
    word: Any


STATUS_LOOKS = {
    "new": Look("circle", lazy_gettext("New")),
    "quoted": Look("circle-half", lazy_gettext("Quoted")),
    "booked": Look("check-circle-fill", lazy_gettext("Booked")),
    "cancelled": Look("x-circle", lazy_gettext("Cancelled")),
    "pending": Look("clock", lazy_gettext("Pending")),
    "granted": Look("check-circle-fill", lazy_gettext("Approved")),
    "rejected": Look("x-circle-fill", lazy_gettext("Declined")),
    "expired": Look("hourglass-bottom", lazy_gettext("Expired")),
    "withdrawn": Look("arrow-counterclockwise", lazy_gettext("Withdrawn")),
    "draft": Look("pencil", lazy_gettext("Draft")),
    "received": Look("inbox", lazy_gettext("Received")),
    "issued": Look("send", lazy_gettext("Issued")),
    "partly_paid": Look("circle-half", lazy_gettext("Partly paid")),
    "paid": Look("check-circle-fill", lazy_gettext("Paid")),
    "credited": Look("arrow-counterclockwise", lazy_gettext("Credited")),
    "written_off": Look("dash-circle", lazy_gettext("Written off")),
    "void": Look("slash-circle", lazy_gettext("Void")),
    "overdue": Look("exclamation-circle-fill", lazy_gettext("Overdue")),
    "ok": Look("check-circle", lazy_gettext("OK")),
    "error": Look("exclamation-circle-fill", lazy_gettext("Failed")),
    "active": Look("check-circle", lazy_gettext("Active")),
    "invited": Look("envelope", lazy_gettext("Invited")),
    "running": Look("arrow-repeat", lazy_gettext("Running")),
    "scheduled": Look("calendar-check", lazy_gettext("Scheduled")),
    "planned": Look("circle", lazy_gettext("Planned")),
    "part_booked": Look("circle-half", lazy_gettext("Booked in part")),
    "held": Look("clock", lazy_gettext("Held")),
    "ticketed": Look("check-circle-fill", lazy_gettext("Ticketed")),
    "filed": Look("send", lazy_gettext("Applied for")),
    "failed": Look("exclamation-circle-fill", lazy_gettext("Failed")),
    "expiring": Look("exclamation-circle-fill", lazy_gettext("Expiring")),
}

ROLE_WORDS = {
    "agency_admin": lazy_gettext("Administrator"),
    "accounting_lead": lazy_gettext("Accounting lead"),
    "ticketing_lead": lazy_gettext("Ticketing lead"),
    "agent": lazy_gettext("Agent"),
    "viewer": lazy_gettext("Viewer"),
}


def install(app: Flask) -> None:
    """Give the application's templates their filters and globals."""
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
        status_look=status_look,
        error_lines=error_lines,
        claims_focus=claims_focus,
        here_again=here_again,
        api_outline=api_reading.outline,
    )


# Money
# --------------------------------------------------------------------------------


def money(value: Money | None, *, brief: bool = False, zero: str | None = None) -> Markup:
    """An amount as the books write it: the currency's code small and grey, then the figure (`INR
    2,85,721.00`).

    `brief` leaves out places that are all zero, for estimates in lists. `zero="dash"` writes a zero
    as a grey dash; None is always one.
    """
    if value is None or (zero == "dash" and not value):
        return _dash()
    return Markup('<span class="v-num"><span class="v-cur">{}</span>{}</span>').format(
        value.currency, _figure(value, brief=brief)
    )


def amount(value: Money | None, *, brief: bool = False, zero: str | None = None) -> str:
    """The figure alone, for a column whose head names the currency.

    `zero="dash"` and `brief` as for `money`.
    """
    if value is None or (zero == "dash" and not value):
        return _dash()
    return _figure(value, brief=brief)


def symbol_money(value: Money) -> str:
    """An amount as a customer's document writes it: symbol and figure (`₹2,85,721.00`, `AED
    1,880.00`).
    """
    symbol = get_currency_symbol(value.currency, locale=_locale())
    figure = _figure(Money(abs(value.amount_minor), value.currency))
    gap = "\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""
    return f"{MINUS if value.amount_minor < 0 else ''}{symbol}{gap}{figure}"


def short_amount(value: Money) -> str:
    """An amount in a chart, to three figures: `4.07 L`, `1.86 Cr` where lakhs are counted, else
    `407 k`, `18.6 M`.
    """
    steps = (
        ((10**7, "Cr"), (10**5, "L"))
        if _counts_lakhs(value.currency)
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
    """A whole number, grouped as the agency counts: `12,34,567` where its money or its language
    counts lakhs, else `1,234,567`.
    """
    currency = getattr(getattr(g.get("page"), "actor", None), "currency", "")
    return f"{MINUS if value < 0 else ''}{_group(str(abs(value)), lakhs=_counts_lakhs(currency))}"


def currency_name(code: str) -> str:
    """The currency in words, as a report's head has it: `INR` → `Indian Rupee`."""
    return get_currency_name(code, locale=_locale())


def _figure(value: Money, *, brief: bool = False) -> str:
    whole, _, places = f"{abs(value.decimal):.{value.exponent}f}".partition(".")
    if brief and not places.strip("0"):
        places = ""
    grouped = _group(whole, lakhs=_counts_lakhs(value.currency))
    return f"{MINUS if value.amount_minor < 0 else ''}{grouped}{'.' + places if places else ''}"


def _group(digits: str, *, lakhs: bool) -> str:
    head, tail = digits[:-3], digits[-3:]
    width = 2 if lakhs else 3
    groups = [head[max(0, end - width) : end] for end in range(len(head), 0, -width)]
    return ",".join([*reversed(groups), tail])


def _counts_lakhs(currency: str) -> bool:
    return currency == "INR" or page_locale().replace("-", "_") in _LAKH_LOCALES


def _dash() -> Markup:
    return Markup('<span class="v-lite">{}</span>').format(NOTHING)


# Days and instants
# --------------------------------------------------------------------------------


def day(value: date | datetime | None, *, year: bool | None = None, weekday: bool = False) -> str:
    """A calendar day: `24 Nov` in the current year and the coming half year, else `24 Nov 2025`.

    `year=True` always names the year, `weekday` adds `Tue`. An instant is read in the page's time
    zone. None is an empty string.
    """
    if value is None:
        return ""
    local = _local(value).date() if isinstance(value, datetime) else value
    named = not _goes_without_year(local) if year is None else year
    pattern = ("EEE " if weekday else "") + "d MMM" + (" y" if named else "")
    return format_date(local, pattern, locale=_locale())


def long_day(value: date, *, weekday: bool = True, year: bool = False) -> str:
    """A day in full, for a title: `Tuesday, 24 November`; on paper `24 November 2026`
    (weekday=False, year=True).
    """
    return format_date(
        value, ("EEEE, " if weekday else "") + "d MMMM" + (" y" if year else ""), locale=_locale()
    )


def _goes_without_year(value: date) -> bool:
    now = today()
    return value.year == now.year or 0 <= (value - now).days <= _SOON_DAYS


def when(value: datetime | None, *, time: bool = False) -> Markup:
    """An instant in as few words as it needs: `09:58` today, `Mon` in the last six days, `18 Nov`,
    `18 Nov 2025`; exact on hover.

    `time=True` adds the time of day to a day (`Mon 17:02`), as a timeline does.
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
    """An instant in full, in the page's zone: `Mon 23 Nov 2026, 17:02 IST`."""
    local = _local(value)
    return f"{format_datetime(local, 'EEE d MMM y, HH:mm', locale=_locale())} {local.tzname()}"


def typed_day(value: date | str | None) -> str:
    """What stands in a date field: a day as it is typed in any language (`24 Nov 2026`), or what
    was typed and could not be read.
    """
    if value is None or isinstance(value, str):
        return value or ""
    return format_date(value, "d MMM y", locale="en")


def minutes_left(value: datetime, *, left: bool = False) -> Markup:
    """The time until an instant as a clock that goes on counting (`8:41`, `1:05:00`); red in the
    last ten minutes, a word when over.

    `left=True` says `8:41 left`, where nothing beside it tells it from a time of day.
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
    """The day that it is in the page's time zone."""
    return clock.today(_zone())


def country_choices() -> list[tuple[str, str]]:
    """Countries as code and name, by name, in the reader's language."""
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
    """The page's language, unless another is set for what is written here, such as a paper that
    leaves the house in its reader's.
    """
    page, spoken = (
        Locale.parse(page_locale(), sep="-" if "-" in page_locale() else "_"),
        get_locale(),
    )
    return page if spoken is None or spoken.language == page.language else spoken


def page_locale() -> str:
    """The language of the page as its `lang` attribute writes it (`en`, `hi`, `en-IN`)."""
    return getattr(g.get("page"), "locale", None) or "en"


# Words
# --------------------------------------------------------------------------------


def initials(name: str | None) -> str:
    """Two letters for an avatar: of the first and last word that begin with a letter or figure
    (`Neha Kulkarni` → `NK`).
    """
    words = [word for word in (name or "").replace("(", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def role_word(role: str) -> str:
    """The role as a person says it: `agency_admin` → `Administrator`."""
    return str(ROLE_WORDS.get(role) or role.replace("_", " ").capitalize())


def status_look(status: str) -> Look:
    """Glyph and word of a status; a word that we do not know gets a plain circle and itself."""
    return STATUS_LOOKS.get(str(status)) or Look(
        "circle", str(status).replace("_", " ").capitalize()
    )


# Forms
# --------------------------------------------------------------------------------


class ErrorLine(NamedTuple):
    """One thing to put right: the control's id (None when it concerns the whole form), its label,
    the sentence.
    """

    field_id: str | None
    label: str
    message: str


def error_lines(form: Form) -> list[ErrorLine]:
    """Everything wrong with a submitted form, in the order of its fields, for the summary above it."""
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
    """Whether this is the first wrong field that the page shows; it alone gets `autofocus`."""
    if not field.errors or g.get("focus_is_taken"):
        return False
    g.focus_is_taken = True
    return True


# Files and theme
# --------------------------------------------------------------------------------


def theme() -> str:
    """Light, dark or auto: what the person chose on this computer, from the cookie, so that the
    first paint is right.
    """
    chosen = request.cookies.get(THEME_COOKIE, "auto")
    return chosen if chosen in THEMES else "auto"


def here_again() -> str:
    """Where "load it again" leads: this address, or after a form the page that it stood on, never
    another host.
    """
    if request.method == "GET":
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.referrer or "")
    return came_from.path if came_from.netloc == request.host and came_from.path else "/"


def asset(filename: str) -> str:
    """Address of one of our own files, with a mark of its content so that it may be cached for a
    year.
    """
    path = Path(current_app.static_folder or "") / filename
    try:
        mark = _mark(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return url_for("static", filename=filename)
    return url_for("static", filename=filename, v=mark)


def _mark(path: Path, changed_ns: int) -> str:
    known = _marks.get(path)
    if known is None or known[0] != changed_ns:
        known = _marks[path] = (changed_ns, hashlib.sha256(path.read_bytes()).hexdigest()[:10])
    return known[1]


_marks: dict[Path, tuple[int, str]] = {}
