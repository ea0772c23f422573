"""Spellings in which the words of a person are found and replaced."""

from __future__ import annotations

import json
import time

import pytest
import sqlalchemy as sa

from voyagent.privacy.rules.spellings import PARTS_MAX, pattern_of, prefilter_of

REPLACED = [
    ("name", "Deepa Krishnan", "Visa for DEEPA KRISHNAN", "Visa for P"),
    ("name", "Deepa Krishnan", "for Krishnan, Deepa; and", "for P; and"),
    ("name", "Deepa Krishnan", "KRISHNAN/DEEPA MRS", "P MRS"),
    ("name", "Deepa Krishnan", "KRISHNAN/DEEPAMRS, krishnan/deepaMstr", "P, P"),
    ("name", "Deepa Krishnan", "KRISHNAN/DEEPAMIKA", "KRISHNAN/DEEPAMIKA"),
    ("name", "Zebulon Quuxford", "1.1QUUXFORD/ZEBULON MR  2.1FOX/AN MS", "1.1P MR  2.1FOX/AN MS"),
    ("name", "Zebulon Quuxford", "1QUUXFORD/ZEBULONMR, 01QUUXFORD/ZEBULON", "1P, 01P"),
    ("name", "Zebulon Quuxford", "2QUUXFORD/ZEBULON MR/ANNA MRS", "2P MR/ANNA MRS"),
    ("name", "3M India", "13M India and 3M India", "13M India and P"),
    ("name", "Mohammed bin Rashid Al Quuxi", "AL QUUXI/MOHAMMED BIN RASHID", "P"),
    ("name", "Mohammed bin Rashid Al Quuxi", "RASHID AL QUUXI/MOHAMMED BINMR", "P"),
    ("name", "Mr. & Mrs. Deepa Krishnan", "Deepa Krishnan", "P"),
    ("name", "लक्ष्\u200dमी नायर", "लक्ष्मी नायर, लक्ष्\u200cमी नायर", "P, P"),
    ("name", "लक्ष्मी नायर", "नायर लक्ष्\u200dमी", "P"),
    ("name", "\uff24\uff45\uff45\uff50\uff41 Krishnan", "Deepa Krishnan", "P"),
    ("name", "Deepa Krishnan", "Deepa  Krishnan and Deepa\nKrishnan", "P and P"),
    ("name", "Deepa Krishnan", "Deepa\u00a0Krishnan, Deepa-Krishnan", "P, P"),
    ("name", "Deepa Krishnan", "Deepa M. Krishnan, Deepa M Krishnan", "P, P"),
    ("name", "Deepa Krishnan", "Krishnan,Deepa", "P"),
    ("name", "Deepa Krishnan", "Deepa Menon and Asha Krishnan", "Deepa Menon and Asha Krishnan"),
    ("name", "Deepa K. (Kochi)", "Visa for DEEPA K. (Kochi)", "Visa for P"),
    ("name", "Seán O'Brien", "SEÁN O’BRIEN pays", "P pays"),
    ("name", "दीपा कृष्णन", "दीपा कृष्णन के लिए, दीपा  कृष्णन", "P के लिए, P"),
    ("name", "दीपा कृष्णन", "दिप कृष्णन", "दिप कृष्णन"),
    ("name", "Jos\u00e9 Nu\u00f1ez", "JOSE\u0301 Nun\u0303ez flies", "P flies"),
    ("name", "Jose\u0301 Nun\u0303ez", "Jos\u00e9 Nu\u00f1ez", "P"),
    (
        "name",
        "\u0930\u092e\u0947\u0936 \u0916\u0921\u093c\u0938\u0947",
        "\u0930\u092e\u0947\u0936 \u0916\u095c\u0938\u0947",
        "P",
    ),
    ("name", "Anna Maria Lopez", "Lopez, Anna Maria", "P"),
    (
        "name",
        "Tina",
        "Argentina, destination; Tina flies\\nTina",
        "Argentina, destination; P flies\\nP",
    ),
    (
        "name",
        "Deepa Krishnan",
        "Adeepa Krishnan and Deepa Krishnanji",
        "Adeepa Krishnan and Deepa Krishnanji",
    ),
    ("name", "दीप", "दीपा के साथ दीप", "दीपा के साथ P"),
    ("name", "李雷", "给李雷先生的票", "给P先生的票"),
    ("name", "Jo", "Jo and Joan", "P and Joan"),
    ("name", "Anna Maria Lopez", "Anna Lopez, ANNA M. LOPEZ", "P, P"),
    ("name", "K. Maria Lopez", "Derek Lopez", "Derek Lopez"),
    ("name", "Dr. Ophelia Ravenscar", "Ophelia Ravenscar and Dr. Ophelia Ravenscar", "P and P"),
    ("name", "Dr. Ravenscar", "Dr Ravenscar and Mr. Ravenscar", "P and Mr. Ravenscar"),
    ("name", "श्रीमती दीपा कृष्णन", "दीपा कृष्णन", "P"),
    ("name", "a.b Ltd", "axb Ltd", "axb Ltd"),
    ("name", "C:\\temp", "C:\\temp $1", "P $1"),
    (
        "email",
        "deepa.k@example.com",
        "DEEPA.K@EXAMPLE.COM deepaxk@example.com",
        "P deepaxk@example.com",
    ),
    ("phone", "+91 98470 12345", "9847012345, 98470-12345, (98470) 12345", "P, P, (P"),
    ("phone", "+91 98470 12345", "98470.12345 and +919847012345", "P and P"),
    ("phone", "+91 98470 12345", "98470 12346", "98470 12346"),
    ("address", "14 Lantern Lane, Kochi", "14 Lantern Lane\nKochi", "P"),
    ("passport", "Z1234567", "z 1234567", "P"),
]


@pytest.mark.parametrize(("kind", "word", "given", "wanted"), REPLACED)
def test_a_prefilter_matches_wherever_its_pattern_does(
    kind: str, word: str, given: str, wanted: str, owner_engine: sa.Engine
) -> None:
    pattern = pattern_of(kind, word)
    assert pattern is not None
    statement = sa.text("select not :t ~* :w or :t ~* :p")
    with owner_engine.connect() as connection:
        values = {"t": given, "w": pattern, "p": prefilter_of(kind, word)}
        assert connection.scalar(statement, values), wanted
    assert len(prefilter_of(kind, word)) < 160


@pytest.mark.parametrize(("kind", "word", "given", "wanted"), REPLACED)
def test_a_word_is_replaced_in_its_spellings(
    kind: str, word: str, given: str, wanted: str, owner_engine: sa.Engine
) -> None:
    pattern = pattern_of(kind, word)
    assert pattern is not None
    statement = sa.text("select app.without_words(:t, array[:w], 'P')")
    with owner_engine.connect() as connection:
        assert connection.scalar(statement, {"t": given, "w": pattern}) == wanted


@pytest.mark.parametrize(
    ("kind", "word"), [("name", "L"), ("email", ""), ("phone", "12 34 56"), ("phone", "")]
)
def test_a_short_word_identifies_nobody(kind: str, word: str) -> None:
    assert pattern_of(kind, word) is None


def test_a_replaced_word_leaves_json_valid(owner_engine: sa.Engine) -> None:
    given = {"travellers": ["Deepa", "Krishnan"], "Deepa": "Krishnan", "note": "Deepa\nKrishnan"}
    pattern = pattern_of("name", "Deepa Krishnan")
    assert pattern is not None
    statement = sa.text("select app.without_words(:t, array[:w], 'P')")
    with owner_engine.connect() as connection:
        text = connection.scalar(statement, {"t": json.dumps(given), "w": pattern})
    changed = json.loads(text)
    assert changed == given | {"note": "P"}


def test_no_text_stays_no_text(owner_engine: sa.Engine) -> None:
    with owner_engine.connect() as connection:
        assert (
            connection.scalar(sa.text("select app.without_words(null, array['abc'], 'P')")) is None
        )


@pytest.mark.parametrize(
    ("part", "between", "last"),
    [
        ("a", " ", "z"),
        ("ab", " ___ ", "zz"),
        ("ab", ". ", "zz"),
        ("ab", "\\n ", "zz"),
        ("–b", " – ", "zz"),
        ("का", " ", "zz"),
        ("ab", " c ", "zz"),
    ],
)
def test_a_text_that_nearly_has_the_name_takes_little_time(
    part: str, between: str, last: str, owner_engine: sa.Engine
) -> None:
    pattern = pattern_of("name", f"{' '.join([part] * (PARTS_MAX - 1))} {last}")
    assert pattern is not None
    text = between.join([part] * 2_000)
    begun = time.monotonic()
    with owner_engine.connect() as connection:
        assert not connection.scalar(sa.text("select :t ~* :p"), {"t": text, "p": pattern})
    assert time.monotonic() - begun < 1


def test_the_database_compares_a_name_of_many_parts_in_little_time(
    owner_engine: sa.Engine,
) -> None:
    pattern = pattern_of("name", "a " * 124 + "az")
    statement = sa.text("select cast(:t as text) ~* :p")
    begun = time.monotonic()
    with owner_engine.connect() as connection:
        assert connection.scalar(statement, {"t": "a. " * 3_300, "p": pattern})
    assert time.monotonic() - begun < 1
