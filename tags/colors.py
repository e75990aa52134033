"""Text that can be read on a tag's colour, whichever that is."""


def ink_on(color: str) -> str:
    """Black or white, what can be read better on `color` (#1f7a8c): by 4.5 to 1 or more (WCAG AA)."""
    light = luminance(color)
    return "#000000" if contrast(light, 0.0) >= contrast(light, 1.0) else "#ffffff"


def contrast(one: float, other: float) -> float:
    """Between two luminances: 1 to 21."""
    darker, lighter = sorted((one, other))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """As WCAG defines it: 0 is black, 1 is white."""
    red, green, blue = (linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
