"""Capabilities of claims on suppliers."""
