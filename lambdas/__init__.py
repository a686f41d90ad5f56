"""Doors: AWS Lambda handlers. Event in, keys out, reconcile, outcome to logs, metrics and answers.

Nothing imports them; they may import everything in `cloudmap_mcs` except its other doors.
"""
