"""Outside systems, one package each: driver, stand-in for tests, and notes on quirks."""
