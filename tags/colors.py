"""A readable text color for any background color."""


def ink_on(color: str) -> str:
    """Black or white, whichever has the higher contrast on `color`; at least 4.5 to 1 (WCAG AA)."""
    light = luminance(color)
    return "#000000" if contrast(light, 0.0) >= contrast(light, 1.0) else "#ffffff"


def contrast(one: float, other: float) -> float:
    """The contrast of two luminances, from 1 to 21."""
    darker, lighter = sorted((one, other))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    """The relative luminance as WCAG defines it, from 0 (black) to 1 (white)."""
    red, green, blue = (linear(int(color[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
