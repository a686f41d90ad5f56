"""What should change: observed + desired → actions, as values.

Here live the desired objects and the difference to what was observed. Pure: no I/O, no clock, no logging. Imports
`domain` and `errors`; `ports`, `reconcile` and everything further out may import it.
"""
