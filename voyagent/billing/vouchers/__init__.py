"""Receipt vouchers and refund vouchers of advances."""
