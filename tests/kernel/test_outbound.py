"""An act with a question to somebody outside in its middle: asked apart from what is written, and a
refusal settled where the answer would be.
"""

from __future__ import annotations

import pytest

from voyagent.kernel.errors import Conflict, NotFound, VoyagentError
from voyagent.kernel.outbound import OutboundCall, known


def asking(answer: int | VoyagentError, heard: list[str]) -> OutboundCall[int]:
    def ask() -> int:
        heard.append("asked")
        if isinstance(answer, VoyagentError):
            raise answer
        return answer

    def settle(found: int) -> int:
        heard.append("settled")
        return found * 2

    return OutboundCall(settle, ask)


def test_searching_and_settling_are_separate_steps() -> None:
    heard: list[str] = []
    settle = asking(3, heard).go()
    assert heard == ["asked"]
    assert settle() == 6
    assert heard == ["asked", "settled"]


def test_a_known_result_makes_no_call() -> None:
    call = known(7)
    assert call.ask is None
    assert call.done() == 7
    assert call.then(str).ask is None


def test_something_is_made_of_the_result() -> None:
    assert asking(3, []).then(lambda found: found + 1).then(str).done() == "7"


def test_a_refusal_is_raised_where_it_is_settled_and_not_where_it_is_asked() -> None:
    settle = asking(NotFound(), []).go()
    with pytest.raises(NotFound):
        settle()


def test_a_refusal_may_be_an_answer_too() -> None:
    def lenient(refusal: VoyagentError) -> str:
        if isinstance(refusal, Conflict):
            raise refusal
        return refusal.code

    assert asking(NotFound(), []).then(str, refused=lenient).done() == "not_found"
    with pytest.raises(Conflict):
        asking(Conflict(), []).then(str, refused=lenient).done()
