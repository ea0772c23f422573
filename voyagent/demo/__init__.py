"""The demo agency: people, enquiries, a year of books, conversations, open approvals.

Everything is made through the services.
"""
