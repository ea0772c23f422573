"""Modules that every other package uses; they contain no rule of the travel trade."""
