"""Capabilities: the acts and queries that a user or program can request."""
