"""Rules that several documents share."""
