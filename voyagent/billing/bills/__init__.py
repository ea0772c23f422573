"""Bills from suppliers."""
