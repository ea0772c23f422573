"""Enquiries: customers' requests for travel, and the conversations that answer them."""
