"""Proposals: acts that wait for approval, and their execution."""
