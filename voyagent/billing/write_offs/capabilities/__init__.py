"""Capabilities of write-offs."""
