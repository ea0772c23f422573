"""Mail to people: written in the transaction of the act that causes it, sent after the commit,
tried again for a day.
"""
