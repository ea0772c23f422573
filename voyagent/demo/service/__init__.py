"""Services of the demo agency, one module for each kind of data.

`agency` creates the agency itself.
"""
