"""What only asking tells about a Page: each probe is a few light calls, made one after the other.

Facebook documents neither which fields, folders and sizes it takes for a Page nor whether the time windows
of v26.0 work. A probe raises what stops every call (a dead token, a throttle, no connection) and tells
everything else.
"""
