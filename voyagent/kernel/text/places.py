"""Find places in plain text.

Places are well-known names in upper or lower case, airport codes in capitals, and capitalised words
after `to` or `trip to`. Common airport codes in small letters are read in a pair, as in `del-bom`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, partial

_NAMES = """
Abu Dhabi|Addis Ababa|Adelaide|Agra|Ahmedabad|Ajman|Ajmer|Al Ain|Alaska|Allahabad|Alleppey|Almaty|
Amarnath|Amritsar|Amsterdam|Andaman|Angkor Wat|Ankara|Antalya|Astana|Athens|Atlanta|Auckland|Auli|
Aurangabad|Australia|Austria|Ayodhya|Azerbaijan|Badrinath|Bagdogra|Bahrain|Baku|Bali|Bangalore|
Bangkok|Barcelona|Beijing|Belgium|Belgrade|Bengaluru|Bergen|Berlin|Bhopal|Bhubaneswar|Bhutan|
Bintan|Birmingham|Bishkek|Bodh Gaya|Bora Bora|Boracay|Boston|Bratislava|Brazil|Brisbane|Bruges|
Brussels|Bucharest|Budapest|Buenos Aires|Bukhara|Busan|Cairns|Cairo|Calgary|Calicut|Cambodia|
Canada|Cancun|Cannes|Cape Town|Cappadocia|Casablanca|Cebu|Chandigarh|Char Dham|Chardham|Chennai|
Chiang Mai|Chicago|China|Christchurch|Cochin|Coimbatore|Colombo|Coorg|Copenhagen|Croatia|Cyprus|
Da Nang|Dalhousie|Dallas|Damascus|Dammam|Dar es Salaam|Darjeeling|Dehradun|Delhi|Delhi NCR|Denmark|
Denpasar|Denver|Dhaka|Dharamshala|Diu|Doha|Dubai|Dublin|Dubrovnik|Durban|Dwarka|Edinburgh|Egypt|
England|Europe|Fiji|Finland|Florence|France|Frankfurt|Fujairah|Gangtok|Geneva|Genting|Georgia|
Germany|Glasgow|Goa|Gokarna|Gold Coast|Gorakhpur|Greece|Gulmarg|Guwahati|Halong Bay|Hampi|Hanoi|
Haridwar|Havelock|Hawaii|Helsinki|Himachal|Ho Chi Minh City|Hokkaido|Holy Land|Hong Kong|Honolulu|
Houston|Hubli|Hungary|Hyderabad|Ibiza|Iceland|Imphal|India|Indonesia|Indore|Interlaken|Ireland|
Islamabad|Israel|Istanbul|Italy|Jabalpur|Jaipur|Jaisalmer|Jakarta|Jammu|Jamnagar|Japan|Jeddah|Jeju|
Jerusalem|Jim Corbett|Jodhpur|Johannesburg|Jordan|Kannur|Kanpur|Kanyakumari|Karachi|Kashmir|Kasol|
Kathmandu|Katra|Kazakhstan|Kaziranga|Kedarnath|Kenya|Kerala|Khajuraho|Kochi|Kodaikanal|Kolkata|
Korea|Kovalam|Kozhikode|Krabi|Krakow|Kuala Lumpur|Kumarakom|Kutch|Kuwait|Kyoto|Ladakh|Lagos|Lahore|
Lakshadweep|Langkawi|Laos|Las Vegas|Leh|Lima|Lisbon|Lonavala|London|Los Angeles|Luang Prabang|
Lucerne|Lucknow|Luxor|Lyon|Macau|Madinah|Madrid|Madurai|Mahabaleshwar|Makkah|Malaga|Malaysia|
Maldives|Male|Male City|Mallorca|Malta|Manali|Manchester|Mangalore|Mangaluru|Manila|Marrakech|
Masai Mara|Matheran|Mauritius|Mecca|Medina|Melbourne|Mexico|Miami|Milan|Milano|Minsk|Monaco|
Montreal|Morocco|Moscow|Mount Abu|Mumbai|Munich|Munnar|Murree|Muscat|Mussoorie|Mysore|Mysuru|Nadi|
Nagpur|Nainital|Nairobi|Naples|Nashik|Nathdwara|Nepal|Netherlands|New Delhi|New York|New Zealand|
Niagara|Nice|Norway|Oman|Ooty|Orlando|Osaka|Oslo|Ottawa|Pahalgam|Palawan|Paris|Patna|Pattaya|
Penang|Perth|Petra|Philadelphia|Philippines|Phu Quoc|Phuket|Poland|Pondicherry|Port Blair|Porto|
Portugal|Prague|Pune|Punjab|Puri|Pushkar|Qatar|Queenstown|Raipur|Rajasthan|Rajkot|Rameshwaram|
Rameswaram|Ranchi|Ranthambore|Ras Al Khaimah|Reykjavik|Rhodes|Rio de Janeiro|Rishikesh|Riyadh|Rome|
Rotorua|Russia|Salalah|Salzburg|Samarkand|San Francisco|Santorini|Saudi Arabia|Scotland|Seattle|
Sentosa|Seoul|Serengeti|Seville|Seychelles|Shanghai|Sharjah|Shenzhen|Shillong|Shimla|Shirdi|
Siem Reap|Sikkim|Singapore|Sofia|Somnath|Sonamarg|South Africa|Spain|Spiti|Sri Lanka|Srinagar|
St Petersburg|Stockholm|Stuttgart|Surat|Surat Thani|Sweden|Switzerland|Sydney|Taipei|Taiwan|
Tanzania|Tashkent|Tawang|Tbilisi|Tehran|Tel Aviv|Thailand|Thekkady|Thiruvananthapuram|
Tiruchirappalli|Tirupati|Tokyo|Toronto|Trichy|Trivandrum|Tromso|Turkey|Turkiye|UAE|Ubud|Udaipur|
Uganda|Ujjain|UK|Ukraine|United Kingdom|United States|US|USA|Uzbekistan|Vadodara|Vaishno Devi|
Valencia|Vancouver|Varanasi|Varkala|Venice|Vienna|Vietnam|Vijayawada|Visakhapatnam|Vizag|Warsaw|
Washington|Wayanad|Wellington|Yangon|Yerevan|Zagreb|Zanzibar|Zermatt|Zimbabwe|Zurich
"""
_HINDI_NAMES = """
दिल्ली=Delhi|नई दिल्ली=New Delhi|मुंबई=Mumbai|मुम्बई=Mumbai|बंबई=Mumbai|गोवा=Goa|
दुबई=Dubai|आबू धाबी=Abu Dhabi|अबू धाबी=Abu Dhabi|शारजाह=Sharjah|चेन्नई=Chennai|
कोलकाता=Kolkata|बेंगलुरु=Bengaluru|बैंगलोर=Bangalore|हैदराबाद=Hyderabad|पुणे=Pune|
अहमदाबाद=Ahmedabad|जयपुर=Jaipur|उदयपुर=Udaipur|लखनऊ=Lucknow|कोच्चि=Kochi|
मुन्नार=Munnar|केरल=Kerala|कश्मीर=Kashmir|श्रीनगर=Srinagar|शिमला=Shimla|
मनाली=Manali|लद्दाख=Ladakh|लेह=Leh|अंडमान=Andaman|राजस्थान=Rajasthan|आगरा=Agra|
वाराणसी=Varanasi|अमृतसर=Amritsar|हरिद्वार=Haridwar|ऋषिकेश=Rishikesh|इंदौर=Indore|
भोपाल=Bhopal|नागपुर=Nagpur|सूरत=Surat|पटना=Patna|चंडीगढ़=Chandigarh|बैंकॉक=Bangkok|
पटाया=Pattaya|फुकेत=Phuket|थाईलैंड=Thailand|सिंगापुर=Singapore|मलेशिया=Malaysia|
कुआलालंपुर=Kuala Lumpur|बाली=Bali|इंडोनेशिया=Indonesia|मालदीव=Maldives|
श्रीलंका=Sri Lanka|नेपाल=Nepal|काठमांडू=Kathmandu|भूटान=Bhutan|मॉरीशस=Mauritius|
वियतनाम=Vietnam|लंदन=London|पेरिस=Paris|रोम=Rome|यूरोप=Europe|
स्विट्जरलैंड=Switzerland|फ्रांस=France|इटली=Italy|जर्मनी=Germany|तुर्की=Turkey|
इस्तांबुल=Istanbul|अमेरिका=USA|न्यूयॉर्क=New York|कनाडा=Canada|
ऑस्ट्रेलिया=Australia|सिडनी=Sydney|जापान=Japan|टोक्यो=Tokyo|चीन=China|
हांगकांग=Hong Kong|दोहा=Doha|कतर=Qatar|मस्कट=Muscat|ओमान=Oman|कुवैत=Kuwait|
बहरीन=Bahrain|रियाद=Riyadh|जेद्दा=Jeddah|मक्का=Makkah|मदीना=Madinah|यूएई=UAE|
यूके=UK|ब्रिटेन=UK|इंग्लैंड=England|रूस=Russia|मिस्र=Egypt
"""
IN_HINDI = dict(pair.split("=") for pair in _HINDI_NAMES.replace("\n", "").split("|"))
"""English names of places by their Hindi names."""
_CANONICAL = {name.strip().lower(): name.strip() for name in _NAMES.replace("\n", "").split("|")}
_CANONICAL |= {name: name for name in IN_HINDI}
# Names that are also English words are read only as they are written on a map.
_CASED = frozenset({"male", "nice", "us", "turkey", "georgia", "jordan", "china", "puri", "lima"})
_KNOWN = "|".join(
    re.escape(name).replace(r"\ ", r"\s+") for name in sorted(_CANONICAL, key=len, reverse=True)
)
_KNOWN_WORD = rf"(?<![\w\u0900-\u0963])(?:{_KNOWN})(?![\w\u0900-\u0963])"
_CODE = r"(?-i:\b[A-Z]{3}\b)"
_CAPITALISED = r"(?-i:[A-Z][\w’']+(?:\s+[A-Z][\w’']+){0,2})"
_NOT_CODE_WORDS = (
    "THE AND FOR VIA INR USD AED EUR GBP PAX ADT CHD INF VIP LLC LTD INC PVT GST PNR ETA ASAP FYI"
    " BTW MAY JAN FEB MAR APR JUN JUL AUG SEP OCT NOV DEC"
)
_NOT_CODES = frozenset(_NOT_CODE_WORDS.split())
_NOT_PLACES = re.compile(
    r"^(?:I|We|You|He|She|They|My|Our|Your|The|This|That|It|A|An|Please|Thanks|Thank|Regards|Hi|Hello|Dear|Sir|Madam|Team|Mr|Mrs|Ms|Dr|"
    r"Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|Diwali|Christmas|Eid|Easter|Budget|Need|Kindly|Also|And|From|To|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|June|July|August|September|October|November|December)\b"
)
_AIRPORTS = (
    "bom del cok maa blr hyd ccu amd goi trv ccj cjb pnq jai lko dxb auh shj doh bah kwi mct sll"
    " ruh jed med lhr lgw man cdg fra muc ams ist saw sin kul bkk dmk hkt dps cmb mle ktm hkg nrt"
    " hnd icn tpe mnl sgn han syd mel akl jfk ewr sfo lax ord iad mia yyz yvr zrh gva vie prg bud"
    " fco mxp mad bcn lis ath cai nbo jnb cpt mru sez znz tbs evn gyd"
)
_LOWER_CODE = rf"(?<!\w)(?:{'|'.join(_AIRPORTS.split())})(?!\w)"
_ONE = rf"(?:{_KNOWN_WORD}|{_CODE}|{_CAPITALISED})"
_SURE = rf"(?:{_KNOWN_WORD}|{_CODE})"
_MORE = rf"(?:\s*(?:,|&|\+|and)\s*{_KNOWN_WORD}){{0,9}}"
_TRAVEL = (
    r"(?:trips?|travel(?:l?ing)?|tours?|fly(?:ing)?|flights?|tickets?|tkts?|go(?:ing)?|visit(?:ing)?|"
    r"holidays?|vacation|honeymoon|package|packages|head(?:ing)?|visa|pilgrimage|cruise)"
)
_ROUTES = (
    rf"\b(?:flights?|tickets?|tkts?|fares?)\s+(?:from\s+)?(?P<origin>{_KNOWN_WORD})\s+(?P<destination>{_KNOWN_WORD})\b",
    rf"(?P<origin>{_SURE})\s*(?:-|–|→|->|>|/|\bto\b)\s*(?P<destination>{_SURE})\s*(?:-|–|→|->|>|/|\bto\b)\s*(?P=origin)(?!\w)",
    rf"\bfrom\s+(?P<origin>{_ONE})\s*(?:to|-|–|→|>|->)\s*(?P<destination>{_ONE}{_MORE})",
    rf"(?P<origin>{_SURE})\s*(?:-|–|→|->|>|/)\s*(?P<destination>{_SURE})(?!\s*(?:-|/))",
    rf"(?P<origin>{_SURE})\s+to\s+(?P<destination>{_SURE}{_MORE})",
    rf"(?P<origin>{_LOWER_CODE})\s*(?:to|-|–|→|->)\s*(?P<destination>{_LOWER_CODE})",
)
_DESTINATIONS = (
    r"\bdestination(?:\(s\)|s)?\s*[:=-]\s*(?P<destination>[^\n,;]{2,60})",
    rf"\b{_TRAVEL}\s+(?:trip\s+|package\s+|tickets?\s+)?(?:to|for|in|of)?\s*(?:visit\s+)?(?P<destination>{_ONE}{_MORE})",
    rf"\bto\s+(?:the\s+)?(?P<destination>{_SURE}{_MORE})",
    rf"(?P<destination>{_SURE}{_MORE})\s+(?:family\s+|group\s+|city\s+)?{_TRAVEL}\b",
    (
        r"\b(?:planning|considering|thinking (?:of|about)|interested in)"
        rf"\s+(?:for\s+)?(?P<destination>{_SURE}{_MORE})"
    ),
    (
        r"(?<!live )(?<!lives )(?<!living )(?<!based )(?<!we are )(?<!we're )(?<!i am )(?<!i'm )"
        rf"\b(?:in|for|about|at)\s+(?P<destination>{_SURE}{_MORE})"
    ),
    rf"(?:^[^\S\n]*+|[,;:]\s*+)(?P<destination>{_KNOWN_WORD}{_MORE})(?=\s*(?:[,;.(]|\d|for\b|in\b|on\b|from\b|$))",
)
_ORIGINS = (
    (
        r"^[^\S\n]*+(?:origin|departure city|departing from|from city)"
        r"\s*[:=-]\s*(?P<origin>[^\n,;]{2,60})"
    ),
    rf"\b(?:from|ex|ex-|out of|starting|leaving|departing)\s*(?:from\s+)?(?P<origin>{_SURE})",
)


_compiled = cache(partial(re.compile, flags=re.IGNORECASE | re.MULTILINE))
"""Compiles a pattern at its first use: all of them together take a third of a second."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place, and the words of the text that it was read from."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Route:
    """Origin and destination of a journey, each None if the text does not state it."""

    origin: Place | None = None
    destination: Place | None = None


def find_route(text: str) -> Route:
    """Return the origin and the destination that a text states."""
    for pattern in _ROUTES:
        for match in _compiled(pattern).finditer(text):
            origin, destination = _place(match, "origin"), _place(match, "destination")
            if origin and destination:
                return Route(origin, destination)
    origin = _first(_ORIGINS, text, "origin")
    destination = _first(_DESTINATIONS, text, "destination", other_than=origin)
    return Route(origin, destination)


def is_known_place(words: str) -> bool:
    """Return True if the words are the name of a well-known place."""
    return " ".join(words.lower().split()) in _CANONICAL


def places_in(words: str) -> list[re.Match[str]]:
    """Return the matches of well-known places in a text, in order."""
    return [
        match for match in re.finditer(_KNOWN_WORD, words, re.IGNORECASE) if _proper(match.group())
    ]


def _first(
    patterns: tuple[str, ...], text: str, group: str, other_than: Place | None = None
) -> Place | None:
    for pattern in patterns:
        for match in _compiled(pattern).finditer(text):
            place = _place(match, group)
            if place and (other_than is None or place.name != other_than.name):
                return place
    return None


def _place(match: re.Match[str], group: str) -> Place | None:
    name = match[group].strip(" .,;:!?")
    if not _proper(name):
        return None
    words = re.sub(r"\s+", " ", match.group().strip(" .,;:\n"))
    return Place(_spelled(name)[:128], words[:120])


def _proper(name: str) -> bool:
    if name in _NOT_CODES or _NOT_PLACES.match(name):
        return False
    return name.lower() not in _CASED or name != name.lower()


def _spelled(name: str) -> str:
    if name.lower() in _AIRPORTS.split():
        return name.upper()
    known = re.compile(_KNOWN_WORD, re.IGNORECASE)
    return known.sub(
        lambda found: (
            _CANONICAL[re.sub(r"\s+", " ", found.group().lower())]
            if found.group().islower()
            else found.group()
        ),
        name,
    )
