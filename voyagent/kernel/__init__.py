"""Foundations of all packages, without any rule of the travel trade."""
