"""Answers that must not tell by their time what they do not tell by their words."""

from __future__ import annotations

import time

from flask import Response, after_this_request


def answer_no_earlier_than(instant: float) -> None:
    """Hold the answer of the present request back until an instant of `perf_counter`; it is sent
    after the commit, so nothing but a thread waits.
    """

    @after_this_request
    def hold(response: Response) -> Response:
        time.sleep(max(0.0, instant - time.perf_counter()))
        return response
