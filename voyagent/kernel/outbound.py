"""An act that asks an outside system in its middle: prepared in one transaction, asked with none
open, settled in another.

So a system that takes its time holds up nobody: while it is asked, no row is locked and no
connection is kept.
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
    """What is to be asked, and what is made of the answer.

    `ask` touches no table and may be called again: whoever takes over after a crash does. None asks
    nobody, and `settle` is then given None. `settle` writes what the answer leaves; it holds
    values, never rows, since the transaction that prepared it is over. An expected failure of `ask`
    goes to `refused`, which makes a result of it or raises it again; without one it is raised when
    the call is settled.
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
        """The same call with something made of its result; `refused` gets what this one's own
        raises.
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
        """Ask, with no transaction open; gives back what settles it in the next one."""
        try:
            answer = self.ask() if self.ask is not None else None
        except VoyagentError as refusal:
            return partial(self._refuse, refusal)
        return partial(self.settle, answer)

    def done(self) -> Result:
        """All of it in the transaction that is open: where nothing waits for anybody, as in
        commands and tests.
        """
        return self.go()()

    def _refuse(self, error: VoyagentError) -> Result:
        if self.refused is None:
            raise error
        return self.refused(error)


def known(result: Result) -> OutboundCall[Result]:
    """An outbound call for which nobody needs to be asked."""
    return OutboundCall(lambda _: result)
