"""Bank accounts, cash, cards, payment gateways and wallets of an agency."""
