"""HTML pages of the assistant."""
