"""The one kind of error a person at the keyboard sees from the sandbox."""

from __future__ import annotations


class SandboxError(Exception):
    """Something a person must do first; the message says what, and is printed without a traceback."""
