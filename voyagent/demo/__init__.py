"""A living agency to look at: people, enquiries, a year of books, conversations, open approvals;
all made through the services.
"""
