"""Credit notes that the agency issues to customers."""
