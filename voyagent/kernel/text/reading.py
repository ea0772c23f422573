"""Find all values of a text once, with their positions.

The kinds of values are searched in a fixed order and overlaps are dropped, so that the digits of a
telephone number are not taken for an amount.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from voyagent.kernel.text import amounts, dates, numbers, people, phones, places
from voyagent.kernel.text.dates import DateKind
from voyagent.kernel.text.names import KnownName, find_known_names
from voyagent.kernel.text.passages import STAMP_BEFORE_MESSAGE

Kind = Literal["email", "number", "phone", "date", "people", "amount", "rate", "route", "name"]


@dataclass(frozen=True, slots=True)
class Span:
    """A value in a text, and its position.

    The type of `value` depends on `kind`:
    - `email`, `number` (of a document), `phone` and `name`: a string;
    - `date`: a date;
    - `people`: a dict with the number of each kind of traveller;
    - `amount`, and `rate` (an amount per person or piece): a `Figure`;
    - `route`: a tuple with the names of origin and destination.

    `offers` are other values that the words may mean.
    """

    kind: Kind
    value: Any
    start: int
    end: int
    offers: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Unclear:
    """Words whose value is not certain, so that a person must be asked.

    `reason` is one of `dates.Reason` for a date, `country` for a telephone number, and `range` or
    `unread` for an amount. `offers` are the values that the words may mean.
    """

    kind: Kind
    reason: str
    start: int
    end: int
    words: str
    offers: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its values and unclear words, both in order and without overlaps."""

    text: str
    spans: tuple[Span, ...]
    unclear: tuple[Unclear, ...] = ()
    _hidden: tuple[tuple[int, int], ...] = field(default=(), repr=False)

    def of(self, kind: Kind) -> list[Span]:
        """Return the values of one kind, in order."""
        return [span for span in self.spans if span.kind == kind]

    def words(self, span: Span) -> str:
        """Return the words of the text from which a value was read."""
        return self.text[span.start : span.end]

    @property
    def masked(self) -> str:
        """Return the text in lower case, with each value replaced by its kind.

        The result is compared with the example sentences of acts. Time stamps that chat programs
        write before messages are left out. Words that only resemble a date stay unchanged.
        """
        pieces, end = [], 0
        unclear = (one for one in self.unclear if one.reason != "unknown")
        found: tuple[Span | Unclear, ...] = (*self.spans, *unclear)
        marks = [(one.start, one.end, f" <{one.kind}> ") for one in found]
        for start, stop, mark in sorted([*marks, *((a, b, " ") for a, b in self._hidden)]):
            if start < end:
                continue
            pieces += [self.text[end:start], mark]
            end = stop
        return " ".join("".join([*pieces, self.text[end:]]).lower().split())


def read(
    text: str,
    *,
    today: date,
    region: str | None = "IN",
    prefer: DateKind = "travel",
    names: Sequence[str] = (),
) -> Reading:
    """Find the values of a text.

    Args:
        text: a note of staff, or a message that staff pasted.
        today: the day in the agency's time zone, from which `tomorrow` counts.
        region: the agency's country, for telephone numbers without a country code.
        prefer: the purpose of dates, which decides a missing year.
        names: names that the agency has stored. A stored name takes precedence over a place.
    """
    hidden = tuple(match.span() for match in STAMP_BEFORE_MESSAGE.finditer(text))
    plain = STAMP_BEFORE_MESSAGE.sub(lambda stamp: " " * len(stamp.group()), text)
    known = find_known_names(plain, names)
    taken: list[Span | Unclear] = []
    covered = bytearray(len(text))
    at_place: dict[tuple[int, int], list[Span | Unclear]] = {}
    for found in (
        *_addresses(plain, region),
        *(_name(name) for name in known if not name.in_part),
        *_values(plain, today, prefer),
        *(_name(name) for name in known if name.in_part),
    ):
        others = at_place.setdefault((found.start, found.end), [])
        is_free = (
            all(_is_pair(found, other) for other in others)
            if others
            else 1 not in covered[found.start : found.end]
        )
        if found.start < found.end and is_free:
            taken.append(found)
            others.append(found)
            covered[found.start : found.end] = b"\1" * (found.end - found.start)
    taken.sort(key=lambda found: found.start)
    return Reading(
        text,
        tuple(found for found in taken if isinstance(found, Span)),
        tuple(found for found in taken if isinstance(found, Unclear)),
        hidden,
    )


def _is_pair(found: Span | Unclear, other: Span | Unclear) -> bool:
    """Return True if the same words give two different dates, such as `19-25 Dec`."""
    return (
        isinstance(found, Span)
        and isinstance(other, Span)
        and found.kind == other.kind == "date"
        and (found.start, found.end) == (other.start, other.end)
        and found.value != other.value
    )


def _addresses(text: str, region: str | None) -> Iterator[Span | Unclear]:
    """Yield e-mail addresses, document numbers and telephone numbers, in this order.

    If two of them overlap, the caller keeps the one that was yielded first.
    """
    for email in people.EMAIL.finditer(text):
        yield Span("email", email.group().rstrip(".'"), *email.span())
    for number in numbers.find_document_numbers(text):
        yield Span("number", numbers.document_number(number.group()), *number.span())
    for phone in phones.find_phones(text, region):
        if phone.number:
            yield Span("phone", phone.number, phone.start, phone.end)
        else:
            yield Unclear("phone", "country", phone.start, phone.end, phone.words, phone.offers)


def _values(text: str, today: date, prefer: DateKind) -> Iterator[Span | Unclear]:
    """Yield dates, travellers, amounts and the route, in this order of precedence."""
    for day in dates.scan(text, today, prefer, by_staff=True):
        if isinstance(day, dates.Day):
            yield Span("date", day.day, day.start, day.end, (day.other,) if day.other else ())
        else:
            yield Unclear("date", day.reason, day.start, day.end, day.words, day.offers)
    party, travellers = people.find_party(text), people.find_travellers(text)
    if party and travellers:
        yield from (Span("people", party, start, end) for start, end in travellers.spans)
    figures, unread_figures = amounts.split_figures(text)
    for figure in figures:
        if figure.ranged:
            yield Unclear("amount", "range", figure.start, figure.end, figure.words)
        else:
            yield Span("rate" if figure.each else "amount", figure, figure.start, figure.end)
    for unread in unread_figures:
        yield Unclear("amount", "unread", unread.start, unread.end, unread.words)
    route = places.find_route(text)
    if route.origin and route.destination:
        start = text.find(route.destination.words)
        ends = (route.origin.name, route.destination.name)
        yield Span("route", ends, max(start, 0), start + len(route.destination.words))


def _name(found: KnownName) -> Span:
    return Span("name", found.name, found.start, found.end)
