"""The seed of the random data of a run of the tests, and how many examples it tries.

`tests.suite` chooses the seed of its run. A test prints it, so that a failure can be repeated.
"""

import os
import random

SEED = int(os.environ.get("SEED") or random.randrange(10**6))
MORE = int(os.environ.get("EXAMPLES") or 1)  # times as many as usual, for a longer search
