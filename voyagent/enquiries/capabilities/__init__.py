"""Capabilities of enquiries for people, programs and the assistant."""
