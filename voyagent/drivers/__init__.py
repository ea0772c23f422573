"""Systems outside the program, a folder each: the driver, its stand-in, and notes where it has
quirks.
"""
