"""The kinds of failure, told apart by what the caller should do about them.

What a user may expect to meet (no Service, a conflict, no ready endpoints) is not an error here: `domain` and `plan`
return it as a value and it becomes a condition. Messages name cluster, key and action, never tokens or payloads.
"""


class McsError(Exception):
    """Base of all; never raised itself. `reason` is CamelCase: a metric dimension and a condition reason."""

    reason = "Error"


class RetryableError(McsError):
    """Will pass without a person (throttled, timed out, pending): try again, after `retry_after` seconds if given."""

    reason = "Retryable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnreachableError(RetryableError):
    """The other side cannot be reached at all: acknowledge, mark, and resync when it is back."""

    reason = "Unreachable"


class StaleError(RetryableError):
    """The object changed or went since it was observed: observe again."""

    reason = "Stale"


class BusyError(RetryableError):
    """Another operation on the same thing is under way: wait for it, then try again."""

    reason = "Busy"


class AddressTakenError(RetryableError):
    """The clusterset IP that was asked for belongs to somebody else by now: ask for any other."""

    reason = "AddressTaken"


class PermanentError(McsError):
    """Needs a person: access denied, unknown cluster, bad settings, a write that the API refuses as invalid."""

    reason = "Failed"


class InvalidError(PermanentError):
    """The API refuses the object as it is; `families` says that its IP families are the cause."""

    reason = "Invalid"

    def __init__(self, message: str, *, families: bool = False) -> None:
        super().__init__(message)
        self.families = families


class HeldFieldsError(PermanentError):
    """Somebody else has written other values into fields that we apply; the message says who and which."""

    reason = "HeldFields"


class MalformedRecordError(PermanentError):
    """Somebody's data in the registry does not parse: set it aside, count it, report it, never act on it."""

    reason = "MalformedRecord"


class OversizeError(PermanentError):
    """An Export does not fit into the limits of a Cloud Map instance; the message has the numbers."""

    reason = "Oversize"


class IdentityError(PermanentError):
    """The cluster's identity is missing, clashes or was taken over: write nothing, say so in a condition."""

    reason = "Identity"
