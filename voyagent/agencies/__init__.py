"""One agency: export to a file, import into another installation, deletion."""
