"""Reads of enquiries."""
