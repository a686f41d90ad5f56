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
from lambdas.installer.looking import RESOURCE_TYPE as LOOK
from lambdas.installer.looking import Look

logger = Logger()


@logger.inject_lambda_context(clear_state=True, log_event=False)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Look at one member, install, update or uninstall it, and tell CloudFormation how it went."""

    def begin(request: Request) -> Attendance | Look:
        logger.append_keys(cluster=str(request.properties.get("Cluster", "")))
        patience = wiring.patience(context.get_remaining_time_in_millis())
        kind = Look if request.resource_type == LOOK else Attendance
        return kind(request, wiring.settings, lambda order: wiring.door(order, patience))

    answering(logger).answer(event, context, begin)
