"""The pages of accounts: signing in, and what users change of their own account."""
