"""Log lines and metrics of the importer: one line per change, one metric per kind of thing worth an alarm."""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from cloudmap_mcs.domain.model import ServiceKey
from cloudmap_mcs.errors import McsError, UnreachableError
from cloudmap_mcs.reconcile.outcome import Failure, Outcome
from cloudmap_mcs.reconcile.resyncing import Clusterset, Resynced
from lambdas.importer.batch import NamespaceWork, Work
from lambdas.importer.door import Door, Handled


def start(logger: Logger, metrics: Metrics, importer: Door, *, is_resync: bool) -> None:
    """Name the clusterset and the importing cluster in every line and metric, and count the invocation by its kind."""
    for name, value in (("clusterset", importer.accept.clusterset), ("cluster", importer.importer.own)):
        logger.append_keys(**{name: value})
        metrics.add_dimension(name, value)
    _count(metrics, "Resyncs" if is_resync else "Batches", 1)


def tell_batch(logger: Logger, metrics: Metrics, handled: Handled) -> None:
    """Log and count what a batch did."""
    metrics.add_metric("KeysReconciled", MetricUnit.Count, len(handled.results))
    for message_id, error in handled.batch.refused.items():
        logger.error("message refused", extra={"message_id": message_id, "reason": error.reason, "problem": str(error)})
    _count(metrics, "MessagesRefused", len(handled.batch.refused))
    _count(metrics, "MessagesIgnored", len(handled.batch.ignored))
    for work, result in handled.results:
        if isinstance(result, Outcome):
            _tell_outcome(logger, metrics, result)
        else:
            _tell_error(logger, metrics, _keys(work.key), result)
    for around in handled.batch.namespaces:
        _tell_namespace(logger, metrics, around, handled)
    for part, problem in handled.unsent:
        about = _keys(part.key) if isinstance(part, Work) else {"namespace": part.namespace}
        _tell_error(logger, metrics, about, problem)


def _tell_namespace(logger: Logger, metrics: Metrics, around: NamespaceWork, handled: Handled) -> None:
    about = {"namespace": around.namespace}
    if handled.unlisted:
        _tell_error(logger, metrics, about, handled.unlisted)
    elif around.attempt == 0:
        found = [str(work.key) for work, _ in handled.results if work.key.namespace == around.namespace]
        logger.info("namespace appeared", extra={**about, "keys": found})


def tell_resync(logger: Logger, metrics: Metrics, resynced: Resynced) -> None:
    """Log and count what a resync did."""
    metrics.add_metric("KeysReconciled", MetricUnit.Count, len(resynced.outcomes))
    for item in resynced.outcomes:
        if isinstance(item, Failure):
            _count(metrics, "ReconcileErrors", 1)
            logger.error("reconcile failed", extra={**_keys(item.key), "reason": item.reason, "problem": item.message})
        else:
            _tell_outcome(logger, metrics, item)
    _tell_clusterset(logger, metrics, resynced.clusterset)
    if resynced.is_braked:
        _count(metrics, "Braked", 1)
        logger.error("brake: nothing removed", extra={"held_back": [str(key) for key in resynced.held_back]})


def _tell_clusterset(logger: Logger, metrics: Metrics, clusterset: Clusterset) -> None:
    for aside in clusterset.set_aside:
        logger.warning("member entry set aside", extra={"instance": aside.instance, "problem": aside.problem})
    for member in clusterset.silent:
        logger.warning("member is silent", extra={"member": member})
    _count(metrics, "InstancesSetAside", len(clusterset.set_aside))
    _count(metrics, "MembersSilent", len(clusterset.silent))


def _tell_outcome(logger: Logger, metrics: Metrics, outcome: Outcome) -> None:
    for change in outcome.changes:
        logger.info(change.verb.value, extra={**_keys(outcome.key), "kind": change.kind, "name_of_object": change.name})
    for aside in outcome.set_aside:
        extra = {**_keys(outcome.key), "instance": aside.instance, "problem": aside.problem}
        logger.warning("instance set aside", extra=extra)
    if outcome.unsettled:
        logger.error("not settled", extra={**_keys(outcome.key), "problem": outcome.unsettled})
    if outcome.skip:
        logger.info("skipped", extra={**_keys(outcome.key), "reason": outcome.skip.value})
    _count(metrics, "ObjectsWritten", len(outcome.changes))
    _count(metrics, "InstancesSetAside", len(outcome.set_aside))
    _count(metrics, "StaleReads", int(outcome.retry))
    _count(metrics, "ReconcileErrors", int(bool(outcome.unsettled)))
    _count(metrics, "KeysInConflict", int(bool(outcome.conflicts)))


def _tell_error(logger: Logger, metrics: Metrics, about: dict[str, str], error: Exception) -> None:
    _count(metrics, "ClusterUnreachable" if isinstance(error, UnreachableError) else "ReconcileErrors", 1)
    if isinstance(error, McsError):
        logger.error("reconcile failed", extra={**about, "reason": error.reason, "problem": str(error)})
    else:
        logger.error("a bug: the key's messages go back to the queue", exc_info=error, extra=about)


def _keys(key: ServiceKey) -> dict[str, str]:
    return {"namespace": key.namespace, "service_name": key.name}


def _count(metrics: Metrics, name: str, count: int) -> None:
    if count:
        metrics.add_metric(name, MetricUnit.Count, count)
