"""Words that ask for nothing to be done: greetings, thanks, yes and no, and why something was rejected."""

from __future__ import annotations

import re

from voyagent.assistant.planner import refusals, sentences
from voyagent.assistant.planner.moves import Context, Say
from voyagent.assistant.planner.wording import _

_HELP = re.compile(
    r"^\s*(?:help|\?|who are you|what can (?:you|i) (?:do|say|ask)|what do you do|how do (?:you|i) (?:work|use)|commands|hi|hello|hey|good (?:morning"
    r"|afternoon|evening))\b[^\n]{0,25}$",
    re.IGNORECASE,
)
_THANKS = re.compile(r"^\s*(?:ok(?:ay)?[,.! ]*)?(?:thanks|thank you|thx|great|perfect|cheers)\b[^\n]{0,30}$", re.IGNORECASE)
_WHY = re.compile(
    r"^\s*(?:but\s+|and\s+)*(?:(?:can you |please )?tell me\s+)?(?:why|who|how come)\b[^\n]{0,40}"
    r"\b(?:reject|refus|declin|deni|turned? (?:it )?down)[^\n]{0,30}$"
    r"|^\s*(?:what (?:was|is)|what's|show(?: me)?)\s+the\s+reason\b[^\n]{0,30}$",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"^\s*(?:no|nope|never ?mind|forget (?:it|that)|stop|leave it|not now|skip|cancel)(?:[,.! ]+thanks?(?: you)?)?\s*[.!]*\s*$", re.IGNORECASE
)
_FINE = re.compile(r"^\s*(?:ok(?:ay)?|k|fine|all ?right|got it|understood|noted)\s*[.!]*\s*$", re.IGNORECASE)
_GRANT = re.compile(
    r"^\s*(?:ok(?:ay)?[,. ]+|yes[,. ]*|please\s+)*"
    r"(?:grant|approve|confirm|accept|go ahead(?!\s+and\s+(?!do\b|grant\b|approve\b|confirm\b))|do it)\b[^\d\n]{0,40}$"
    r"|^\s*(?:yes|yep|sure)\s*[.!]*\s*$",
    re.IGNORECASE,
)


def small_talk(said: str, context: Context) -> Say | None:
    """What is said to words that ask for nothing to be done; None for all others."""
    if _HELP.match(said):
        return Say(sentences.help_text())
    if refusals.asks_for_statement(said):
        return Say(refusals.elsewhere(said, context) or "")
    if _THANKS.match(said):
        return Say(_("You are welcome."))
    if _WHY.match(said):
        return Say(sentences.why_rejected(context.rejected))
    if _FINE.match(said):
        return Say(_("All right."))
    if _NOTHING.match(said):
        return Say(_("All right, I left it."))
    if _GRANT.match(said):
        return Say(_("I cannot grant anything, and words cannot either. A person decides with the buttons of the request, here or under Approvals."))
    return None
