"""Drivers for outside systems, with stand-ins for tests.

There is one package for each kind of system.
"""
