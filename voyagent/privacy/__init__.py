"""Personal data: what is held about a person, export, erasure, retention."""
