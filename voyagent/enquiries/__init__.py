"""Enquiries of customers, from the call to the conversation that answers them."""
