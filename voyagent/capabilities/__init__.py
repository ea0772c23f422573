"""Capabilities: what a person or a program can ask for, one object per act."""
