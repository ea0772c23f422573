"""Programs for developers: set-up, checks, benchmarks and a picture of packages.

Voyagent itself uses none of them.
"""
