"""The mark of what Graph leaves out."""


class Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = Absent()  # nothing there, not even null
