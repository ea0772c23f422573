"""Credit notes to customers."""
