"""The function behind `Custom::CloudmapMcsNamespace` and `Custom::CloudmapMcsNamespaceContent`.

Handler string `lambdas.namespace.handler.handler`; everything comes with the request, there are no settings.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.customresource.wiring import answering
from lambdas.namespace import wiring
from lambdas.namespace.attending import Attendance

logger = Logger()


@logger.inject_lambda_context(clear_state=True, log_event=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Find the namespace, or empty it, and tell CloudFormation how it went."""
    tools = wiring.tools(context.get_remaining_time_in_millis())
    answering(logger).answer(event, context, lambda request: Attendance(request, tools))
