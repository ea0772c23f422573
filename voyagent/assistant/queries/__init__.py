"""Queries of the assistant."""
