"""Capabilities of payments."""
