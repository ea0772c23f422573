"""Proposals: acts that wait for approval, the decisions of people, and their execution."""
