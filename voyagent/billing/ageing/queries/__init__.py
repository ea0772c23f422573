"""Reads of open items and advances, by age and by party."""
