"""Queues of background jobs, and the number of jobs that a worker runs at once."""

from __future__ import annotations

FIRST, MORE, REPORTS = "default", "more", "reports"
"""Queues: jobs of agencies without another open job, further jobs, and large reports."""
PLACES = {(FIRST, MORE): 4, (FIRST,): 2, (REPORTS,): 2}
"""Number of jobs that a worker process runs at once, by the queues from which they come."""
CONNECTIONS = 4
"""Number of database connections with which a worker takes, renews and ends its jobs."""
