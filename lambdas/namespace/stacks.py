"""What CloudFormation does with a stack now."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cloudmap_mcs.errors import RetryableError


def state_of(client: Any, stack_id: str) -> str:
    """Return the state of the stack with this ARN, such as DELETE_IN_PROGRESS; RetryableError if it is not known."""
    try:
        return str(client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])
    except (ClientError, BotoCoreError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise RetryableError(f"DescribeStacks of {stack_id}: {code}; delete the stack again") from error
