"""The demo agency, with people, enquiries and a year of books.

All data are created through the services of the other packages.
"""
