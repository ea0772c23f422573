"""Calls to outside systems while no database transaction is open.

One transaction prepares the call, and another transaction stores its result. No lock and no
connection is therefore held while a slow system responds.
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
    """A call to an outside system, and the function that stores its result.

    `ask` makes the call without the database. It may be repeated after a crash. If `ask` is None,
    no call is made and `settle` receives None. `settle` stores the result. It must not use rows of
    the transaction that prepared the call, because that transaction has ended.

    If `ask` raises a VoyagentError, `refused` receives the error and returns a result or raises. If
    `refused` is None, the error is raised.
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
        """Return this call with `more` applied to its result.

        If `ask` raises a VoyagentError, this call's own `refused` receives the error first, and
        `more` is applied to its result. If that raises a VoyagentError, the new `refused` receives
        this error and returns the result.
        """

        def refuse(error: VoyagentError) -> Next:
            try:
                return more(self._refuse(error))
            except VoyagentError as refusal:
                if refused is None:
                    raise
                return refused(refusal)

        return OutboundCall(lambda answer: more(self.settle(answer)), self.ask, refuse)

    def go(self) -> Callable[[], Result]:
        """Make the call without a transaction and return the function that stores it."""
        try:
            answer = self.ask() if self.ask is not None else None
        except VoyagentError as refusal:
            return partial(self._refuse, refusal)
        return partial(self.settle, answer)

    def done(self) -> Result:
        """Make the call and store its result in the open transaction.

        Only commands and tests use this method.
        """
        return self.go()()

    def _refuse(self, error: VoyagentError) -> Result:
        if self.refused is None:
            raise error
        return self.refused(error)


def known(result: Result) -> OutboundCall[Result]:
    """Return an OutboundCall that makes no call and returns `result`."""
    return OutboundCall(lambda _: result)
