"""How clerks of Indian agencies type in a hurry, written out in the English that the recognisers
read: `tkts bom dxb`, `rcvd 20000`, `dikhao`, `jv dr … cr …`.

Only words that are not understood as they stand are written out, so nothing that reads well is
changed.
"""

from __future__ import annotations

import re

from voyagent.kernel.text import stations

SHORT_MAX = 200
_TYPED = (
    (
        (
            r"^\s*(?:(?:oh|ok|so|now|then)[, ]+)*(?:and\s+)(?:also[, ]+)?(?=\S)|^\s*(?:oh[,"
            r" ]+)?also[, ]+(?=\S)"
        ),
        "",
    ),
    (r"^\s*(?:please\s+)?(?:record|note|log|enter)\s+that\s+(?=\S)", ""),
    (
        r"^\s*(?:(?:ok(?:ay)?|please|now|so|then|yes)[, ]+)*(?:go ahead and\s+)?issue them\b.*$",
        "issue the tickets",
    ),
    (r"\btkts?\b", "tickets"),
    (r"\bfrm\b", "from"),
    (r"\breqd?\b", "required"),
    (r"\b(?:retun|rtn|retrn)\b", "return"),
    (r"\b(?:itinery|itenary|itinarary|iternary)\b", "itinerary"),
    (r"\b(?:rcvd|recd|rec'd|recieved)\b", "received"),
    (r"^\s*inv\b", "invoice"),
    (r"\benq\b", "enquiry"),
    (r"\benqs\b", "enquiries"),
    (r"\b(?:kitn[aei])\s+(?=(?:new|open|quoted|booked)?\s*enquir)", "how many "),
    (r"\b(?:kitn[aei]\s+)?(?:hai|hain)\b|\bchahiye\b", ""),
    (r"\baaj\b(?:\s+k[aei]\b)?", "today"),
    (r"^(?P<what>.+?)\s+(?:dikhao|dikha do|batao|bata do)\s*$", r"show \g<what>"),
    (r"^\s*show today enquiries", "show enquiries of today"),
    (r"\b(?P<a>[a-z]+) se (?P<b>[a-z]+)(?:\s+tak)?\b", r"from \g<a> to \g<b>"),
    (
        (
            r"^(?P<who>.+?)\s+ne\s+(?P<sum>[\d,.]+\s?k?)\s+(?:cash\s+)?(?:diy[ae]|de"
            r" diy[ae]|bheja|pay kiya)\b"
        ),
        r"\g<who> paid \g<sum>",
    ),
    (
        r"^\s*received (?:cheque|cash) of (?P<sum>[\d,.]+\s?k?) from (?P<who>[a-z][a-z .]+)$",
        r"received \g<sum> from \g<who>",
    ),
    (
        (
            r"^\s*received (?P<sum>[\d,.]+\s?k?) from (?P<who>[a-z][a-z .]+?)"
            r" (?P<how>(?:by|via|through) [a-z]+)$"
        ),
        r"\g<who> paid \g<sum> \g<how>",
    ),
    (r"^\s*paid (?P<who>[a-z][a-z .&]*?) (?P<sum>(?:rs\.? ?|₹ ?)?\d)", r"we paid \g<who> \g<sum>"),
    (r"^\s*(?:purchase|supplier|vendor)'?s? (?:bill|invoice) (?=from\b)", "bill "),
    (
        r"^\s*(?P<who>[A-Z][A-Za-z .&]*?) bill (?P<rest>(?:no\.? )?[A-Z]+-?\d+ .*\d.*)$",
        r"bill from \g<who> \g<rest>",
    ),
    (r"^\s*(?:jv|pass(?: an?)? entry|jrnl|voucher)\b:?", "journal entry"),
    (
        r"^(?P<head>journal entry .*\bcr\b.*?\d)\s+(?!for\b)(?P<what>[a-z][a-z ]+)$",
        r"\g<head> for \g<what>",
    ),
    (r"^\s*how much cash (?:in hand|do we have|is there)\s*\??$", "cash balance"),
    (r"^\s*pending enquiries\b", "open enquiries"),
    (
        (
            r"^\s*(?:what is the )?status of (?P<whose>.+(?:['’]s|s['’]))"
            r" (?:enquiry|inquiry|lead)\s*\??$"
        ),
        r"summarise \g<whose> enquiry",
    ),
    (r"^\s*(?:pending|due) payments?(?: list)?\s*$", "who has not paid"),
    (r"^\s*(?:total|all) invoices\b", "show invoices"),
    (r"^\s*visas?(?: requirements?)?\s*\??\s*$", "visa for"),
    (r"^\s*pnr (?:status|check)(?: of| for)? (?P<code>[A-Z0-9]{6})\s*$", r"pnr \g<code>"),
    (r"^\s*cancel (?:the )?tickets? (?P<code>(?-i:[A-Z0-9]{6}))\s*$", r"cancel \g<code>"),
    (
        r"^\s*visas? on arrival (?:for|in) (?P<where>[a-z ]+?)\s*\??$",
        r"visa requirements for \g<where>",
    ),
    (
        (
            r"^\s*(?P<where>[a-z ]+?) visas? for (?P<whose>[a-z]+"
            r" (?:passports?|nationals?|citizens?))\s*\??$"
        ),
        r"visa requirements for \g<where>, \g<whose>",
    ),
    (
        r"^\s*(?P<way>one[- ]way|round trip) (?:fares?|flights?|tickets?)\b(?P<rest>.*)$",
        r"flights \g<rest> \g<way>",
    ),
    (
        r"^\s*(?:need|want|book|get|looking for)?\s*(?P<n>\d{1,2})\s+tickets?\b(?P<rest>.*)$",
        r"flights \g<rest> for \g<n> adults",
    ),
    (
        r"^\s*(?:please\s+|now\s+)*ticket (?:it|them|this|that|these|both|all)\b.*$",
        "issue the tickets",
    ),
    (r"^\s*(?:need |want |get )?tickets?\b", "flights"),
)
_RULES = tuple((re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in _TYPED)
_TWO_PLACES = (
    re.compile(
        r"^\s*(?:flights?|fares?)\s+(?P<a>[a-z]+)\s+(?P<b>[a-z]+)\b(?P<rest>.*)$", re.IGNORECASE
    ),
    re.compile(
        r"^\s*(?P<a>[a-z]+)\s+(?P<b>[a-z]+)\s+(?:flights?|fares?|tickets?)\b(?P<rest>.*)$",
        re.IGNORECASE,
    ),
)


def written_out(said: str) -> str:
    """The words with what was typed short written out; a letter, or anything long, as it is."""
    if "\n" in said.strip() or len(said) > SHORT_MAX:
        return said
    words = said
    for pattern, instead in _RULES:
        words = pattern.sub(instead, words)
    for pattern in _TWO_PLACES:
        match = pattern.match(words)
        codes = (
            [
                stations.code_of(match[end].upper()) or stations.code_of(match[end])
                for end in ("a", "b")
            ]
            if match
            else []
        )
        if match and all(codes):
            words = f"flights from {codes[0]} to {codes[1]}{match['rest']}"
    return re.sub(r"\s{2,}", " ", words).strip()
