"""Stored conversations with the assistant: messages, turns and events."""
