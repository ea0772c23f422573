"""Capabilities: the acts and queries that a user or a program can request, one object each."""
