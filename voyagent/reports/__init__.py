"""Reports across packages, read-only, and the home page."""
