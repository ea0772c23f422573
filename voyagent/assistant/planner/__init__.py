"""The built-in planner: plain English to tools, with no model; it reads what was said and never
makes up a date, an amount or a name.
"""
