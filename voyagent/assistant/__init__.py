"""The mind: turns run move by move in the worker, by a planner that chooses tools and a loop that
runs them and writes everything down.
"""
