"""Agencies, people, roles, sessions and tokens."""
