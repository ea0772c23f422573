"""Forms of proposals: decisions and edits."""
