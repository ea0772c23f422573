"""Received cheques that are not deposited yet, most of them post-dated."""
