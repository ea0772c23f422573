"""Benchmarks on a database and web processes of their own.

`make bench` runs all parts, and `make bench BENCH=audit` runs the part `audit`. A part is a module
with a function `measure`; `__main__.py` lists all parts. If a figure misses its target, the run
fails.
"""
