"""Read-only reports that combine several packages, and the home page."""
