"""A city and the code of its airport are one place: agencies write `DXB` in one enquiry and `Dubai`
in the next.
"""

from __future__ import annotations

from voyagent.kernel.text.stations import KNOWN


def spellings(place: str | None) -> list[str | None]:
    """A place as it was said and as else it is written; None stays as it is."""
    if not place:
        return [None]
    said = place.strip().casefold()
    code = next((code for code, city in KNOWN if said in (code.casefold(), city.casefold())), None)
    if code is None:
        return [place]
    return list(
        {
            word.casefold(): word
            for word in (place.strip(), code, *(city for known, city in KNOWN if known == code))
        }.values()
    )
