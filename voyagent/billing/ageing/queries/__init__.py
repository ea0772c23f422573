"""Queries of open documents and advances, by age and by party."""
