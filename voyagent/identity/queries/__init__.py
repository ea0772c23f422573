"""Queries of agencies, users, invitations, sessions and API keys."""
