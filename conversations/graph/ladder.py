"""How much to ask for at once: less at once where it was too much, more again slowly."""

PATIENCE = 5  # answers in a row before the next larger size is tried


class Ladder:
    def __init__(self, sizes: tuple[int, ...]):
        self._sizes, self._rung = sizes, 0
        self._borne, self._patience, self._climbed = 0, PATIENCE, False

    @property
    def size(self) -> int:
        return self._sizes[self._rung]

    def down(self) -> bool:
        """To the next smaller size; False where there is none."""
        if self._climbed:
            self._patience *= 2  # the step up came too early: the next one comes later
        self._borne, self._climbed = 0, False
        if self._rung == len(self._sizes) - 1:
            return False
        self._rung += 1
        return True

    def bore(self) -> None:
        """Facebook bore this size; after enough such answers the next larger one is tried."""
        self._borne, self._climbed = self._borne + 1, False
        if self._rung and self._borne >= self._patience:
            self._rung, self._borne, self._climbed = self._rung - 1, 0, True
