from hypothesis import given
from hypothesis import strategies as st

from tags.colors import contrast, ink_on, luminance


@given(st.integers(0, 0xFFFFFF))
def test_the_ink_can_be_read_on_any_colour(number):
    color = f"#{number:06x}"
    assert contrast(luminance(color), luminance(ink_on(color))) >= 4.5


def test_luminances_are_those_of_wcag():
    assert luminance("#000000") == 0
    assert round(luminance("#ffffff"), 6) == 1
    assert round(luminance("#808080"), 4) == 0.2159
    assert (ink_on("#ffee58"), ink_on("#1A237E")) == ("#000000", "#ffffff")
