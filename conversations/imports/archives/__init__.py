"""Reads the archives of messages that people download from Facebook and Instagram.

Knows nothing of our tables: `archive.Archive` yields the threads of `threads.py`, one at a time.
"""
