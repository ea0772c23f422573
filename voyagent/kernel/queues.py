"""Queues of background jobs, and the places of a worker for them."""

from __future__ import annotations

FIRST, MORE, REPORTS = "default", "more", "reports"
"""Queues: an agency's only open job, its further jobs, and large reports."""
PLACES = {(FIRST, MORE): 4, (FIRST,): 2, (REPORTS,): 2}
"""Jobs that a worker process runs at once, by the queues that they come from."""
CONNECTIONS = 4
"""Database connections with which a worker takes, renews and ends its jobs."""
