"""Speaks to Facebook's Graph API. Knows no Django and not where its data goes."""
