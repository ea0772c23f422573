"""Reads of agencies, people, sessions and keys."""
