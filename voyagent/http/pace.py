"""Responses that are delayed, so that their timing reveals nothing."""

from __future__ import annotations

import time

from flask import Response, after_this_request


def answer_no_earlier_than(instant: float) -> None:
    """Delay the response until `time.perf_counter()` reaches `instant`.

    The wait comes after the commit, so it blocks a thread but no database connection.
    """

    @after_this_request
    def hold(response: Response) -> Response:
        time.sleep(max(0.0, instant - time.perf_counter()))
        return response
