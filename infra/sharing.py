"""The namespace for other accounts: a share of AWS Resource Access Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_ram as ram

from infra import names, places

if TYPE_CHECKING:
    from constructs import Construct

    from cloudmap_mcs.clusterset import Clusterset


def share(scope: Construct, clusterset: Clusterset, *, namespace: str) -> ram.CfnResourceShare | None:
    """Share the namespace (its ARN) with every account that has clusters or functions; None if there is no other.

    No permission is named: RAM then attaches the default one for Cloud Map namespaces, which covers services,
    registration and discovery (Cloud Map Developer Guide, "Permissions for consumers"). An account within the owner's
    organization gets the share at once if that has sharing enabled, any other one an invitation.
    """
    accounts = places.other_accounts(clusterset)
    if not accounts:
        return None
    return ram.CfnResourceShare(
        scope,
        "Share",
        name=names.share(clusterset.clusterset),
        resource_arns=[namespace],
        principals=accounts,
        allow_external_principals=True,
    )
