"""Moves of a planner, and blocks and cards of messages."""
