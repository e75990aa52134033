"""The client of Facebook's Graph API. It does not depend on Django or on our tables."""
