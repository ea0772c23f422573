"""Find the records of a customer or supplier that is named in a text."""

from __future__ import annotations

from collections.abc import Sequence

from voyagent.capabilities.capability import Choice
from voyagent.kernel.text.names import find_known_names, near_names
from voyagent.kernel.text.naming import find_names


def of_party(
    choices: Sequence[tuple[Choice, str]], text: str, *, is_asked: bool = False
) -> list[Choice]:
    """Return the choices whose customer or supplier is named in a text.

    `choices` are pairs of a choice and the name of its customer or supplier. If the text has none
    of these names, the choices with a similar name are returned, with `is_near` true. If no name is
    similar either, all choices are returned. If the text then names somebody else and `is_asked` is
    true, all of them have `is_near` true, so the user must choose one.
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
