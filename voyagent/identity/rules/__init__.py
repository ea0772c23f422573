"""Rules without database access: permissions, passwords, tokens and API keys."""
