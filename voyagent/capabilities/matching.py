"""Match a sentence to capabilities by its similarity to their example sentences.

Features are words, pairs of words and character n-grams, weighted by TF-IDF. `mask` replaces
values by their kinds before, so `paid 500` and `paid 2 lakh` are alike.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, product
from typing import Any

from voyagent.capabilities.capability import Capability
from voyagent.kernel.text.places import places_in
from voyagent.kernel.text.reading import read

NEIGHBOURS = 3
OFFERED_MAX = 3
NGRAM_SIZES = (3, 4)
_CENTRE = 0.7
"""Weight of the similarity to all examples together, against that to the nearest ones.

With 0.7, cross-validation has 82 % of the sentences among the best three; with 0, it has 76 %.
"""
_SAME = 0.98
"""Similarity from which a sentence is the same as an example, but for case and punctuation."""
_FOLDS = 5
_WRONG_MAX = 0.03
"""Accepted share of sentences that are taken for a capability that is not theirs."""
_FOREIGN = 0.25
"""Assumed share of messages that ask for what no capability does."""
_OFFER_KEEPS = 0.995
"""Share of sentences with their capability among the best that `offer` must let pass."""

_NOT_IN_WORDS = re.compile(r"[^\w<>\u0900-\u0963]|_")
"""Marks; the vowel signs of Hindi are none, although `\\w` leaves them out."""


@dataclass(frozen=True, slots=True)
class Match:
    """A capability's name and the similarity of its examples to a sentence, 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores from which the best capability is taken, or several are offered.

    To be taken, the best one must also lead the second by `lead`.
    """

    take: float = 0.36
    lead: float = 0.1
    offer: float = 0.08


@dataclass(frozen=True, slots=True)
class Decision:
    """The capability that a sentence clearly means, if any, and the best ones in order."""

    taken: Match | None
    offered: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Tuning:
    """Thresholds, and their results on sentences that the matcher had not seen.

    Figures are shares of all sentences. `foreign_taken` is the share taken for a wrong
    capability if their own capability does not exist.
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
    """Sentences as vectors in inverted indexes. Built once, then safe for concurrent use."""

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
        self._centres: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for name, total in sums.items():
            for feature, weight in _normed(total).items():
                self._centres[feature].append((name, weight))

    def rank(self, masked: str) -> list[Match]:
        """Return the capabilities that share a feature with the sentence, best first.

        Without a word or value of the examples it matches nothing: parts of words say too little.
        """
        vector = self._vector(features(masked))
        if not any(feature.startswith("w ") for feature in vector):
            return []
        near: dict[int, float] = defaultdict(float)
        centre: dict[str, float] = defaultdict(float)
        for feature, weight in vector.items():
            for row, other in self._rows.get(feature, ()):
                near[row] += weight * other
            for name, other in self._centres.get(feature, ()):
                centre[name] += weight * other
        by_name: dict[str, list[float]] = defaultdict(list)
        for row, similarity in near.items():
            by_name[self._names[row]].append(similarity)
        matches = [Match(name, _score(values, centre[name])) for name, values in by_name.items()]
        return sorted(matches, key=lambda match: (-match.score, match.name))

    def _vector(self, counts: Counter[str]) -> dict[str, float]:
        """Weights of the known features; an unknown word says nothing for or against."""
        return _normed(
            {
                feature: (1 + math.log(count)) * self._idf[feature]
                for feature, count in counts.items()
                if feature in self._idf
            }
        )


def decide(ranked: Sequence[Match], thresholds: Thresholds) -> Decision:
    """Take the best capability if it is clear enough; offer those that are near."""
    offered = tuple(match for match in ranked[:OFFERED_MAX] if match.score >= thresholds.offer)
    if not offered:
        return Decision(None, ())
    second = ranked[1].score if len(ranked) > 1 else 0.0
    best = offered[0]
    is_clear = best.score >= thresholds.take and best.score - second >= thresholds.lead
    return Decision(best if is_clear else None, offered)


def mask(text: str, *, today: date, region: str = "IN", names: Sequence[str] = ()) -> str:
    """Return the text in small letters with values, known names and places as their kinds."""
    masked = read(text, today=today, region=region, names=names).masked
    for place in reversed(places_in(masked)):
        masked = f"{masked[: place.start()]}<place>{masked[place.end() :]}"
    return masked


def corpus_of(capabilities: Iterable[Capability[Any]], *, today: date) -> Corpus:
    """Mask the example sentences in all languages, the title and the summary of each."""
    examples, descriptions = {}, {}
    for capability in capabilities:
        examples[capability.name] = [
            mask(text, today=today)
            for sentences in capability.examples.values()
            for text in sentences
        ]
        descriptions[capability.name] = [
            mask(text, today=today) for text in (capability.title, capability.summary)
        ]
    return Corpus(examples, descriptions)


def features(text: str) -> Counter[str]:
    """Count the words, the pairs of words and the character n-grams within words."""
    words = [kept for word in text.lower().split() if (kept := _NOT_IN_WORDS.sub("", word))]
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
    """Choose thresholds by cross-validation on the examples alone.

    Sentences of a capability that the matcher does not know stand for what no capability does.
    """
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
        _measure(Thresholds(take / 100, lead / 100, offer), known, foreign)
        for take, lead in product(range(20, 61, 2), range(2, 21))
    ]
    fit = [one for one in candidates if one.wrong <= _WRONG_MAX]
    return max(fit or candidates, key=lambda one: one.taken_rightly - one.wrong)


def _score(similarities: list[float], centre: float) -> float:
    """An example itself is certain; else near examples and all examples together count."""
    if max(similarities) >= _SAME:
        return 1.0
    return (1 - _CENTRE) * _nearest(similarities) + _CENTRE * centre


def _nearest(similarities: list[float]) -> float:
    """The mean of the best one and of the best three."""
    best = sorted(similarities, reverse=True)[:NEIGHBOURS]
    return (best[0] + sum(best) / NEIGHBOURS) / 2


def _normed(weights: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
    return {feature: weight / length for feature, weight in weights.items()}


def _ranked_unseen(corpus: Corpus, fold: int) -> list[tuple[str, list[Match]]]:
    """Rank each sentence of a fold by a matcher that was built from the other folds."""
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
