"""Initial state of a turn.

The state is stored as the first step of the turn, so that another worker can continue the turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voyagent.assistant.rules.moves import (
    Context,
    Decision,
    context_from,
    decision_from,
    stored_form,
)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Initial state of a turn.

    `model` is the chosen model, or None for the built-in planner. `notice` is a message that is
    sent first. `is_refused` is true if a limit on the number of turns refuses the turn. `anew` is a
    proposal that has replaced an outdated one and must be shown. `refusal` is the reason why this
    proposal would be refused now.
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
        """True if the turn ends without a planner."""
        return self.is_refused or self.anew is not None

    @property
    def as_json(self) -> dict[str, Any]:
        """The state as JSON."""
        interpreted = {
            "context": stored_form(self.context),
            "decision": stored_form(self.decision) if self.decision else None,
            "locale": self.locale,
        }
        return interpreted | {
            "model": self.model,
            "notice": self.notice,
            "is_refused": self.is_refused,
            "anew": self.anew,
            "refusal": self.refusal,
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> Beginning:
        """Return the state from its stored JSON.

        The members that the JSON of an older release lacks have their default values.
        """
        fields = {
            name: document[name]
            for name in ("locale", "model", "notice", "is_refused", "anew", "refusal")
            if name in document
        }
        return cls(context_from(document["context"]), decision_from(document["decision"]), **fields)
