"""Capabilities of cancellations."""
