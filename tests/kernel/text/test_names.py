"""Known names are found where they are written as a whole."""

from __future__ import annotations

import pytest

from tests.cpu_time import cpu_seconds
from voyagent.kernel.text.names import find_known_names, near_names

COUPLE, ZAIN, FIRM = "Anitha and Suresh Pillai", "Zain Merchant", "Al Noor Trading LLC"
HINDI = "सुरेश पिल्लई"
KNOWN = (COUPLE, ZAIN, FIRM, "Ravi Kumar", "P. K. Warrier", HINDI, "Rohini Bose")


def found(text: str) -> list[str]:
    return [one.name for one in find_known_names(text, KNOWN)]


@pytest.mark.parametrize(
    "text",
    [
        "new enquiry from Rohan Pillai, 2 adults to Bali",
        "rohan pillai paid 20000",
        "Ravi Kumar Menon wants a Bali package",
        "invoice for Rohan Bose 5000",
        "new lead: Rohan Bose",
        "received 5000 from Noor Jewellers",
        "enquiry from Neeta Merchant",
        "रोहन पिल्लई ने 20000 दिए",
        "a tour with a trading party of 12",
        "from Suresh Nair for Goa",
        "from Harish Bedi, pillai@example.com",
    ],
)
def test_a_name_that_shares_a_word_with_a_known_one_is_unknown(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("payment from Pillai", COUPLE),
        ("Mr and Mrs Pillai want a quote", COUPLE),
        ("Suresh Pillai paid 20k", COUPLE),
        ("Pillai's balance?", COUPLE),
        ("Al Noor paid 90,000 by neft", FIRM),
        ("merchant zain ka balance", ZAIN),
        ("mr. zain merchant", ZAIN),
        ("rcvd 5000 frm zain merchent", ZAIN),
        ("Z Merchant called", ZAIN),
        ("statement of PK Warrier", "P. K. Warrier"),
        ("सुरेश पिल्लई से 5000 मिले", HINDI),
        ("पिल्लई जी का बिल", HINDI),
        ("enquiry ravi kumar goa 3 pax", "Ravi Kumar"),
    ],
)
def test_a_known_name_is_recognized(text: str, name: str) -> None:
    assert found(text) == [name]


def test_known_names_that_share_a_word_are_similar() -> None:
    assert near_names("invoices of Rohan Pillai", KNOWN) == [COUPLE]
    assert near_names("invoices of 5 December", KNOWN) == []


def test_many_long_names_are_looked_for_in_a_long_message_in_little_time() -> None:
    ends = ("anesh", "eepika", "iyajay", "ohanit", "eshika", "jayan", "itohan", "ikadeep")
    words = [f"{one}{end}" for one in ("Kri", "Pra", "Sha", "Dev", "Man") for end in ends]
    names = [f"{' '.join((words * 2)[n % 40 : n % 40 + 25])} {n}" for n in range(200)]
    pairs = (f"{one[:-1]} {other[:-1]}" for one in words for other in words)
    message = f"paid {', '.join(pairs)}"[:4_000]

    def look() -> None:
        find_known_names(message, names)
        assert len(near_names(message, names)) == len(names)

    assert cpu_seconds(look) < 0.3
