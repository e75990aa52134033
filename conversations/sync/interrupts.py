"""A signal may strike anywhere, also between a statement and its answer, or as a lock is given back.

What tidies up there may fail because of it, and then it is that error which is seen, with the interrupt as
its context.
"""


def interrupt_in(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interrupt that the error came of, if it did."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error
