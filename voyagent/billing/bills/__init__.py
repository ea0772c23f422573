"""Bills that the agency receives from suppliers."""
