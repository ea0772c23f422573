"""Simulation of an installation whose agencies are on three database clusters."""
