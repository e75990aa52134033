"""Probes: small requests that find out what Facebook allows for a Page.

Facebook documents neither which fields, folders and sizes it accepts for a Page nor whether the time windows
of v26.0 work. Each probe makes a few small requests, one after the other. It raises errors that stop every
request (an invalid token, a rate limit, no connection) and returns everything else as a result.
"""
