"""One call to the API: within its rate, with every error translated."""

from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from cloudmap_mcs.cloudmap.rates import Buckets
from cloudmap_mcs.cloudmap.translation import ThrottledError, translate


class Calls:
    """A boto3 `servicediscovery` client behind token buckets. Threads may share it."""

    def __init__(self, client: Any, buckets: Buckets) -> None:
        self._client = client
        self._buckets = buckets

    def __call__(self, operation: str, action: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation by its API name. `action` says in an error what was attempted, on what."""
        self._buckets.acquire(operation)
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
