"""Proposals of the assistant, decisions of people, and approved effects."""
