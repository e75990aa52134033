"""Addresses that several packages must know, in front of Django too."""

WEBHOOKS = "/webhooks/facebook"  # which Facebook calls
