"""JSON API and event streams of the assistant."""
