"""Import of earlier data from files: a dry run first, then all or nothing."""
