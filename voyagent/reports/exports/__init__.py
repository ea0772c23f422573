"""Exports of the books, read in batches, in file formats of other programs."""
