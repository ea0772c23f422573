"""Capabilities that list the amounts that customers owe and that the agency owes."""
