"""One call to the API: within its rate, with every error translated."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from cloudmap_mcs.cloudmap.rates import Buckets
from cloudmap_mcs.cloudmap.translation import ThrottledError, translate
from cloudmap_mcs.errors import RetryableError

_PAGE: Final = 100


class Calls:
    """A boto3 `servicediscovery` client behind token buckets. Threads may share it."""

    def __init__(self, client: Any, buckets: Buckets, may_call: Callable[[], bool] = lambda: True) -> None:
        self._client = client
        self._buckets = buckets
        self._may_call = may_call

    def while_allowed(self, may_call: Callable[[], bool]) -> "Calls":
        """Give the same calls, each made only if it `may` be: asked when its turn has come, as late as can be.

        A call that may not be made raises RetryableError.
        """
        return Calls(self._client, self._buckets, may_call)

    def __call__(self, operation: str, action: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation by its API name. `action` says in an error what was attempted, on what."""
        self._buckets.acquire(operation)
        if not self._may_call():
            raise RetryableError(f"{action}: not done, because this replica may not write (any more)")
        try:
            answer: dict[str, Any] = getattr(self._client, xform_name(operation))(**parameters)
        except (ClientError, BotoCoreError, ResponseParserError) as error:
            translated = translate(error, action)
            if isinstance(translated, ThrottledError):
                self._buckets.shrink(operation)
            raise translated from error
        if answer["ResponseMetadata"].get("RetryAttempts", 0):
            # The SDK has hidden a refusal from us, in most cases throttling.
            self._buckets.shrink(operation)
        return answer

    def pages(self, operation: str, field: str, action: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """Give the items of all pages. Filters apply after paging: an empty page may have a next one."""
        page: dict[str, Any] = {"MaxResults": _PAGE}
        while True:
            answer = self(operation, action, **parameters, **page)
            yield from answer[field]
            token = answer.get("NextToken")
            if not token:
                return
            page["NextToken"] = token
