"""Reads across rooms and writes nothing: receivables, trial balance, and the home page."""
