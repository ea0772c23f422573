"""What the program costs, measured on a database and web processes of its own: `make bench`, or
`make bench BENCH=audit` for one part.

Each module that has a `measure` is a part; `__main__.py` lists them. A figure with a target that it
misses makes the run fail.
"""
