"""The importer function: a batch of its queue, or a direct invoke, for one member cluster.

Handler string `lambdas.importer.handler.handler`; settings `cloudmap_mcs.settings.ImporterSettings`.
"""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from cloudmap_mcs.eventbridge import invocations
from lambdas.importer import telling
from lambdas.importer.batch import back_after
from lambdas.importer.wiring import SAFETY_MS, door

logger = Logger()
metrics = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer a batch with its failed messages, a resync with its report."""
    importer = door()
    is_resync = invocations.is_invocation(event)
    telling.start(logger, metrics, importer, is_resync=is_resync)
    until = importer.clock.now_ms() + context.get_remaining_time_in_millis() - SAFETY_MS
    if is_resync:
        resynced, answer = importer.resync(invocations.parse(event), until_ms=until)
        telling.tell_resync(logger, metrics, resynced)
        return answer
    bodies = {record["messageId"]: record["body"] for record in event["Records"]}
    handled = importer.handle_batch(bodies, until_ms=until)
    telling.tell_batch(logger, metrics, handled)

    def settle(record: SQSRecord) -> None:
        if error := handled.failed.get(record.message_id):
            receives = int(record.attributes.approximate_receive_count)
            importer.queue.bring_back(record.receipt_handle, back_after(error, receives))
            raise error

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event, settle, processor, context))
