"""Calls to outside systems, separate from the transaction that stores the result."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from voyagent.kernel.errors import Conflict, NotFound, VoyagentError
from voyagent.kernel.outbound import OutboundCall, known


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    """An application context, because a call is made only if there is no hold."""
    with app.app_context():
        yield


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


def test_calling_and_settling_are_separate_steps() -> None:
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


def test_the_result_is_passed_to_the_next_step() -> None:
    assert asking(3, []).then(lambda found: found + 1).then(str).done() == "7"


def test_an_error_is_raised_when_the_call_is_settled() -> None:
    settle = asking(NotFound(), []).go()
    with pytest.raises(NotFound):
        settle()


def test_an_error_can_be_handled_as_a_result() -> None:
    def lenient(refusal: VoyagentError) -> str:
        if isinstance(refusal, Conflict):
            raise refusal
        return refusal.code

    assert asking(NotFound(), []).then(str, refused=lenient).done() == "not_found"
    with pytest.raises(Conflict):
        asking(Conflict(), []).then(str, refused=lenient).done()
