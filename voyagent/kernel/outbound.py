"""Calls to outside systems while no database transaction is open.

One transaction prepares the call, and another transaction stores its result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from voyagent.kernel.errors import VoyagentError
from voyagent.kernel.hold import refuse_if_held

Result = TypeVar("Result")
Next = TypeVar("Next")


@dataclass(frozen=True, slots=True)
class OutboundCall(Generic[Result]):
    """A call to an outside system, and the function that stores its result.

    `ask` makes the call without the database. `ask` may be repeated after a crash. If `ask` is
    None, no call is made and `settle` receives None. `settle` stores the result. `settle` must not
    use rows of the transaction that prepared the call.

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
        """Return a call that makes this call, then calls `more` with its result.

        The result of the new call is the result of `more`. The argument `refused` handles errors
        only if the outside system refused, that is, if `ask` raised a VoyagentError:

        1. The field `refused` of this call, if set, turns the error into a result for `more`.
        2. If the field is None, or if the field or `more` raises a VoyagentError, the argument
           `refused` receives that error and returns the result of the new call.
        3. Without the argument, the error is raised.
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
        """Make the call and return a function to run in the next transaction.

        The caller must have no open transaction. The returned function stores the result of the
        call, or handles the VoyagentError that `ask` raised, and returns the result. Raises OnHold
        instead of making a call during a hold.
        """
        if self.ask is not None:
            refuse_if_held()
        try:
            answer = self.ask() if self.ask is not None else None
        except VoyagentError as refusal:
            return partial(self._refuse, refusal)
        return partial(self.settle, answer)

    def done(self) -> Result:
        """Make the call and store its result at once, in the open transaction.

        If `ask` is set, prefer `go`: the outside system may be slow, and the transaction would stay
        open.
        """
        return self.go()()

    def _refuse(self, error: VoyagentError) -> Result:
        if self.refused is None:
            raise error
        return self.refused(error)


def known(result: Result) -> OutboundCall[Result]:
    """Return an OutboundCall that makes no call and returns `result`."""
    return OutboundCall(lambda _: result)
