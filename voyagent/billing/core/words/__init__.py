"""Sentences about taxes and rates on billing documents."""
