"""Numbers of travellers are read from abbreviations of staff."""

from __future__ import annotations

import pytest

from voyagent.kernel.text.party_size import party_size


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("2ad 1ch goa", {"adult": 2, "child": 1}),
        ("2+1 to Bali", {"adult": 2, "child": 1}),
        ("2 bade 2 bachche", {"adult": 2, "child": 2}),
        ("do log", {"adult": 2}),
        ("4 लोगों के लिए", {"adult": 4}),
        ("me and my parents", {"adult": 3}),
        ("with wife and 2 kids", {"adult": 2, "child": 2}),
        ("Mr and Mrs Khanna", {"adult": 2}),
        ("rooms for 5 in Munnar", {"adult": 5}),
        ("Goa for 5 nights", None),
        ("tour for two families", None),
    ],
)
def test_short_words_give_the_number_of_travellers(
    text: str, counts: dict[str, int] | None
) -> None:
    found = party_size(text)
    assert (found.counts if found else None) == counts
