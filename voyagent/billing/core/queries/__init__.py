"""Reads that several documents share."""
