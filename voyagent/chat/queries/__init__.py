"""Queries of conversations, messages, turns and events."""
