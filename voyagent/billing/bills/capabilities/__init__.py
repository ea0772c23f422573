"""Capabilities of bills."""
