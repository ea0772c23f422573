"""Files that bring what an agency had before it came here: looked at first without writing
anything, then taken whole or not at all.
"""
