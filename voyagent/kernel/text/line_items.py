"""Find the lines of an invoice or bill, such as `2 visas at 6,500 each`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from voyagent.kernel.text.amounts import Figure
from voyagent.kernel.text.people import bare_count
from voyagent.kernel.text.vocabulary import plain

_SMALL = 100
_COUNT = (
    r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|ek|do|teen|char|paanch)"
)
_HINDI_COUNTS = {"ek": 1, "do": 2, "teen": 3, "char": 4, "paanch": 5}
_SEPARATOR = re.compile(r"[,;:\n+()]|\s[-–—]\s|\b(?:plus|aur)\b|\s&\s|\.\s", re.IGNORECASE)
_AND = re.compile(r"\band\b", re.IGNORECASE)
_TIMES = re.compile(
    rf"\b(?P<n>{_COUNT})\s*(?:x|×|nos?\.?|pcs|\*)\s*|(?:\b(?:x|nos?)|×|\*)\s*(?P<m>{_COUNT})\b",
    re.IGNORECASE,
)
_LEADING_COUNT = re.compile(rf"^\s*(?P<n>{_COUNT})\s+(?=[^\W\d_])", re.IGNORECASE)
_UNIT_BEFORE = re.compile(r"(?:@|\bat|\brate|\bx|×|\*)\s*$", re.IGNORECASE)
_UNIT_BEHIND = re.compile(r"^\s*(?:/-)?\s*(?:x\b|×|\*|each\b|per\b|a head\b)", re.IGNORECASE)
_FOR_COUNT = re.compile(rf"^\s*(?:for|x|×|\*)\s*(?P<n>{_COUNT})\b(?:\s+\w+)?\s*$", re.IGNORECASE)
_PER = re.compile(r"^\s*(?:/-)?\s*(?:per|each|a|every)\s+\w+|^\s*each\b", re.IGNORECASE)
_SUBJECT = re.compile(
    r"^\s*(?:/-)?\s*(?:for|towards|against|being|as|of|ka|ki|ke|का|की|के)\s+(?P<what>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_EDGE_WORDS = """
a add again amount amt an and april as at banao bana banani banaiye bill billed bills book
booking by charge charged cost create credit customer dated de dena diya do draft due enter
entry for from generate got has have hai issue inr invoice invoiced invoices inv is it its ji ka
kar karo ke ki ko liye make makes me naam name naya new no number of on only our owes pay
payable payment per please pls prepare price proforma purchase raise rate record received recvd
rs rupees sent supplier taiyar the their them this to total towards us vendor want wants we with
x each @ aed usd eur gbp chadha dalo daalo daal karna entered her his put apiece pp bheja bhej
aaya aayi aaye likho tak hua
बिल इनवॉइस बनाओ बना का की के को दो नया नई तैयार करो कर आया है ने लिए चढ़ा दर्ज
भेजा
"""
_LEADING = frozenset(map(plain, _EDGE_WORDS.split()))
_TRAILING = _LEADING - frozenset(("charge", "cost", "booking", "book", "credit", "entry", "draft"))
_HEADS = re.compile(
    rf"\s*\b{_COUNT}\s+(?:pax|persons?|people|log|adults?|guests?)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class LineItem:
    """A line of an invoice or bill: description, quantity and unit price."""

    description: str
    quantity: int
    price: Figure


@dataclass(frozen=True, slots=True)
class _Piece:
    before: str
    figure: Figure | None
    behind: str


def find_lines(
    text: str, figures: Sequence[Figure], hidden: Sequence[tuple[int, int]] = ()
) -> list[LineItem]:
    """Return the invoice lines of a text.

    `figures` are the amounts of the text. `hidden` has the start and end of names, dates and other
    numbers, which are not part of a description.
    """
    is_large = any(one.marked or one.value >= _SMALL for one in figures)
    priced = [one for one in figures if not is_large or one.marked or one.value >= _SMALL]
    lines: list[LineItem] = []
    spare = ""
    for piece in _pieces(text, priced, hidden):
        if piece.figure is None:
            words = _trimmed(piece.before)
            if words and not lines and not spare:
                spare = words
            elif words and lines and not lines[-1].description:
                lines[-1] = LineItem(words, lines[-1].quantity, lines[-1].price)
            elif words and not lines:
                spare = words
            continue
        line = _line(piece, piece.figure, spare)
        if not line.description or line.description == spare:
            spare = ""
        lines.append(line)
    return lines


def _pieces(
    text: str, figures: Sequence[Figure], hidden: Sequence[tuple[int, int]]
) -> Iterator[_Piece]:
    """Split the text at commas, line ends and words such as `plus`.

    A part with several amounts is split further, so that each part has at most one amount.
    """
    visible = list(text)
    for start, end in hidden:
        visible[start:end] = ";" * (end - start)
    for figure in figures:
        visible[figure.start : figure.end] = "\0" * (figure.end - figure.start)
    marked = "".join(visible)
    bounds = [0]
    for match in _SEPARATOR.finditer(marked):
        bounds += [match.start(), match.end()]
    bounds.append(len(text))
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        inside = [one for one in figures if start <= one.start and one.end <= end]
        if not inside:
            yield _Piece(marked[start:end], None, "")
            continue
        since = start
        for place, figure in enumerate(inside):
            stop = end
            if place + 1 < len(inside):
                following = inside[place + 1].start
                joint = _AND.search(marked, figure.end, following)
                stop = joint.start() if joint else figure.end
            yield _Piece(marked[since : figure.start], figure, marked[figure.end : stop])
            joint = _AND.match(marked, stop)
            since = joint.end() if joint else stop


def _line(piece: _Piece, figure: Figure, spare: str) -> LineItem:
    before, after = piece.before, piece.behind
    is_unit = bool(figure.each or _UNIT_BEFORE.search(before) or _UNIT_BEHIND.match(after))
    quantity = 1
    if is_unit:
        after = _PER.sub("", after)
        count = _FOR_COUNT.match(after)
        times = _TIMES.search(before) or _TIMES.search(after)
        if count:
            quantity, after = _counted(count["n"]), ""
        elif times:
            quantity = _counted(times["n"] or times["m"])
            before, after = _TIMES.sub(" ", before), _TIMES.sub(" ", after)
    subject = _SUBJECT.match(after)
    subject_text = subject["what"] if subject else ""
    description = _trimmed(subject_text) or _trimmed(before) or _trimmed(after) or spare
    leading = _LEADING_COUNT.match(description) if is_unit and quantity == 1 else None
    if leading is None and is_unit and quantity == 1:
        inner = re.search(rf"\b(?P<n>{_COUNT})\s+(?=[^\W\d_])", description, re.IGNORECASE)
        quantity = _counted(inner["n"]) if inner else 1
    if leading:
        quantity = _counted(leading["n"])
        description = description[leading.end() :]
    elif is_unit:
        description = _HEADS.sub("", description) or description
    return LineItem(description[:1].upper() + description[1:], max(quantity, 1), figure)


def _counted(word: str) -> int:
    return _HINDI_COUNTS.get(word.lower()) or bare_count(word) or int(word)


def _trimmed(words: str) -> str:
    """Return the words without verbs, articles and similar words at both ends."""
    parts = words.replace("\0", " ").split()
    while parts and plain(parts[0].strip(":#/-")) in _LEADING | {""}:
        parts.pop(0)
    while parts and plain(parts[-1].strip(":#/-")) in _TRAILING | {""}:
        parts.pop()
    return " ".join(parts) if any(part[:1].isalpha() for part in parts) else ""
