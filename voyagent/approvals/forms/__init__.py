"""HTML forms that decide and edit proposals."""
