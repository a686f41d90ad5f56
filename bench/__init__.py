"""Measurements, printed with the conditions they were taken under.

Each module measures one thing and can be run by itself with `python -m bench.NAME`.
Nothing imports it but tests.
"""
