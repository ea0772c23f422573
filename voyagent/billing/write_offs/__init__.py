"""Write-offs of what customers do not pay."""
