"""Request and response schemas of proposals, and values for their pages."""
