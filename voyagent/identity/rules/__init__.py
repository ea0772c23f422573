"""Pure rules of identity: permissions, passwords, tokens, keys."""
