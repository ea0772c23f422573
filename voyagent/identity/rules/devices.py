"""Names of browsers and programs, read from the user agent."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The order matters: nearly every browser also claims to be the ones below it.
_BROWSERS = (
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"OPR/|Opera")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/|Chromium/")),
    ("Safari", re.compile(r"Version/[\d.]+ .*Safari/|Safari/")),
)
_SYSTEMS = (
    ("iPhone", "phone", re.compile(r"iPhone")),
    ("iPad", "tablet", re.compile(r"iPad")),
    ("Android", "phone", re.compile(r"Android.*Mobile")),
    ("Android", "tablet", re.compile(r"Android")),
    ("Windows", "laptop", re.compile(r"Windows")),
    ("Chromebook", "laptop", re.compile(r"CrOS")),
    ("Mac", "laptop", re.compile(r"Mac OS X|Macintosh")),
    ("Linux", "laptop", re.compile(r"Linux|X11")),
)
_PROGRAM = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,40})(?:/|$)")


@dataclass(frozen=True, slots=True)
class DeviceWords:
    """Names of a browser and its operating system, or else of the program.

    A name that is not known is empty. `glyph` is the name of an icon.
    """

    browser: str
    system: str
    program: str
    glyph: str


def describe(user_agent: str) -> DeviceWords:
    """Return the names of browser and system, or of the program, from a user agent."""
    browser = next((name for name, mark in _BROWSERS if mark.search(user_agent)), "")
    system, glyph = next(
        ((name, glyph) for name, glyph, mark in _SYSTEMS if mark.search(user_agent)), ("", "laptop")
    )
    if browser:
        return DeviceWords(browser, system, "", glyph)
    named = _PROGRAM.match(user_agent)
    program = named[1] if named and named[1] != "Mozilla" else ""
    return DeviceWords("", system, program, "code-slash" if program or not system else glyph)
