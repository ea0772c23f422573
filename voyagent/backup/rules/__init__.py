"""Contents of a backup file: its manifest and its sealed secrets."""
