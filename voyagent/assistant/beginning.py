"""What a turn starts from: kept as the first step of its journal, so that whoever takes it over
starts from the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voyagent.assistant.planner.moves import Context, Decision, context_from, decision_from, kept


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a turn starts from.

    `notice` is told first: that the budget is spent, or why the turn is refused; `anew` is a fresh
    request that it shows.

    `refusal` is why that request would be refused as things stand.
    """

    context: Context
    decision: Decision | None
    locale: str
    model: dict[str, str] | None = None
    notice: str | None = None
    is_refused: bool = False
    anew: dict[str, str] | None = None
    refusal: str = ""

    @property
    def ends_here(self) -> bool:
        """Whether nothing is thought: the turn is refused, or has shown what it is there to show."""
        return self.is_refused or self.anew is not None

    @property
    def kept(self) -> dict[str, Any]:
        """As JSON for the journal."""
        told = {
            "context": kept(self.context),
            "decision": kept(self.decision) if self.decision else None,
            "locale": self.locale,
        }
        return told | {
            "model": self.model,
            "notice": self.notice,
            "is_refused": self.is_refused,
            "anew": self.anew,
            "refusal": self.refusal,
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> Beginning:
        """As it was kept; older turns knew no models."""
        told = {
            name: document[name]
            for name in ("locale", "model", "notice", "is_refused", "anew", "refusal")
            if name in document
        }
        return cls(context_from(document["context"]), decision_from(document["decision"]), **told)
