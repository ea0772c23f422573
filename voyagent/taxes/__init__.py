"""Taxes on what an agency sells: rates as dated rows, who has to bear which, and what a line comes
to.
"""
