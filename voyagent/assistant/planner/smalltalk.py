"""Words that ask for nothing to be done: greetings, thanks, yes and no, and why something was
rejected.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from voyagent.assistant.moves import Context, Say
from voyagent.assistant.planner import corrections, refusals, sentences, waiting
from voyagent.assistant.planner.wording import _

_HELP = re.compile(
    r"^\s*(?:help|\?|who are you|what can (?:you|i) (?:do|say|ask)|what do you do|how do (?:you|i)"
    r" (?:work|use)|commands|hi|hello|hey|good (?:morning"
    r"|afternoon|evening))\b[^\n]{0,25}$",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"^\s*(?:ok(?:ay)?[,.! ]*)?(?:thanks|thank you|thx|great|perfect|cheers)\b"
    r"(?![^\n]*(?:\d|\b(?:but|make|change|set|due|dated|book|hold|issue|file|add|remove|no|not)\b))[^\n]{0,30}$",
    re.IGNORECASE,
)
_WHY = re.compile(
    r"^\s*(?:but\s+|and\s+)*(?:(?:can you |please )?tell me\s+)?(?:why|who|how come)\b[^\n]{0,40}"
    r"\b(?:reject|refus|declin|deni|turned? (?:it )?down)[^\n]{0,30}$"
    r"|^\s*(?:what (?:was|is)|what's|show(?: me)?)\s+the\s+reason\b[^\n]{0,30}$",
    re.IGNORECASE,
)
_LEAD = r"^\s*(?:(?:actually|wait|sorry|ok(?:ay)?|please|no)[,. ]+)*"
_CANCEL_IT = re.compile(
    _LEAD + r"(?:cancel (?:it|that|this|the request)|reject (?:it|that|this|the"
    r" (?:request|first|second|last)(?: one| request)?))\s*(?:please|now)?\s*[.!]*\s*$",
    re.IGNORECASE,
)
_TAKE_BACK = re.compile(
    _LEAD + r"(?:cancel|drop|undo|withdraw|take"
    r" back|forget|remove|delete)\s+(?:the|that|this|my|her|his|their)\s+(?:last\s+|new\s+|draft\s+)?"
    r"(?P<kind>invoice|draft|bill|payment|receipt|entry|write["
    r" -]off|visa|booking)\s*(?:please|now)?\s*[.!]*\s*$",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    _LEAD + r"(?:no|nope|never ?mind|(?:forget|ignore|skip) (?:about )?(?:it|that)"
    r"|stop|leave (?:it|that)|not (?:now|needed)|later|nothing|skip|cancel"
    r"|(?:drop|withdraw) (?:it|that|this|the request)|do(?:n['’]t| not) (?:do|send|ask|bother)(?:"
    r" (?:it|that|this|for it|for that))?"
    r"|(?:nahi[,. ]+)?(?:rehne|chhod) do)"
    r"(?:[,.! ]+(?:thanks?(?: you)?|please|now))?\s*[.!]*\s*$",
    re.IGNORECASE,
)
_WHAT_WAITS = re.compile(
    r"^\s*(?:what|which|anything|show|list)\b(?:\s+(?:me|requests?|else|all|is|are|still|that|the|approvals?))*\s+(?:waits?|waiting|pending)"
    r"(?:\s+(?:here|now|requests?|approvals?|for (?:an?|the|my|your|somebody['’]?s?)"
    r" ?(?:decision|grant|approval)))?\s*[?.!]*\s*$",
    re.IGNORECASE,
)
_FINE = re.compile(
    r"^\s*(?:ok(?:ay)?|k|fine|all ?right|got it|understood|noted)\s*[.!]*\s*$", re.IGNORECASE
)
_GRANT = re.compile(
    r"^\s*(?:ok(?:ay)?[,. ]+|yes[,. ]*|please\s+)*"
    r"(?:grant|approve|confirm|accept|go ahead(?!\s+and\s+(?!do\b|grant\b|approve\b|confirm\b))|do"
    r" it)\b[^\d\n]{0,40}$"
    r"|^\s*(?:yes|yep|sure)\s*[.!]*\s*$",
    re.IGNORECASE,
)


_ANSWERS: tuple[tuple[re.Pattern[str], Callable[[Context], str]], ...] = (
    (_THANKS, lambda _context: _("You are welcome.")),
    (_WHAT_WAITS, lambda context: waiting.listed(context.waiting)),
    (_WHY, lambda context: sentences.why_rejected(context.rejected)),
    (_FINE, lambda _context: _("All right.")),
    (
        _NOTHING,
        lambda context: (
            waiting.still_waits(context.waiting) if context.waiting else _("All right, I left it.")
        ),
    ),
    (
        _GRANT,
        lambda _context: _(
            "I can’t approve anything. Use the buttons of the request, here or under Approvals."
        ),
    ),
)


_PAUSE = (
    r"(?:wait|hold on|hang on|hmm+|umm*|oops|(?:one|(?:just )?an?)"
    r" (?:sec(?:ond)?|minute|min|moment))"
)
_WHY_NOT = (
    r"(?:let me[^\d\n,]{0,40}|lemme[^\d\n,]{0,40}|give me (?:an?|one)[^\d\n,]{0,20}|(?:i(?:['’]m|"
    r" am) )?not sure(?: yet)?|no idea|dunno"
    r"|(?:i )?do(?:n['’]?t| not) know[^\d\n,]{0,20}|i(?:['’]ll| will| have to| need to| must)"
    r" (?:check|ask|look|call|see|tell|come)[^\d\n,]{0,40}"
    r"|(?:check|ask|call|phone|ring|confirm(?: with)?)\s+(?:him|her|them|first|later|with"
    r" \w+|(?-i:[A-Z])\w+)(?: first)?|later"
    r"|wrong (?:paste|date|day|one|message|chat|window|name))"
)
_HESITATES = re.compile(
    rf"^\s*(?:(?:ok(?:ay)?|oh|uh|no|sorry|actually|please|well)[,.! ]+)*(?:{_PAUSE}|{_WHY_NOT})"
    rf"(?:[,.! ]+(?:{_PAUSE}|{_WHY_NOT}|do(?:n['’]?t| not)|stop|first|please))*\s*[,.!…]*\s*$",
    re.IGNORECASE,
)


def leaves(said: str) -> bool:
    """Whether somebody says that nothing more is wanted: `no, never mind`, `wait, stop`, `no,
    nothing`.
    """
    return _NOTHING.match(said) is not None


def hesitates(said: str) -> bool:
    """Whether somebody only says that they have to think or to ask, or that something is wrong:
    `wait`, `let me check`, `not sure`, `oops, wrong paste`.
    """
    return _HESITATES.match(said) is not None


def small_talk(said: str, context: Context) -> Say | None:
    """What is said to words that ask for nothing to be done; None for all others."""
    if _HELP.match(said):
        return Say(sentences.help_text())
    if refusals.asks_for_statement(said):
        return Say(refusals.elsewhere(said, context) or "")
    if context.question is None and hesitates(said):
        return Say(_("All right."))
    return next((Say(answer(context)) for words, answer in _ANSWERS if words.match(said)), None)


def taken_back(said: str, context: Context) -> Say | None:
    """`cancel it`, where nothing is held or booked that it could mean: how a request is taken back;
    to a correction of nothing, how it is changed.
    """
    named = _TAKE_BACK.match(said)
    if not context.waiting:
        return None
    if _CANCEL_IT.match(said) or (named and waiting.of_kind(named["kind"], context)):
        return Say(
            waiting.still_waits(
                waiting.of_kind(named["kind"], context) if named else context.waiting
            )
        )
    return (
        Say(waiting.not_set_right(said, context.waiting[-1]["summary"]))
        if corrections.is_correction(said)
        else None
    )
