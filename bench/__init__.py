"""Measurements, printed as a table by `python -m bench`. Nothing here is a test: machines differ."""
