"""What the importer does to its own queue: delayed messages, and failed ones that come back soon."""

import contextlib
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloudmap_mcs.errors import RetryableError
from cloudmap_mcs.eventbridge.messages import delayed
from lambdas.importer.batch import FollowUp


@dataclass(frozen=True, slots=True)
class OwnQueue:
    """One standard queue; `client` is boto3's for SQS."""

    client: Any
    url: str

    def postpone(self, item: FollowUp) -> None:
        """Send one; raises RetryableError unless it was accepted."""
        body = delayed(item.message)
        try:
            self.client.send_message(QueueUrl=self.url, MessageBody=body, DelaySeconds=item.seconds)
        except (ClientError, BotoCoreError) as error:
            raise RetryableError(f"{item.message}: sending a delayed message: {told(error)}") from error

    def bring_back(self, receipt: str, seconds: int) -> None:
        """Make a failed message visible again in so many seconds instead of minutes, on its way to the dead letters.

        It comes back by itself after the visibility timeout, so a failure of this call is not worth another one.
        """
        with contextlib.suppress(ClientError, BotoCoreError):
            self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=seconds)


def told(error: ClientError | BotoCoreError) -> str:
    """Name an SDK error: the service's code where there is one."""
    return str(error.response["Error"].get("Code")) if isinstance(error, ClientError) else type(error).__name__
