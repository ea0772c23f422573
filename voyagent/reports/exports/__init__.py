"""The books in the formats of other programs: what was posted, a few entries at a time."""
