"""Export of one agency to a file, and its import into another installation."""
