"""Payouts of payment gateways: what a gateway transfers to a bank account."""
