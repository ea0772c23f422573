"""Cancellations of sales: credit, kept amount, fee and refund in one act."""
