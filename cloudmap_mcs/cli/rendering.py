"""`mcsctl render`: the manifests of one cluster, for those who bring them in by GitOps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from cloudmap_mcs import VERSION
from cloudmap_mcs.cli.installing import Deployed, install_settings, is_at_hub
from cloudmap_mcs.cli.outputs import Outputs, read_outputs
from cloudmap_mcs.cli.stream import stream
from cloudmap_mcs.cli.watchercode import read_bundle, told_bundle
from cloudmap_mcs.clusterset import Cluster, Clusterset, load
from cloudmap_mcs.domain.installation import DnsMode
from cloudmap_mcs.install.bundle import Bundle, OwnImage
from cloudmap_mcs.install.dns import rights
from cloudmap_mcs.install.names import Manifest
from cloudmap_mcs.install.rendering import render

_FILE = click.Path(path_type=Path)
_ARN = r"arn:aws[a-z-]*:servicediscovery:[a-z0-9-]+:[0-9]{12}:namespace/ns-[a-z0-9]+"
_ID = r"ns-[a-z0-9]+"
_WHICH_CODE = (
    "either --image or --bundle says where the watcher's code is; without both, --outputs of a deploy that published it"
)
_ROLE = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options as they were given; None for one that was not."""

    clusterset: Path
    cluster: str
    outputs: Path | None = None
    namespace_id: str | None = None
    bus_arn: str | None = None
    watcher_role_arn: str | None = None
    image: str | None = None
    bundle: Path | None = None
    dns: bool = True


@click.command("render")
@click.option("--clusterset", type=_FILE, default=Path("clusterset.yaml"), show_default=True, help="The clusterset.")
@click.option("--cluster", metavar="ID", required=True, help="Id of the cluster that gets the manifests.")
@click.option("--outputs", type=_FILE, help="What `cdk deploy --outputs-file` wrote; says what the next five do not.")
@click.option("--namespace-id", metavar="ID", help="Cloud Map namespace, by id or ARN; goes before --outputs.")
@click.option("--bus-arn", metavar="ARN", help="The hub's event bus; goes before --outputs.")
@click.option("--watcher-role-arn", metavar="ARN", help="The watcher's role by IRSA; goes before --outputs.")
@click.option("--image", help="Image with the watcher's code and all that it needs; goes before the clusterset's.")
@click.option("--bundle", type=_FILE, help="JSON file that says where the watcher's code is; goes before --outputs.")
@click.option("--dns/--no-dns", default=True, help="Whether what the cluster's DNS needs is in it.  [default: dns]")
def render_command(**options: Any) -> None:
    """Print all that a cluster gets, in the order in which it has to go in.

    Equal input gives equal output, so a difference in your repository is a difference in the cluster.
    CoreDNS's Corefile is not in it; see `mcsctl corefile`.
    """
    wanted = Wanted(**options)
    clusterset = load(wanted.clusterset)
    header = (
        f"Made by mcsctl render (cloudmap-mcs {VERSION}) for cluster {wanted.cluster} of {clusterset.clusterset}.",
        "Not to be edited: the next rendering writes it anew.",
    )
    click.echo(stream(manifests(clusterset, wanted), header=header), nl=False)


def manifests(clusterset: Clusterset, wanted: Wanted) -> tuple[Manifest, ...]:
    """Return what the installer applies in this cluster; click.UsageError for options that do not suffice.

    The installer finds out who the cluster's CoreDNS is; here it is the one that every distribution installs.
    """
    cluster = _cluster(clusterset, wanted)
    settings = install_settings(clusterset, cluster, _deployed(clusterset, cluster, wanted))
    if not wanted.dns:
        return render(replace(settings, dns=DnsMode.MANUAL))
    installed = render(settings)
    return installed if settings.dns is DnsMode.STUB_ZONE else (*installed, *rights())


def _cluster(clusterset: Clusterset, wanted: Wanted) -> Cluster:
    for cluster in clusterset.clusters:
        if cluster.id == wanted.cluster:
            return cluster
    there = f"{wanted.clusterset} has: {', '.join(cluster.id for cluster in clusterset.clusters)}"
    raise click.BadParameter(f"{wanted.cluster!r} is not in the clusterset; {there}", param_hint="--cluster")


def _deployed(clusterset: Clusterset, cluster: Cluster, wanted: Wanted) -> Deployed:
    """Gather what the file does not say; an option goes before the outputs."""
    outputs = read_outputs(wanted.outputs, clusterset.clusterset) if wanted.outputs else None
    namespace, bus = _hub(clusterset, cluster, outputs)
    code = _code(clusterset, wanted, outputs)
    role = wanted.watcher_role_arn or (outputs.watcher_role(cluster.id) if outputs and _uses_irsa(cluster) else "")
    found = Deployed(
        namespace_id=wanted.namespace_id or namespace,
        bus_arn=wanted.bus_arn or bus,
        code=code or OwnImage(image=""),
        watcher_role_arn=role,
    )
    mistakes = list(_mistakes(clusterset, cluster, found))
    if code is None:
        mistakes.append(_WHICH_CODE)
    if mistakes:
        raise click.UsageError("\n  ".join(("what the manifests need is not all there:", *mistakes)))
    return found


def _hub(clusterset: Clusterset, cluster: Cluster, outputs: Outputs | None) -> tuple[str, str]:
    """Return the namespace as this cluster's watcher has to name it, and the bus; empty is what nobody said."""
    if outputs is None:
        return "", ""
    hub = outputs.hub()
    return hub.namespace_id if is_at_hub(clusterset, cluster) else hub.namespace_arn, hub.bus_arn


def _code(clusterset: Clusterset, wanted: Wanted, outputs: Outputs | None) -> Bundle | OwnImage | None:
    """Find the watcher's code: an image or a bundle goes before the outputs. None: nobody says it, or two do."""
    image, base = wanted.image or clusterset.watcher.image, clusterset.watcher.base_image
    if wanted.bundle:
        return None if image else read_bundle(wanted.bundle, image=base)
    if image:
        return OwnImage(image=image)
    told = outputs.bundle(wanted.cluster) if outputs else None
    source = f"{wanted.outputs}: the output about cluster {wanted.cluster}"
    return None if told is None else told_bundle(told, source=source, image=base)


def _uses_irsa(cluster: Cluster) -> bool:
    return cluster.identity == "irsa"


def _mistakes(clusterset: Clusterset, cluster: Cluster, found: Deployed) -> Iterator[str]:
    """Find what is missing or cannot be this clusterset's: a wrong one would lead watchers to another hub."""
    hub = clusterset.hub
    if is_at_hub(clusterset, cluster):
        shape, namespace = rf"{_ARN}|{_ID}", "the id of a Cloud Map namespace (ns-...) or its ARN"
    else:
        shape, namespace = _ARN, "the ARN of a Cloud Map namespace, as the cluster is not where the hub is"
    if not re.fullmatch(shape, found.namespace_id):
        yield _mistake("--namespace-id", found.namespace_id, namespace)
    bus = rf"arn:aws[a-z-]*:events:{hub.region}:{hub.account}:event-bus/.+"
    if not re.fullmatch(bus, found.bus_arn):
        allowed = f"arn:aws:events:{hub.region}:{hub.account}:event-bus/NAME, with the hub's Region and account"
        yield _mistake("--bus-arn", found.bus_arn, allowed)
    if _uses_irsa(cluster) and not re.fullmatch(_ROLE, found.watcher_role_arn):
        yield _mistake("--watcher-role-arn", found.watcher_role_arn, "the ARN of an IAM role")


def _mistake(option: str, value: str, allowed: str) -> str:
    written = f"{value!r} is not allowed" if value else "missing, as is --outputs"
    return f"{option}: {written}; allowed is {allowed}"
