"""What the reports and the home page read: other rooms' numbers, brought together currency by
currency.
"""
