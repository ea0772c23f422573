"""Find the capability that a sentence means, by example sentences.

The capabilities are ordered by two measures: the similarity to the examples by TF-IDF, and the log
odds that a sentence with these words means the capability. `mask` first replaces values by their
kinds, so that `paid 500` and `paid 2 lakh` are equal.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any

from voyagent.capabilities.capability import Capability
from voyagent.kernel.text.money_direction import money_direction
from voyagent.kernel.text.passages import squeezed
from voyagent.kernel.text.places import places_in
from voyagent.kernel.text.reading import read

NEIGHBOURS = 3
MASKED_MAX = 4096
"""Number of masked texts that are kept: those of all capabilities on two days."""
OFFERED_MAX = 3
NGRAM_SIZES = (3, 4)
_CENTRE = 0.7
"""Weight of the similarity to all examples, from 0 to 1.

The similarity to the nearest examples has the remaining weight. With 0.7, cross-validation finds
the right capability among the best three for 82 % of the sentences. With 0, it does so for 76 %.
"""
_NAME = "w <name>"
_SAME = 0.98
"""Similarity from which a sentence equals an example except for case and punctuation."""
_ODDS_WEIGHTS = {"w": 1.0, "p": 1.0, "c": 0.15}
"""Weights of words, pairs and n-grams in the log odds; a word has many n-grams."""
_ODDS_OF_SCORE = 50
"""Log odds that count as much as a score of 1."""
_SMOOTHING, _SMOOTHING_MIN = 0.9, 0.02
"""Weight of a feature's share in all sentences, and a constant, which smooth its counts."""
_FOLDS = 5
_WRONG_MAX = 0.07
"""Accepted share of examples for which a wrong capability is taken.

Examples are harder to match than users' messages: they differ more from each other. In
cross-validation one capability is left out, and its examples resemble those of similar
capabilities. For users' messages, a wrong capability is taken a quarter as often.
"""
_FOREIGN = 0.25
"""Assumed share of messages that ask for something that no capability does."""
_OFFER_KEEPS = 0.995
"""Share of sentences whose right capability must reach the score `offer`.

Only sentences count whose right capability is among the best `OFFERED_MAX` of the ranking.
"""

_NOT_IN_WORDS = re.compile(r"[^\w<>\u0900-\u0963]|_")
r"""Characters that are not part of words; vowel signs of Hindi are, although `\w` omits them."""


@dataclass(frozen=True, slots=True)
class Match:
    """A capability's name and how well it fits a sentence.

    `score` is the similarity of the sentence to the capability's examples, from 0 to 1. `odds` are
    the log odds that the sentence means the capability; unknown words in the sentence reduce them.
    """

    name: str
    score: float
    odds: float = 0.0

    @property
    def fit(self) -> float:
        """Sum of `score` and the weighted `odds`, by which matches are ordered."""
        return self.score + self.odds / _ODDS_OF_SCORE


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Limits for the use of matches.

    `take` is the minimum confidence at which a sentence clearly means a capability. `offer` is the
    minimum score of the capabilities from which a user may choose.
    """

    take: float = 0.65
    offer: float = 0.08


@dataclass(frozen=True, slots=True)
class Decision:
    """The capability that a sentence clearly means, and the best capabilities.

    `taken` is None if the sentence does not clearly mean a capability. `offered` has at most
    `OFFERED_MAX` capabilities, the best first.
    """

    taken: Match | None
    offered: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Tuning:
    """Thresholds, and their results on sentences that the matcher had not seen.

    Each result is a share of the sentences:

    - `first`: the right capability comes first.
    - `among_offered`: the right capability is among those that are offered.
    - `taken_rightly`, `taken_wrongly`: the right or a wrong capability is taken.
    - `foreign_taken`: a wrong capability is taken after the right capability was removed from the
      matcher.
    """

    thresholds: Thresholds
    first: float
    among_offered: float
    taken_rightly: float
    taken_wrongly: float
    foreign_taken: float

    @property
    def wrong(self) -> float:
        """Expected share of messages for which a wrong capability is taken."""
        return (1 - _FOREIGN) * self.taken_wrongly + _FOREIGN * self.foreign_taken


@dataclass(frozen=True, slots=True)
class Corpus:
    """Masked sentences by capability: examples, and descriptions such as titles."""

    examples: Mapping[str, Sequence[str]]
    descriptions: Mapping[str, Sequence[str]]


class Matcher:
    """Ranks capabilities by the similarity of their sentences to a message.

    A Matcher does not change after it is created, so several threads can use it at once.
    """

    def __init__(self, corpus: Corpus) -> None:
        rows = [
            (name, features(text))
            for name, texts in corpus.examples.items()
            for text in (*texts, *corpus.descriptions.get(name, ()))
        ]
        counts = Counter(feature for _, found in rows for feature in found)
        self._idf = {
            feature: math.log((1 + len(rows)) / (1 + count)) + 1
            for feature, count in counts.items()
        }
        self._names = [name for name, _ in rows]
        self._rows: dict[str, list[tuple[int, float]]] = defaultdict(list)
        sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for row, (name, found) in enumerate(rows):
            for feature, weight in self._vector(found).items():
                self._rows[feature].append((row, weight))
                sums[name][feature] += weight
        self._odds = _odds(rows, counts)
        self._idf_max = max(self._idf.values(), default=1.0)
        self._centres: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for name, total in sums.items():
            for feature, weight in _normed(total).items():
                self._centres[feature].append((name, weight))

    def rank(self, masked: str, *, by_letters: bool = False) -> list[Match]:
        """Return the capabilities that share a feature with the sentence, best first.

        A feature is a word, a pair of words, a part of a word, or a kind of value. If `by_letters`
        is false, the list is empty unless the sentence shares a word or a kind of value with the
        examples.
        """
        found = features(masked)
        vector = self._vector(found)
        if not by_letters and not any(feature.startswith("w ") for feature in vector):
            return []
        near: dict[int, float] = defaultdict(float)
        centre: dict[str, float] = defaultdict(float)
        for feature, weight in vector.items():
            for row, other in self._rows.get(feature, ()):
                near[row] += weight * other
            for name, other in self._centres.get(feature, ()):
                centre[name] += weight * other
        odds: dict[str, float] = defaultdict(float)
        for feature in vector:
            for name, weight in self._odds.get(feature, ()):
                odds[name] += weight
        explained = math.sqrt(self._explained(found))
        by_name: dict[str, list[float]] = defaultdict(list)
        for row, similarity in near.items():
            by_name[self._names[row]].append(similarity)
        matches = [
            Match(name, _score(values, centre[name]), odds[name] * explained)
            for name, values in by_name.items()
        ]
        return sorted(matches, key=lambda one: (one.score < _SAME, -one.fit, one.name))

    def _explained(self, found: Counter[str]) -> float:
        """Return the share of the sentence's words that occur in examples, from 0 to 1.

        Rare words count more. Stored names, which `mask` has replaced, do not count.
        """
        words = [feature for feature in found if feature.startswith("w ") and feature != _NAME]
        weights = [self._idf.get(word, self._idf_max) for word in words]
        known = sum(self._idf.get(word, 0.0) for word in words)
        return known / (sum(weights) or 1.0)

    def _vector(self, counts: Counter[str]) -> dict[str, float]:
        """Return the weights of the known features; unknown words are ignored."""
        return _normed(
            {
                feature: (1 + math.log(count)) * self._idf[feature]
                for feature, count in counts.items()
                if feature in self._idf
            }
        )


def decide(ranked: Sequence[Match], thresholds: Thresholds) -> Decision:
    """Return the capability that a ranking clearly means, and the best capabilities.

    `ranked` has the matches of a sentence, the best first.
    """
    offered = tuple(match for match in ranked[:OFFERED_MAX] if match.score >= thresholds.offer)
    if not offered:
        return Decision(None, ())
    best = offered[0]
    second = max(ranked[1:], key=lambda one: one.odds, default=Match("", 0.0))
    confidence = best.score + (best.odds - second.odds) / _ODDS_OF_SCORE
    is_example = best.score >= _SAME > max((one.score for one in ranked[1:]), default=0.0)
    return Decision(best if confidence >= thresholds.take or is_example else None, offered)


def mask(text: str, *, today: date, region: str = "IN", names: Sequence[str] = ()) -> str:
    """Return the text in lower case, with known values replaced by their kind.

    Such values are amounts, dates, towns and other places, and the stored names `names`. If a Hindi
    verb says that the agency received or gave money, `<received>` or `<given>` is added at the end.
    """
    text = squeezed(text)
    masked = read(text, today=today, region=region, names=names).masked
    for place in reversed(places_in(masked)):
        masked = f"{masked[: place.start()]}<place>{masked[place.end() :]}"
    direction = money_direction(text)
    return f"{masked} <{direction}>" if direction else masked


def corpus_of(capabilities: Iterable[Capability[Any]], *, today: date) -> Corpus:
    """Return the masked examples, titles and summaries of the capabilities.

    The examples are in all languages. Masking takes most of the time, so a process masks each text
    only once. The corpora of different roles have most texts in common.
    """
    examples, descriptions = {}, {}
    for capability in capabilities:
        examples[capability.name] = [
            _masked(text, today) for sentences in capability.examples.values() for text in sentences
        ]
        descriptions[capability.name] = [
            _masked(text, today) for text in (capability.title, capability.summary)
        ]
    return Corpus(examples, descriptions)


def features(text: str) -> Counter[str]:
    """Count the words, pairs of words and character n-grams of a text."""
    words = [stripped for word in text.lower().split() if (stripped := _NOT_IN_WORDS.sub("", word))]
    found = Counter(f"w {word}" for word in words)
    found.update(f"p {first} {second}" for first, second in pairwise(words))
    for word in words:
        if not word.startswith("<"):
            padded = f"^{word}$"
            found.update(
                f"c {padded[start : start + size]}"
                for size in NGRAM_SIZES
                for start in range(len(padded) - size + 1)
            )
    return found


def tune(corpus: Corpus) -> Tuning:
    """Return thresholds chosen by cross-validation on the examples alone."""
    known = [
        (name, ranked) for fold in range(_FOLDS) for name, ranked in _ranked_unseen(corpus, fold)
    ]
    foreign = [
        matcher.rank(text)
        for name, texts in corpus.examples.items()
        for matcher in [Matcher(_without(corpus, name))]
        for text in texts
    ]
    right = sorted(
        next(match.score for match in ranked if match.name == name)
        for name, ranked in known
        if any(match.name == name for match in ranked[:OFFERED_MAX])
    )
    offer = math.floor(right[int(len(right) * (1 - _OFFER_KEEPS))] * 100) / 100
    candidates = [
        _measure(Thresholds(take / 100, offer), known, foreign) for take in range(30, 121)
    ]
    fit = [one for one in candidates if one.wrong <= _WRONG_MAX]
    return max(fit or candidates, key=lambda one: one.taken_rightly - one.wrong)


@lru_cache(maxsize=MASKED_MAX)
def _masked(text: str, today: date) -> str:
    return mask(text, today=today)


def _score(similarities: list[float], centre: float) -> float:
    """Return the score of a capability from the similarities of its examples.

    The score is 1 if the sentence equals an example. `centre` is the similarity to all examples
    together.
    """
    if max(similarities) >= _SAME:
        return 1.0
    return (1 - _CENTRE) * _nearest(similarities) + _CENTRE * centre


def _odds(
    rows: Sequence[tuple[str, Counter[str]]], counts: Counter[str]
) -> dict[str, list[tuple[str, float]]]:
    """Return the log odds of each feature for the capabilities that have the feature.

    The result has, by feature, pairs of a capability's name and its log odds.
    """
    own = Counter((feature, name) for name, found in rows for feature in found)
    odds: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for (feature, name), count in own.items():
        all_of_it = counts[feature]
        smooth = _SMOOTHING * all_of_it / len(rows) + _SMOOTHING_MIN
        ratio = (count + smooth) / smooth
        others = (all_of_it + smooth) / (all_of_it - count + smooth)
        weight = _ODDS_WEIGHTS[feature[0]] * (math.log(ratio) + math.log(others))
        odds[feature].append((name, weight))
    return odds


def _nearest(similarities: list[float]) -> float:
    """Return the mean of the best similarity and of the average of the best three."""
    best = sorted(similarities, reverse=True)[:NEIGHBOURS]
    return (best[0] + sum(best) / NEIGHBOURS) / 2


def _normed(weights: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {feature: weight / length for feature, weight in weights.items()}


def _ranked_unseen(corpus: Corpus, fold: int) -> list[tuple[str, list[Match]]]:
    """Return the ranking of each sentence of a fold, for cross-validation.

    The matcher has the examples of all other folds. The result has pairs of the right capability's
    name and the ranking.
    """
    others = {
        name: [text for row, text in enumerate(texts) if row % _FOLDS != fold]
        for name, texts in corpus.examples.items()
    }
    matcher = Matcher(Corpus(others, corpus.descriptions))
    return [
        (name, matcher.rank(text))
        for name, texts in corpus.examples.items()
        for text in texts[fold::_FOLDS]
    ]


def _without(corpus: Corpus, name: str) -> Corpus:
    others = {one: texts for one, texts in corpus.examples.items() if one != name}
    return Corpus(others, corpus.descriptions)


def _measure(
    thresholds: Thresholds,
    known: Sequence[tuple[str, list[Match]]],
    foreign: Sequence[list[Match]],
) -> Tuning:
    decisions = [(name, decide(ranked, thresholds)) for name, ranked in known]
    taken = [(name, one.taken.name) for name, one in decisions if one.taken]
    right = sum(name == found for name, found in taken)
    firsts = sum(bool(one.offered) and one.offered[0].name == name for name, one in decisions)
    among = sum(any(match.name == name for match in one.offered) for name, one in decisions)
    abroad = sum(decide(ranked, thresholds).taken is not None for ranked in foreign)
    total = len(decisions) or 1
    return Tuning(
        thresholds,
        first=firsts / total,
        among_offered=among / total,
        taken_rightly=right / total,
        taken_wrongly=(len(taken) - right) / total,
        foreign_taken=abroad / (len(foreign) or 1),
    )
