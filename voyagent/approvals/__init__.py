"""Proposals of the assistant, the decisions of people, and what happens once one is granted."""
