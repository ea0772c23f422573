"""What every room stands on: no word of travel, nothing of ours imported."""
