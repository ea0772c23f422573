"""Moves of planners, and the blocks and cards of messages."""
