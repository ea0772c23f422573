"""Request and response schemas of the reports."""
