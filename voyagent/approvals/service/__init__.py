"""Rules of proposals: make, preview, edit, decide, and carry out exactly once."""
