"""Changes of single messages as webhooks tell them, in any order and any number of times."""
