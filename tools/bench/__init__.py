"""Benchmarks on a database and web processes of their own.

Run all with `make bench`, one part with `make bench BENCH=audit`. Each module that has a `measure`
is a part; `__main__.py` lists them. A figure that misses its target makes the run fail.
"""
