"""Find the number of travellers in short notes.

Examples: `2ad 1ch`, `2+1`, `do log` (Hindi: two people), `me and my wife`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from voyagent.kernel.text import people

_COUNT = (
    r"\d{1,3}|दो|तीन|चार|पांच|पाँच|छह|सात|आठ|एक|ek|two|three|four|five|six|seven|eight|nine|ten"
    r"|do|teen|char|chaar|paanch|chhe|saat"
)
_GROUP = re.compile(
    rf"(?<![\d.,/-])(?P<n>{_COUNT})\s*(?:ppl|log|logo|logon|jan[ae]|sawari|लोग|लोगों|जन"
    r"|family members|tkts?|seats?|ladies|gents|friends?|dost|doston|students|heads|yatri|aadmi"
    r"|mehmaan|bande|paxs?|nos?\.? pax|यात्री|यात्रियों|व्यक्ति|people|persons?|guests?|of them)(?!\w)"
    r"|(?P<pair>\b(?:couple|honeymoon(?:ers)?|newly[ -]?weds?|newly married|just married"
    r"|wife (?:and|&|n) (?:i|me)|husband (?:and|&|n)? ?wife|miyan biwi|pati patni|mr\.?"
    r" (?:and|&|n) mrs|with (?:his|her|my|their)? ?(?:wife|husband|spouse)|both of (?:them|us)"
    r"|us two|we two|two of (?:us|them)|(?:hum|ham) dono|me (?:and|&|\+|n) (?:my )?(?:wife|husband"
    r"|wifey|hubby|friend|mother|father|mom|mum|dad|sister|brother|son|daughter))\b"
    r"|पति[- ]पत्नी|हम दोनों)"
    r"|(?P<three>\bme (?:and|&) my (?:parents|in-?laws)\b)"
    r"|(?P<single>\b(?:solo|alone|akel[ae]|ek aadmi|single (?:person|traveller|pax)|just me|only me"
    r"|myself only)\b)",
    re.IGNORECASE,
)
_HINDI_COUNTS = {
    "do": 2,
    "teen": 3,
    "char": 4,
    "chaar": 4,
    "paanch": 5,
    "chhe": 6,
    "saat": 7,
    "ek": 1,
    "एक": 1,
    "दो": 2,
    "तीन": 3,
    "चार": 4,
    "पांच": 5,
    "पाँच": 5,
    "छह": 6,
    "सात": 7,
    "आठ": 8,
}
_FOR_N = re.compile(
    r"\bfor\s+(?:the\s+)?(?P<n>\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\b(?!\s*(?:nights?"
    r"|nts?|n\b|days?|d\b|weeks?|months?|hours?|hrs?|rooms?|min|k\b|l\b|lakhs?|lacs?|hundred|thousand"
    r"|hazaar|st\b|nd\b|rd\b|th\b|%|am\b|pm\b|x\b|star|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov"
    r"|dec|visas?|invoices?|families|couples|kids|children|of the|bills?)|[/.,:-]?\d)",
    re.IGNORECASE,
)
_GROWN = re.compile(rf"(?<![\w.])(?P<n>{_COUNT})\s*(?:bade|बड़े|वयस्क)(?!\w)", re.IGNORECASE)
_YOUNG = re.compile(
    rf"(?<![\w.])(?P<n>{_COUNT})\s*(?:bac?h?ch[aei]|बच्चे|बच्चा|बच्चों|kids?)(?![\w])", re.IGNORECASE
)
_LETTERS = re.compile(
    r"(?<![\w.])(?P<a>\d{1,2})\s*ad(?:ts?|lts?|ults?|s)?\b(?:\W{0,3}(?P<c>\d{1,2})\s*(?:ch(?:d|ld|ild)?s?|c)\b)?"
    r"(?:\W{0,3}(?P<i>\d)\s*(?:inf?s?|i)\b)?",
    re.IGNORECASE,
)
_PLUS = re.compile(r"(?<![\d/.:])(?P<a>\d{1,2})\s*\+\s*(?P<c>\d{1,2})(?:\s*\+\s*(?P<i>\d))?(?!\d)")
_AFTER_PAX = re.compile(r"\bpax\s+(?P<n>\d{1,2})\b(?!\s*(?:[a-z]{3,9}\s+)?20\d\d)", re.IGNORECASE)


class PartySize(NamedTuple):
    """The number of travellers of each age group, and the words that state it."""

    counts: dict[str, int]
    words: str


def party_size(text: str) -> PartySize | None:
    """Count the travellers of a text by age group; None if it states no number."""
    party = people.find_party(text)
    group = _GROUP.search(text)
    if party:
        if group and group["pair"] and "adult" not in party:
            party = {"adult": 2, **party}
        return PartySize(party, _words(text))
    grown, young = _GROWN.search(text), _YOUNG.search(text)
    if grown:
        counts = {"adult": _count_in_words(grown["n"])}
        if young:
            counts["child"] = _count_in_words(young["n"])
        return PartySize(counts, grown.group())
    plus = _LETTERS.search(text) or _PLUS.search(text)
    if plus:
        parts = {"adult": plus["a"], "child": plus["c"], "infant": plus["i"]}
        return PartySize(
            {kind: int(number) for kind, number in parts.items() if number and int(number)},
            plus.group(),
        )
    if group:
        known = {"pair": 2, "three": 3, "single": 1}
        count = next((known[kind] for kind in known if group[kind]), 0)
        return PartySize({"adult": count or _count_in_words(group["n"])}, group.group())
    few = _AFTER_PAX.search(text) or _FOR_N.search(text)
    return PartySize({"adult": people.bare_count(few["n"]) or 1}, few.group()) if few else None


def _words(text: str) -> str:
    found = people.find_travellers(text)
    return text[slice(*found.spans[0])] if found and found.spans else ""


def _count_in_words(words: str) -> int:
    lowered = words.lower()
    return _HINDI_COUNTS.get(lowered) or people.bare_count(lowered) or int(lowered)
