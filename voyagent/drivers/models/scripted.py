"""Model driver for tests: answers from a list, with delays and errors."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from voyagent.drivers.models.errors import ModelError, ModelTimeout
from voyagent.drivers.models.protocol import ModelAnswer, ModelRequest, StopReason, ToolCall, never
from voyagent.drivers.models.usage import Usage

_STEP_S = 0.02


@dataclass(frozen=True, slots=True)
class Reply:
    """A scripted answer.

    The answer begins after `delay_s` seconds, and there is a pause of `word_pause_s` seconds after
    each word. If `stop_reason` is None, the stop reason is `tool_use` if there are calls, else
    `end`.
    """

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=lambda: Usage(100, 20))
    stop_reason: StopReason | None = None
    delay_s: float = 0.0
    word_pause_s: float = 0.0


@dataclass
class Scripted:
    """Model that gives the answers of `script` in order.

    An error in `script` is raised. A function in `script` is called with the request and returns
    the answer. `requests` lists the requests so far.
    """

    script: list[Reply | ModelError | Callable[[ModelRequest], Reply]]
    model: str = "scripted-1"
    name: str = "scripted"
    requests: list[ModelRequest] = field(default_factory=list)

    def answer(
        self,
        request: ModelRequest,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool] = never,
    ) -> ModelAnswer:
        """Return the next answer of the script. Raises LookupError after the last one."""
        self.requests.append(request)
        if len(self.requests) > len(self.script):
            raise LookupError("the script has ended")
        step = self.script[len(self.requests) - 1]
        if isinstance(step, ModelError):
            raise step
        reply = step if isinstance(step, Reply) else step(request)
        sent: list[str] = []
        stopped = not self._wait(reply.delay_s, request, should_stop)
        for word in re.findall(r"\s*\S+\s*", reply.text):
            if stopped:
                break
            sent.append(word)
            on_text(word)
            stopped = not self._wait(reply.word_pause_s, request, should_stop)
        reason: StopReason = (
            "stopped" if stopped else reply.stop_reason or ("tool_use" if reply.calls else "end")
        )
        return ModelAnswer(
            "".join(sent),
            reply.calls if reason == "tool_use" else (),
            reply.usage,
            reason,
            self.model,
        )

    def _wait(self, seconds: float, request: ModelRequest, should_stop: Callable[[], bool]) -> bool:
        """Wait for `seconds`; return False at once if `should_stop()` is true.

        Raises ModelTimeout at the deadline of the request.
        """
        until = time.monotonic() + seconds
        while not should_stop():
            if time.monotonic() >= request.deadline:
                raise ModelTimeout("the deadline has passed", driver=self.name)
            if (left := until - time.monotonic()) <= 0:
                return True
            time.sleep(min(left, _STEP_S))
        return False
