"""Drivers for outside systems, one package for each kind, with stand-ins for tests."""
