"""What the rules on both buses match, as data: one pattern per rule, tested against recorded events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE = "cloudmap-mcs"
CHANGED = "ServiceExport Changed"
APPEARED = "Namespace Appeared"

WRITES = ("DeregisterInstance", "RegisterInstance", "UpdateInstanceCustomHealthStatus")
"""The Cloud Map calls that can change what an importer reads; CloudTrail logs them as management events.

All name the service they concern, which is what the importer looks up. Writes to services and namespaces are left out:
a service can only be deleted when it is empty, and nothing else of it is read.
"""


def announcements(clusterset: str, clusters: Sequence[str]) -> dict[str, Any]:
    """Return the pattern for the watchers' events that concern any of these clusters.

    Every change of an export does, its own too: whoever exports a service imports it as well. A namespace matters where
    it appeared and nowhere else.
    """
    return {
        "source": [SOURCE],
        "$or": [
            {"detail-type": [CHANGED], "detail": {"clusterset": [clusterset]}},
            {"detail-type": [APPEARED], "detail": {"clusterset": [clusterset], "cluster": list(clusters)}},
        ],
    }


def foreign_writes(watcher_roles: Sequence[str]) -> dict[str, Any]:
    """Return the pattern for accepted Cloud Map writes by anybody but our watchers, on the hub Region's default bus.

    `watcher_roles` are the wildcards for the ARNs of their roles. They are compared with the role that CloudTrail says
    was assumed, which no caller chooses, as it does its user agent. Writers without one (users, root, AWS services) are
    foreign too: `anything-but` does not match an event without the field, hence the second alternative.
    """
    issuer = [{"anything-but": {"wildcard": list(watcher_roles)}}], [{"exists": False}]
    return {
        "source": ["aws.servicediscovery"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["servicediscovery.amazonaws.com"],
            "eventName": list(WRITES),
            "errorCode": [{"exists": False}],
            "$or": [{"userIdentity": {"sessionContext": {"sessionIssuer": {"arn": arn}}}} for arn in issuer],
        },
    }
