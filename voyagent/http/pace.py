"""Responses that are delayed, so that their timing reveals nothing."""

from __future__ import annotations

import time

from flask import Response, after_this_request


def answer_no_earlier_than(instant: float) -> None:
    """Delay the response until `time.perf_counter()` reaches `instant`."""

    @after_this_request
    def hold(response: Response) -> Response:
        # This runs after the commit, so the wait blocks no database connection.
        time.sleep(max(0.0, instant - time.perf_counter()))
        return response
