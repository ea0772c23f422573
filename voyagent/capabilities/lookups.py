"""Shared parts of lookups: find the records of a party that is named in a text."""

from __future__ import annotations

from collections.abc import Sequence

from voyagent.capabilities.capability import Choice
from voyagent.kernel.text.names import find_known_names, near_names
from voyagent.kernel.text.naming import find_names


def of_party(
    choices: Sequence[tuple[Choice, str]], text: str, *, is_asked: bool = False
) -> list[Choice]:
    """Return the choices of the parties that a text names.

    `choices` are pairs of a choice and the name of its party. Without such a party, the choices of
    parties with a similar name are returned, and without these all choices. `is_near` marks a
    choice that the text may not mean: one of a similar name, or, if `is_asked` is true, each choice
    after the name of a party that has none.
    """
    names = list(dict.fromkeys(name for _, name in choices))
    meant = {found.name for found in find_known_names(text, names)}
    if meant:
        return [one for one, name in choices if name in meant]
    near = set(near_names(text, names))
    if near:
        return [one._replace(is_near=True) for one, name in choices if name in near]
    is_other = is_asked and bool(find_names(text))
    return [one._replace(is_near=is_other) for one, _ in choices]
