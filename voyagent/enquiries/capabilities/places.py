"""Names and airport codes that mean the same city, such as `Mumbai` and `BOM`."""

from __future__ import annotations

from voyagent.kernel.text.stations import KNOWN


def spellings(place: str | None) -> list[str | None]:
    """Return a city as given, its airport code and its other names.

    `place` is a city's name or an airport code. The result has only `place` if it is not known, and
    is `[None]` if `place` is empty. A search then runs once for each item of the result.
    """
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
