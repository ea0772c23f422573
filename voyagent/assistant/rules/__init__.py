"""Data of a turn: steps of the planner, parts of a message, and cards."""
