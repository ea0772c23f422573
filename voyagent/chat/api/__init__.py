"""Event streams of conversations for browsers and programs."""
