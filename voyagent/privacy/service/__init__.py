"""Services of personal data: links, export, erasure and retention."""
