"""Rules of identity: sign-up, invitations, sign-in, sessions and users."""
