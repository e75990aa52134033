"""Formats durations for people. `inbox/frontend/core/format.mjs` does the same in the browser."""

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
TENTHS_BELOW_SECONDS = 10  # shorter durations have one decimal place


def format_duration(seconds: float) -> str:
    """Return a duration in its two largest units: `1 h 20 min`, `45 s`, `0.8 s`. Negative ones are `0 s`."""
    tenths = max(0, int(seconds * 10 + 0.5))
    if tenths < 10 * TENTHS_BELOW_SECONDS:
        return f"{tenths / 10:g} s"
    rest, parts = int(seconds + 0.5), []
    for size, unit in UNITS:
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])
