"""Facebook's calls to us: signed webhooks about what happens in the world, and signed requests."""
