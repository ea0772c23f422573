"""The demo agency: people, enquiries, a year of books, conversations and open approvals.

All data are created through the services of the other packages.
"""
