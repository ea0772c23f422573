"""Policies of recognition: when revenue, cost and commission count."""
