"""Sentences for whoever deploys: what is missing, and what to do about it."""

from typing import Final

from cloudmap_mcs.cloudmap.emptying import Emptied
from lambdas.namespace.properties import Content, Lookup

_SHOWN: Final = 3


def not_found(lookup: Lookup, account: str) -> str:
    """Say why the namespace may not be seen from this account."""
    if account == lookup.account:
        return (
            f"there is no HTTP namespace {lookup.name} in account {account}, Region {lookup.region}: "
            "deploy the hub's stack first, as npx cdk deploy --all does"
        )
    ram = f"--region {lookup.region}"
    return (
        f"account {account} sees no HTTP namespace {lookup.name} of account {lookup.account} in Region "
        f"{lookup.region}. The hub's stack shares it by AWS RAM. Outside the hub's AWS organization, or while that has "
        f"sharing with RAM switched off, the invitation must be accepted once, with credentials of account {account}: "
        f"aws ram get-resource-share-invitations {ram}, then "
        f"aws ram accept-resource-share-invitation {ram} --resource-share-invitation-arn ARN, then deploy again. "
        "Within an organization, aws ram enable-sharing-with-aws-organization in its management account, before the "
        "hub's stack is deployed, makes it automatic"
    )


def not_empty(content: Content, emptied: Emptied) -> str:
    """Say what is left and what stands in the way of it."""
    problems = "; ".join(f"{name}: {error}" for name, error in sorted(emptied.left.items())[:_SHOWN])
    more = f" and {len(emptied.left) - _SHOWN} more" if len(emptied.left) > _SHOWN else ""
    return (
        f"namespace {content.namespace_id} is not empty yet ({emptied.removed} services removed): {problems}{more}. "
        "Delete the stack again: it goes on from there. Watchers that still run make services anew: "
        "uninstall their clusters first"
    )
