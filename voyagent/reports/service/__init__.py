"""Large files that a worker makes, and the rebuild of stored sums."""
