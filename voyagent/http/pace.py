"""Responses whose timing reveals nothing."""

from __future__ import annotations

import time

from flask import Response, after_this_request


def answer_no_earlier_than(instant: float) -> None:
    """Delay the response until an instant of `perf_counter`.

    It waits after the commit, so only a thread is held.
    """

    @after_this_request
    def hold(response: Response) -> Response:
        time.sleep(max(0.0, instant - time.perf_counter()))
        return response
