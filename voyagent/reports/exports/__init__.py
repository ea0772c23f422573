"""Exports of the books in the formats of other programs, read in batches."""
