"""Sentences are matched to capabilities by their examples.

Cross-validation sets the thresholds.
"""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from flask import Flask

from voyagent.capabilities import matching, registry
from voyagent.capabilities.matching import (
    Corpus,
    Decision,
    Match,
    Matcher,
    Thresholds,
    Tuning,
    corpus_of,
    decide,
    features,
    mask,
    tune,
)

THRESHOLDS = Thresholds(take=0.6, offer=0.2)
masked = partial(mask, today=date(2026, 11, 30))
PAY = [
    "paid <amount> by <name>",
    "received <amount> from <name>",
    "got <amount> in cash",
    "<name> paid <amount>",
    "payment of <amount> received",
]
FLY = [
    "flights from <place> to <place>",
    "search flights <place> <place> <date>",
    "cheapest flight to <place>",
    "flight options <place> <date>",
    "flights for <people> to <place>",
]
CORPUS = Corpus({"pay": PAY, "fly": FLY}, {"pay": ["record a receipt"]})


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("received 2 lakh on 5 Dec from Deepa Krishnan", "received <amount> <date> from <name>"),
        ("flights Kochi for 2 adults", "flights <place> for <people>"),
        ("[30/11/26, 10:42 am] hello there", "hello there"),
    ],
)
def test_values_names_and_places_are_replaced_by_their_kinds(text: str, kinds: str) -> None:
    assert masked(text, names=["Deepa Krishnan"]).replace("on <date>", "<date>") == kinds


def test_a_text_of_several_corpora_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    known = list(registry.every())[:2]
    whole = corpus_of(known, today=date(2026, 11, 29))
    monkeypatch.setattr(matching, "read", lambda *_arguments, **_options: pytest.fail("read again"))
    part = corpus_of(known[1:], today=date(2026, 11, 29))
    assert part.examples == {known[1].name: whole.examples[known[1].name]}


def test_features_are_words_pairs_and_ngrams_of_words_but_not_of_kinds() -> None:
    found = features("pay <amount>")
    assert {"w pay", "w <amount>", "p pay <amount>", "c ^pa", "c pay$"} <= set(found)
    assert not any(feature.startswith("c") and "<" in feature for feature in found)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("we received <amount>", "pay"),
        ("recieved <amount> frm <name>", "pay"),
        ("any flghts to <place>?", "fly"),
        ("a receipt please", "pay"),
    ],
)
def test_the_nearest_capability_is_first_in_spite_of_typing_errors(
    sentence: str, name: str
) -> None:
    assert Matcher(CORPUS).rank(sentence)[0].name == name


def test_a_sentence_without_a_known_feature_matches_nothing() -> None:
    assert Matcher(CORPUS).rank("xyzzy") == []


def test_scores_are_between_0_and_1() -> None:
    ranked = Matcher(CORPUS).rank(PAY[0])
    assert 0 <= ranked[-1].score <= ranked[0].score <= 1


@pytest.mark.parametrize(
    ("scores", "taken", "offered"),
    [
        ((0.5, 0.4), "a", "ab"),
        ((0.49, 0.1), None, "a"),
        ((0.3, 0.25, 0.22, 0.21), None, "abc"),
        ((0.5, 0.4, 0.3), "a", "abc"),
        ((0.19,), None, ""),
        ((), None, ""),
    ],
)
def test_a_clear_match_is_taken_and_up_to_three_are_offered(
    scores: tuple[float, ...], taken: str | None, offered: str
) -> None:
    odds = (20, 15, 10, 5)
    ranked = [Match(*one) for one in zip("abcd", scores, odds, strict=False)]
    decision = decide(ranked, THRESHOLDS)
    assert (decision.taken.name if decision.taken else None) == taken
    assert [match.name for match in decision.offered] == list(offered)


def test_a_capability_without_a_clear_lead_is_only_offered() -> None:
    near = [Match("a", 0.5, 20), Match("b", 0.4, 19)]
    assert decide(near, THRESHOLDS).taken is None


def test_an_example_is_taken_unless_two_capabilities_have_it() -> None:
    example, other, twin = Match("a", 1.0, 3), Match("b", 0.9, 60), Match("b", 1.0, 3)
    assert decide([example, other], THRESHOLDS).taken == example
    sure = Thresholds(take=1.1, offer=0.2)
    assert decide([example, twin], sure).taken is None


def test_a_verb_distinguishes_capabilities_on_one_subject() -> None:
    find = [f"find {words}" for words in ("invoice <number>", "the invoice of <name>", "invoices")]
    make = [text.replace("find", "create") for text in find]
    ranked = Matcher(Corpus({"find": find, "make": make}, {})).rank("create an invoice for <name>")
    assert ranked[0].name == "make"
    assert ranked[0].odds > ranked[1].odds


def test_unknown_words_lower_the_odds() -> None:
    matcher = Matcher(CORPUS)
    assert matcher.rank("flights to <place> xyzzy foo")[0].odds < matcher.rank(FLY[2][9:])[0].odds


def test_without_matches_nothing_is_decided() -> None:
    assert decide([], THRESHOLDS) == Decision(None, ())


def test_tuning_takes_known_messages_and_refuses_foreign_ones() -> None:
    tuning = tune(CORPUS)
    assert tuning.first == tuning.among_offered == 1
    assert tuning.taken_rightly > 0
    assert tuning.taken_wrongly == 0
    assert 0 < tuning.thresholds.offer <= tuning.thresholds.take


def test_a_quarter_of_the_messages_is_assumed_to_be_foreign() -> None:
    tuning = Tuning(THRESHOLDS, 1, 1, 1, taken_wrongly=0.04, foreign_taken=0.08)
    assert tuning.wrong == pytest.approx(0.05)


def test_the_command_prints_thresholds_and_results(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = registry.every()[:6]  # because all of them take half a minute
    monkeypatch.setattr(registry, "every", lambda: some)
    result = app.test_cli_runner().invoke(args=["examples", "tune"])
    assert result.exit_code == 0, result.output
    assert "chosen: take " in result.output
    assert f"in use: take {Thresholds().take}" in result.output
    assert "%  taken and wrong" in result.output
