"""Texts about taxes and exchange rates on billing documents."""
