"""Enquiries: customers' requests for travel, and their conversations."""
