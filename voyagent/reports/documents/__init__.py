"""Reports as PDF, and sentences that describe their periods and filters."""
