"""Rules of conversations and turns."""
