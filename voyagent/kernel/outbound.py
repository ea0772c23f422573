"""Calls to outside systems: prepared in one transaction, made without one, settled in another.

A slow system holds no lock and no connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from voyagent.kernel.errors import VoyagentError

Result = TypeVar("Result")
Next = TypeVar("Next")


@dataclass(frozen=True, slots=True)
class OutboundCall(Generic[Result]):
    """A call to an outside system and its settlement.

    `ask` touches no table and may be repeated after a crash. With None nobody is asked and `settle`
    receives None. `settle` writes the result; it holds values, never rows, because the preparing
    transaction has ended. An expected failure of `ask` goes to `refused`, which returns a result or
    raises; without it the failure is raised at settlement.
    """

    settle: Callable[[Any], Result]
    ask: Callable[[], Any] | None = None
    refused: Callable[[VoyagentError], Result] | None = None

    def then(
        self,
        more: Callable[[Result], Next],
        *,
        refused: Callable[[VoyagentError], Next] | None = None,
    ) -> OutboundCall[Next]:
        """Return the same call with its result mapped; `refused` maps its failure."""

        def refuse(error: VoyagentError) -> Next:
            try:
                return more(self._refuse(error))
            except VoyagentError as refusal:
                if refused is None:
                    raise
                return refused(refusal)

        return OutboundCall(lambda answer: more(self.settle(answer)), self.ask, refuse)

    def go(self) -> Callable[[], Result]:
        """Make the call without a transaction; return the function that settles it."""
        try:
            answer = self.ask() if self.ask is not None else None
        except VoyagentError as refusal:
            return partial(self._refuse, refusal)
        return partial(self.settle, answer)

    def done(self) -> Result:
        """Make and settle the call in the open transaction, for commands and tests."""
        return self.go()()

    def _refuse(self, error: VoyagentError) -> Result:
        if self.refused is None:
            raise error
        return self.refused(error)


def known(result: Result) -> OutboundCall[Result]:
    """Return a call that asks nobody."""
    return OutboundCall(lambda _: result)
