"""An attack on a live server: people x doors x acts, and pressure. `make attack` runs all of it.

`acts.py` says who may do what with which body, `expectations.py` who may open which address; a route of the
URLconf that stands in neither fails `test_expectations.py`. `tests/live/test_attack.py` asks a part of it.
"""
