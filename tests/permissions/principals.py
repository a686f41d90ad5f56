"""Everybody who is given something, with the very tables that templates and manifests are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cloudmap_mcs.install import dns, rbac, stub_zone
from cloudmap_mcs.install.names import IMPORTER_GROUP, SYSTEM_NAMESPACE
from infra import names, reaching
from infra.entries import ADMINISTRATOR
from infra.grants import Grant, Registry, events, functions, hub, importer, installer, trust, watcher
from infra.grants.statements import EVERYTHING
from infra.watcher import SERVICE_ACCOUNT

if TYPE_CHECKING:
    from infra.grants.trust import Trust

_ARN: Final = "arn:aws:{service}:REGION:ACCOUNT:{rest}"
_HUB_ARN: Final = "arn:aws:{service}:HUB_REGION:HUB:{rest}"
_FAR_BUS: Final = "arn:aws:events:OTHER_REGION:OTHER_ACCOUNT:event-bus/cloudmap-mcs-SET"
_WHERE_THEY_HAVE_IT: Final = "where they have that role"
_OWN: Final = names.ClusterNames("SET", "CLUSTER", "REGION")

REGISTRY: Final = Registry(
    namespace=_HUB_ARN.format(service="servicediscovery", rest="namespace/NAMESPACE_ID"),
    services=_HUB_ARN.format(service="servicediscovery", rest="service/*"),
    bus=_HUB_ARN.format(service="events", rest=f"event-bus/{names.bus('SET')}"),
    services_of_consumers=(_ARN.format(service="servicediscovery", rest="service/*"),),
)
NETWORK: Final = functions.NetworkArns(
    subnets=(_ARN.format(service="ec2", rest="subnet/SUBNET"),),
    security_groups=(_ARN.format(service="ec2", rest="security-group/SECURITY_GROUP"),),
    interfaces=_ARN.format(service="ec2", rest="network-interface/*"),
    anything=_ARN.format(service="ec2", rest="*/*"),
)
_CLUSTER: Final = _ARN.format(service="eks", rest="cluster/EKS")
_ADDON: Final = _ARN.format(service="eks", rest="addon/EKS/coredns/*")
_QUEUE: Final = _ARN.format(service="sqs", rest=_OWN.queue)
_IMPORTER: Final = _ARN.format(service="lambda", rest=f"function:{_OWN.importer}")
_LOGS: Final = _ARN.format(service="logs", rest="log-group:/aws/lambda/FUNCTION:*")
_STACK: Final = _HUB_ARN.format(service="cloudformation", rest=f"stack/{names.hub_stack('SET')}/*")

WILDCARDS: Final = {
    **REGISTRY.random_ids,
    **NETWORK.wildcards,
    _ADDON: reaching.RANDOM_ADDON,
    _LOGS: "Lambda names the log streams",
    _STACK: "the ARN of a stack ends in a random id",
    EVERYTHING: "IAM knows no resource for these actions",
}
"""Why an ARN has a wildcard."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rights in a cluster, and where in it."""

    grants: tuple[rbac.Grant, ...]
    where: str = "in all namespaces"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One principal: what it is, whose its role is, what it may do in AWS and in clusters, and what else to know.

    `kinds` are the kinds of roles and of policies of resources that have these grants (`granted`).
    """

    title: str
    what: str
    kinds: tuple[str, ...] = ()
    role: str = ""
    trusts: tuple[Trust, ...] = ()
    grants: tuple[Grant, ...] = ()
    rows: tuple[Rows, ...] = ()
    more: str = ""


def sections() -> tuple[Section, ...]:
    """Return all principals, in the order of the page."""
    return (*_of_clusters(), *_of_functions(), *_of_namespace(), *_of_events(), *_in_clusters())


def _of_clusters() -> tuple[Section, ...]:
    account = trust.ServiceAccount(SYSTEM_NAMESPACE, SERVICE_ACCOUNT)
    issuer = "oidc.eks.REGION.amazonaws.com/id/ISSUER"
    provider = f"arn:aws:iam::ACCOUNT:oidc-provider/{issuer}"
    return (
        Section(
            title="Watcher",
            kinds=("watcher",),
            what="The Deployment in each cluster that exports from it.",
            role=_OWN.watcher_role,
            trusts=(
                trust.pod_identity(account, cluster=_CLUSTER),
                trust.web_identity(account, provider=provider, issuer=issuer),
            ),
            grants=(
                *watcher.watcher(REGISTRY),
                watcher.fetching(["arn:aws:s3:::cdk-hnb659fds-assets-ACCOUNT-REGION/SHA256.zip"]),
            ),
            rows=(Rows(rbac.WATCHER_GRANTS), Rows(rbac.WATCHER_LEASE_GRANTS, f"only in `{SYSTEM_NAMESPACE}`")),
            more="With `watcher.image` it fetches nothing, and the right to its code in the asset bucket is not there.",
        ),
        Section(
            title="Importer",
            kinds=("importer",),
            what="The function that imports into one cluster.",
            role=_OWN.importer_role,
            trusts=(trust.function(),),
            grants=(*importer.importer(REGISTRY, queue=_QUEUE, function=_IMPORTER), importer.reaching(_CLUSTER)),
            rows=(Rows(rbac.IMPORTER_GRANTS),),
            more="In the cluster it is somebody by an EKS access entry of type `STANDARD`, with the group "
            f"`{IMPORTER_GROUP}` and no access policy. Kubernetes cannot limit rights by label: that it "
            "changes and deletes only objects with our mark is the code's promise.",
        ),
        Section(
            title="Installer",
            kinds=("installer",),
            what="The function that installs into one cluster, and uninstalls, when CloudFormation asks for it.",
            role=_OWN.installer_role,
            trusts=(trust.function(),),
            grants=(*installer.installer(REGISTRY), *installer.administering(cluster=_CLUSTER, addon=_ADDON)),
            more="**In the cluster it is administrator**, by an EKS access entry with the policy "
            f"`{ADMINISTRATOR}` for the whole cluster. It makes definitions, ClusterRoles and their "
            "bindings, and Kubernetes lets nobody give what he does not have himself.\n\n"
            "**Who can invoke it:** it has no trigger, no URL and no resource policy. CloudFormation "
            "invokes it with the rights of whoever deploys; anybody else needs `lambda:InvokeFunction` on "
            "it in that account. It does what a request of CloudFormation can ask for, with the manifests "
            "that are in its code and no others, and answers to nobody but CloudFormation's bucket.\n\n"
            "**Without it:** `installer: off` in `clusterset.yaml` makes neither function nor role nor "
            "access entry. Apply what `./mcsctl render` prints, with rights of your own.",
        ),
    )


def _of_functions() -> tuple[Section, ...]:
    roles = (f"arn:aws:iam::ACCOUNT:role/{role}" for role in (_OWN.importer_access_role, _OWN.installer_access_role))
    network = functions.networking(NETWORK, function="FUNCTION_ARN")
    return (
        Section(
            title="Every function",
            kinds=("importer", "installer", "finder", "emptier"),
            what="Importer, installer, finder and emptier, beside what is theirs alone.",
            grants=(functions.logging(_LOGS),),
        ),
        Section(
            title="Functions in a VPC",
            kinds=("importer", "installer"),
            what="Importer and installer of a cluster with `network`, in addition.",
            grants=tuple(grant for grant in network if isinstance(grant, Grant)),
            more="Lambda does this with the function's role. To the function's own code all of it is denied: "
            "the role also has a Deny of these actions for calls with the function's ARN in "
            "`lambda:SourceFunctionArn`.",
        ),
        Section(
            title="Functions of another account",
            kinds=("importer", "installer"),
            what="Importer and installer of a cluster with another `functions_account`. They have no right on the "
            "cluster, but become the two roles that follow.",
            grants=(functions.assuming(*roles),),
        ),
        _let_in("importer", _OWN.importer_access_role, _OWN.importer_role, (importer.reaching(_CLUSTER),)),
        _let_in(
            "installer",
            _OWN.installer_access_role,
            _OWN.installer_role,
            installer.administering(cluster=_CLUSTER, addon=_ADDON),
        ),
    )


def _let_in(what: str, role: str, trusted: str, grants: tuple[Grant, ...]) -> Section:
    believed = trust.other_account(
        "FUNCTIONS_ACCOUNT",
        role=f"arn:aws:iam::FUNCTIONS_ACCOUNT:role/{trusted}",
        external_id=names.external_id("SET", "CLUSTER"),
    )
    return Section(
        title=f"Role for the {what} of another account",
        kinds=(f"{what}-access",),
        what=f"In the cluster's account. The {what}'s access entry is for this role then.",
        role=role,
        trusts=(believed,),
        grants=grants,
    )


def _of_namespace() -> tuple[Section, ...]:
    return (
        Section(
            title="Finder",
            kinds=("finder",),
            what="The function that finds the namespace during a deploy, in every account and Region but the hub's.",
            role=names.finder("SET", "REGION", None).role,
            trusts=(trust.function(),),
            grants=hub.finding(),
        ),
        Section(
            title="Emptier",
            kinds=("emptier",),
            what="The function that empties the namespace when the hub's stack is deleted, and at no other time.",
            role=names.emptier("SET", "HUB_REGION").role,
            trusts=(trust.function(),),
            grants=hub.emptying(REGISTRY, stack=_STACK),
        ),
    )


def _of_events() -> tuple[Section, ...]:
    group = _ARN.format(service="scheduler", rest="schedule-group/default")
    rule = _ARN.format(service="events", rest=f"rule/{names.bus('SET')}/{_OWN.rule}")
    forwards = [_HUB_ARN.format(service="events", rest=f"rule/{names.bus('SET')}/RULE")]
    forwarding = [_HUB_ARN.format(service="events", rest=f"rule/{path}") for path in names.forwarding_rules("SET")]
    return (
        Section(
            title="EventBridge Scheduler",
            kinds=("scheduler",),
            what="Starts the resyncs of one cluster.",
            role=_OWN.scheduler_role,
            trusts=(trust.schedules("ACCOUNT", group=group),),
            grants=(events.resyncing(_IMPORTER),),
        ),
        Section(
            title="EventBridge, into queues",
            kinds=("policy of a queue",),
            what=f"The policy of each queue lets `{events.EVENTBRIDGE}` in, for the rules that send there. It refuses "
            "everything that is not encrypted on its way.",
            grants=(
                events.filling(_QUEUE, rule=rule),
                events.burying(
                    _HUB_ARN.format(service="sqs", rest=names.forwarding_dead_letters("SET")), rules=forwards
                ),
            ),
        ),
        Section(
            title="EventBridge, to other accounts and Regions",
            kinds=("forwarding",),
            what="Forwards events from the hub. Only where there are clusters elsewhere.",
            role=names.forwarding_role("SET", "HUB_REGION"),
            trusts=(trust.rules("HUB", rules=forwarding),),
            grants=(events.forwarding([_FAR_BUS]),),
        ),
        Section(
            title="Other accounts, on buses",
            kinds=("policy of a bus",),
            what="The policies of the buses, only where there are other accounts. Their principal is the account, "
            "and the condition leaves these roles of it.",
            grants=(
                events.announcing(
                    REGISTRY.bus,
                    roles=[f"arn:aws:iam::OTHER_ACCOUNT:role/{names.watcher_roles('SET', 'OTHER_REGION')}"],
                ),
                events.receiving(
                    _FAR_BUS, roles=[f"arn:aws:iam::HUB:role/{names.forwarding_role('SET', 'HUB_REGION')}"]
                ),
            ),
        ),
        Section(
            title="Other accounts, in the namespace",
            what=f"The share `{names.share('SET')}` of AWS Resource Access Manager gives the hub's namespace, and "
            "nothing else, to each account that has clusters or functions. It names no permission, so RAM attaches its "
            "default one for Cloud Map namespaces. Within those accounts the roles above decide.",
        ),
    )


def _in_clusters() -> tuple[Section, ...]:
    return (
        Section(
            title="People with `view`, `edit` or `admin`",
            what="What Kubernetes' own ClusterRoles gain.",
            rows=(Rows(rbac.VIEW_GRANTS, _WHERE_THEY_HAVE_IT),),
        ),
        Section(
            title="People with `edit` or `admin`",
            what="Whoever may change a namespace's Services may export them. Only the importer may write imports.",
            rows=(Rows(rbac.EDIT_GRANTS, _WHERE_THEY_HAVE_IT),),
        ),
        Section(
            title="The cluster's CoreDNS",
            what="The ServiceAccount that it runs under, with `dns: managed` and `dns: manual`.",
            rows=(Rows(dns.COREDNS_GRANTS),),
        ),
        Section(
            title="Our CoreDNS",
            what=f"The ServiceAccount `{stub_zone.NAME}` in `{SYSTEM_NAMESPACE}`, with `dns: stub-zone`. The cluster's "
            "own CoreDNS gains nothing then.",
            rows=(Rows(stub_zone.STUB_ZONE_GRANTS),),
        ),
    )
