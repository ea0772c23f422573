"""Stored conversations: sessions, messages, turns and events."""
