"""Pictures of numbers as safe HTML: shapes as SVG that stretches, words as HTML that stays readable.

Every picture is a figure with a title, what it says in one sentence, a legend where it has two colours, and
its numbers as a table. Colours are those of static/conversations/insight.css; no style stands in the HTML.
"""

from collections.abc import Callable, Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

WIDTH, HEIGHT = 1000, 100  # of a picture's own units; it is stretched to the place there is
LABELS = 5  # under the horizontal axis
SHADES = 8  # of a heat map
NOTHING = mark_safe("")

Format = Callable[[float], str]


def whole(number: float) -> str:
    return f"{number:,.0f}"


# -- what all have in common -------------------------------------------------------------------------------
def figure(
    title: str, summary: str, body: SafeString, *, legend: Iterable[tuple[str, str]] = ()
) -> SafeString:
    """`legend`: (class of the colour, word)."""
    keys = format_html_join("", '<span class="insight-key {}">{}</span>', legend)
    return format_html(
        '<figure class="inbox-card insight-figure"><figcaption><h2>{}</h2><p class="inbox-quiet">{}</p>'
        "{}</figcaption>{}</figure>",
        title,
        summary,
        format_html('<p class="insight-legend">{}</p>', keys) if keys else NOTHING,
        body,
    )


def numbers(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> SafeString:
    """A table that unfolds; the first column names the row."""
    heads = format_html_join("", '<th scope="col">{}</th>', ((column,) for column in columns))
    cells = "<td>{}</td>" * (len(columns) - 1)
    lines = format_html_join("", f'<tr><th scope="row">{{}}</th>{cells}</tr>', rows)
    return format_html(
        '<details class="insight-numbers"><summary>Numbers</summary><div><table><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div></details>",
        heads,
        lines,
    )


def plot(shapes: SafeString, *, sides: Sequence[str], below: Sequence[str], summary: str) -> SafeString:
    """`sides`: the words beside the picture, from its top to its bottom. `below`: those under it."""
    return format_html(
        '<div class="insight-plot"><div class="insight-sides" aria-hidden="true">{}</div>'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
        '<div class="insight-below" aria-hidden="true">{}</div></div>',
        spans(sides),
        WIDTH,
        HEIGHT,
        summary,
        shapes,
        spans(below),
    )


def spans(words: Iterable[str]) -> SafeString:
    return format_html_join("", "<span>{}</span>", ((word,) for word in words))


def some(labels: Sequence[str]) -> list[str]:
    """The first, the last, and some between."""
    if len(labels) <= LABELS:
        return list(labels)
    return [labels[round(n * (len(labels) - 1) / (LABELS - 1))] for n in range(LABELS)]


# -- bars up and down --------------------------------------------------------------------------------------
def bars(
    points: Sequence[tuple[str, int, int]], *, title: str, summary: str, up: str, down: str, axis: str
) -> SafeString:
    """`points`: (label, number that goes up, number that goes down); `up` and `down` name the two."""
    most = max((number for _, *both in points for number in both), default=0) or 1
    middle, step = HEIGHT / 2, WIDTH / max(1, len(points))
    shapes = format_html_join(
        "",
        '<rect class="insight-space" x="{}" width="{}" height="{}"><title>{}: {} {}, {} {}</title></rect>',
        (
            (rounded(n * step), rounded(step), HEIGHT, label, whole(above), up, whole(below), down)
            for n, (label, above, below) in enumerate(points)
        ),
    )
    drawn_bars = format_html(
        '<path class="insight-up" d="{}"/><path class="insight-down" d="{}"/>',
        rectangles([-middle * above / most for _, above, _ in points], step),
        rectangles([middle * below / most for _, _, below in points], step),
    )
    base = format_html('<line class="insight-axis" x1="0" x2="{}" y1="{}" y2="{}"/>', WIDTH, middle, middle)
    drawn = plot(
        drawn_bars + base + shapes,
        sides=[whole(most), "0", whole(most)],
        below=some([label for label, *_ in points]),
        summary=f"{title}. {summary}",
    )
    legend = [("insight-up", f"{up} (up)"), ("insight-down", f"{down} (down)")]
    table = numbers(
        [axis, up.capitalize(), down.capitalize()], [(a, whole(b), whole(c)) for a, b, c in points]
    )
    return figure(title, summary, drawn + table, legend=legend)


def rectangles(heights: Iterable[float], step: float) -> str:
    """Bars from the middle, as one path."""
    width = rounded(0.8 * step)
    return " ".join(
        f"M{rounded((n + 0.1) * step)} {rounded(HEIGHT / 2)}h{width}v{rounded(height)}h-{width}z"
        for n, height in enumerate(heights)
        if height
    )


def rounded(number: float) -> float:
    return round(number, 2)


# -- a line ------------------------------------------------------------------------------------------------
def line(
    points: Sequence[tuple[str, float | None]],
    *,
    title: str,
    summary: str,
    axis: str,
    value: str,
    form: Format = whole,
    notes: Sequence[tuple[str, Sequence[object]]] = (),
) -> SafeString:
    """`points`: (label, number; None: a gap). `axis` and `value` name them; `form` writes a number.

    `notes`: further columns of the table, (head, a cell for each point).
    """
    known = [number for _, number in points if number is not None]
    most = max(known, default=0) or 1
    places = [
        (
            rounded((n + 0.5) * WIDTH / len(points)),
            None if number is None else rounded(100 - 92 * number / most),
        )
        for n, (_, number) in enumerate(points)
    ]
    drawn = plot(
        format_html('<path class="insight-line" d="{}"/>', path(places)) + dots(points, places, form),
        sides=[form(most), "", form(0)],
        below=some([label for label, _ in points]),
        summary=f"{title}. {summary}",
    )
    rows = [
        (label, "none" if number is None else form(number), *(cells[n] for _, cells in notes))
        for n, (label, number) in enumerate(points)
    ]
    return figure(title, summary, drawn + numbers([axis, value, *(head for head, _ in notes)], rows))


def path(places: Iterable[tuple[float, float | None]]) -> str:
    """Lifts the pen where there is a gap."""
    words, is_down = [], False
    for x, y in places:
        if y is not None:
            words.append(f"{'L' if is_down else 'M'}{x} {y}")
        is_down = y is not None
    return " ".join(words)


def dots(points, places, form: Format) -> SafeString:
    """A line of no length with round ends stays round however the picture is stretched."""
    return format_html_join(
        "",
        '<path class="insight-dot" d="M{} {}h0"><title>{}: {}</title></path>',
        (
            (x, y, label, form(number))
            for (label, number), (x, y) in zip(points, places, strict=True)
            if number is not None
        ),
    )


# -- a heat map --------------------------------------------------------------------------------------------
def heat_map(
    rows: Sequence[tuple[str, Sequence[int]]], columns: Sequence[str], *, title: str, summary: str, unit: str
) -> SafeString:
    """A table whose cells are shaded by their number; it reads as a table, too. `unit`: what is counted."""
    most = max((number for _, line in rows for number in line), default=0)
    heads = format_html_join("", '<th scope="col"><span>{}</span></th>', ((name,) for name in columns))
    lines = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        ((name, shades(name, line, columns, most)) for name, line in rows),
    )
    scale = format_html_join("", '<i class="insight-heat-{}"></i>', ((n,) for n in range(SHADES + 1)))
    body = format_html(
        '<table class="insight-heat"><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>'
        '<p class="insight-scale" aria-hidden="true">0 {} {} {}</p>',
        heads,
        lines,
        scale,
        whole(most),
        unit,
    )
    return figure(title, summary, body)


def shades(name: str, line: Sequence[int], columns: Sequence[str], most: int) -> SafeString:
    return format_html_join(
        "",
        '<td class="insight-heat-{}" title="{} {}: {}"><span>{}</span></td>',
        (
            (shade(number, most), name, head, number, number)
            for head, number in zip(columns, line, strict=True)
        ),
    )


def shade(number: int, most: int) -> int:
    """0 is nothing at all; the least that is something can be seen."""
    return -(-number * SHADES // most) if most else 0


# -- bars that are named -----------------------------------------------------------------------------------
def named_bars(
    rows: Sequence[tuple[str, str, int, str]], *, title: str, summary: str, empty: str
) -> SafeString:
    """`rows`: (name, colour, number, address of what is counted). `empty`: said where there is none."""
    if not rows:
        return figure(title, summary, format_html("<p>{}</p>", empty))
    most = max(number for _, _, number, _ in rows) or 1
    lines = format_html_join(
        "",
        '<li><a class="insight-name" href="{}">{}</a><span class="insight-count">{}</span>'
        '<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="insight-track" width="1000" height="10"/>'
        '<rect fill="{}" width="{}" height="10"/></svg></li>',
        (
            (address, name, whole(number), colour, rounded(max(4, 1000 * number / most)))
            for name, colour, number, address in rows
        ),
    )
    return figure(title, summary, format_html('<ul class="insight-bars">{}</ul>', lines))
