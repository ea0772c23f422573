"""Credit notes from suppliers."""
