"""Messages of archives among those that Facebook shows: the same one is one row, one person one conversation.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""
