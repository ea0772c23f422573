"""`what is her balance`: whom the conversation was about last stands in the place of the pronoun,
so that it is read as a name is.
"""

from __future__ import annotations

import re

from voyagent.assistant.moves import Context

ASKED_MAX = 80
_LEAD = re.compile(r"^\s*(?:(?:and|so|ok(?:ay)?|please|now)[,. ]+)+", re.IGNORECASE)
_QUESTION = re.compile(
    r"^\s*(?:what|how|show|list|give|see|tell|check|open|is|are|does|do|did|has|have|any|her|his|their|for"
    r" (?:her|him|them))\b",
    re.IGNORECASE,
)
_WHOSE = re.compile(
    r"\b(?:her|his|their)(?=\s+(?:(?:current|open|outstanding|unpaid|overdue|latest|last|total)\s+)*"
    r"(?:balances?|invoices?|dues|outstandings?|accounts?|statements?|ledger|payments?|receipts?|enquir(?:y|ies))\b)",
    re.IGNORECASE,
)
_OWES = re.compile(
    r"\b(?P<do>do|does|did|has|have)\s+(?:she|he|they)\b(?=\s+(?:still\s+|ever\s+|already\s+)?(?:owes?|paid|pay|due)\b)",
    re.IGNORECASE,
)


def of_whom(said: str, context: Context) -> str:
    """The question with the name in the place of `her`, `his`, `their`, `she`, `he` or `they`; as
    it is where it has none, or nobody was spoken of.
    """
    asked = _LEAD.sub("", said)
    if "\n" in said.strip() or len(said) > ASKED_MAX or not _QUESTION.match(asked):
        return said
    name = _spoken_of(context) if _WHOSE.search(asked) or _OWES.search(asked) else None
    if name is None:
        return said
    return _OWES.sub(
        lambda found: f"{'does' if found['do'].lower() == 'do' else found['do']} {name}",
        _WHOSE.sub(f"{name}’s", asked),
    )


def _spoken_of(context: Context) -> str | None:
    """The customer or supplier of the newest request that waits, of what was told last, of the
    draft, or of the enquiry; nobody where none is known.
    """
    waiting = context.waiting[-1]["arguments"] if context.waiting else {}
    told = context.last.get("arguments", {})
    known = [one.get(name) for one in (waiting, told) for name in ("customer_name", "vendor_name")]
    known += [one.customer_name for one in (context.draft, context.enquiry) if one is not None]
    return next((str(name) for name in known if name), None)
