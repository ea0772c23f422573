"""Agencies, users, roles, sessions, access tokens and API keys."""
