"""The installer function: one request of CloudFormation about one member cluster, answered on every path.

Handler string `lambdas.installer.handler.handler`; settings `cloudmap_mcs.settings.InstallerSettings`.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.customresource.request import Request
from lambdas.customresource.wiring import answering
from lambdas.installer import wiring
from lambdas.installer.attending import Attendance

logger = Logger()


@logger.inject_lambda_context(clear_state=True, log_event=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Install, update or uninstall one member, and tell CloudFormation how it went."""

    def begin(request: Request) -> Attendance:
        logger.append_keys(cluster=str(request.properties.get("Cluster", "")))
        patience = wiring.patience(context.get_remaining_time_in_millis())
        return Attendance(request, wiring.settings, lambda order: wiring.door(order, patience))

    answering(logger).answer(event, context, begin)
