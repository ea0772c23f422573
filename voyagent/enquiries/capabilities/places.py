"""Alternative spellings of a place in enquiries."""

from __future__ import annotations

from voyagent.kernel.text.stations import KNOWN


def spellings(place: str | None) -> list[str | None]:
    """Return a place as given and its other spellings; `[None]` if no place is given."""
    if not place:
        return [None]
    wanted = place.strip().casefold()
    code = next(
        (code for code, city in KNOWN if wanted in (code.casefold(), city.casefold())), None
    )
    if code is None:
        return [place]
    cities = (city for known, city in KNOWN if known == code)
    return list({word.casefold(): word for word in (place.strip(), code, *cities)}.values())
