"""HTML forms of sign-up, sign-in, the team and the user's own account."""
