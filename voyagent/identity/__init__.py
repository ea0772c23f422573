"""Agencies, people, roles, sign-ins and tokens."""
