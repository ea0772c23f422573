"""The initial state of a turn, stored as its first step for a worker that takes it over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voyagent.assistant.rules.moves import Context, Decision, context_from, decision_from, kept


@dataclass(frozen=True, slots=True)
class Beginning:
    """The initial state of a turn.

    `notice` is sent first: the budget is spent, or the reason of a refusal; `anew` is a new request
    to show. `refusal` is why that request would be refused now.
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
        """True if no planner runs: the turn is refused, or only shows a request."""
        return self.is_refused or self.anew is not None

    @property
    def kept(self) -> dict[str, Any]:
        """Return the state as JSON."""
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
        """Read a stored state; older turns have no models."""
        told = {
            name: document[name]
            for name in ("locale", "model", "notice", "is_refused", "anew", "refusal")
            if name in document
        }
        return cls(context_from(document["context"]), decision_from(document["decision"]), **told)
