"""Write-offs of invoice amounts that customers do not pay (bad debts)."""
