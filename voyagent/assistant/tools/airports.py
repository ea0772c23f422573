"""A city and the code of its airport are one place: agencies write `DXB` in one enquiry and `Dubai` in the next."""

from __future__ import annotations

_PAIRS = """
AUH Abu Dhabi|AMD Ahmedabad|AMS Amsterdam|ATQ Amritsar|ATH Athens|BAH Bahrain|BKK Bangkok|BCN Barcelona|BLR Bengaluru|BLR Bangalore|DPS Bali|DPS Denpasar|
CAI Cairo|CCJ Calicut|CCJ Kozhikode|MAA Chennai|COK Kochi|COK Cochin|CMB Colombo|DEL Delhi|DEL New Delhi|DOH Doha|DXB Dubai|FRA Frankfurt|GVA Geneva|GOI Goa|
HAN Hanoi|HKG Hong Kong|HYD Hyderabad|IST Istanbul|JAI Jaipur|JED Jeddah|KTM Kathmandu|CCU Kolkata|KUL Kuala Lumpur|KWI Kuwait|LHR London|MAD Madrid|
MLE Male|MLE Maldives|MAN Manchester|MRU Mauritius|MED Medina|MED Madinah|MEL Melbourne|BOM Mumbai|MUC Munich|MCT Muscat|NBO Nairobi|JFK New York|CDG Paris|
HKT Phuket|PRG Prague|RUH Riyadh|FCO Rome|SHJ Sharjah|SIN Singapore|SYD Sydney|TPE Taipei|TAS Tashkent|TBS Tbilisi|TLV Tel Aviv|TRV Thiruvananthapuram|
TRV Trivandrum|NRT Tokyo|YYZ Toronto|VIE Vienna|ZNZ Zanzibar|ZRH Zurich
"""
_KNOWN = [(pair[:3], pair[4:]) for pair in _PAIRS.replace("\n", "").split("|")]


def spellings(place: str | None) -> list[str | None]:
    """A place as it was said and as else it is written; None stays as it is."""
    if not place:
        return [None]
    said = place.strip().casefold()
    code = next((code for code, city in _KNOWN if said in (code.casefold(), city.casefold())), None)
    if code is None:
        return [place]
    return list({word.casefold(): word for word in (place.strip(), code, *(city for known, city in _KNOWN if known == code))}.values())
