"""Checks of the installation, from keys to clocks, for `manage.py doctor`."""
