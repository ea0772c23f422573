"""Services of reports: the large files that workers make."""
