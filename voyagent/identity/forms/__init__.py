"""Forms of sign-up, sign-in, the team and the own account."""
