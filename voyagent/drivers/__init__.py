"""Drivers for outside systems, with stand-ins for tests."""
