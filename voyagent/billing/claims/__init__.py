"""Refunds that suppliers owe: claims on bills, and the money that comes for them."""
