"""Queries of enquiries."""
