"""`mcsctl render`: the manifests of one cluster, for those who bring them in by GitOps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cloudmap_mcs import VERSION
from cloudmap_mcs.cli.outputs import HubOutputs, read_outputs
from cloudmap_mcs.cli.stream import stream
from cloudmap_mcs.cli.watchercode import read_bundle
from cloudmap_mcs.clusterset import Clusterset, Hub, load
from cloudmap_mcs.install.bundle import Bundle, OwnImage
from cloudmap_mcs.install.dns import rights
from cloudmap_mcs.install.names import Manifest
from cloudmap_mcs.install.rendering import InstallSettings, render
from cloudmap_mcs.install.watcher import WatcherDeployment

_FILE = click.Path(path_type=Path)
_NAMESPACE = re.compile(r"(arn:aws[a-z-]*:servicediscovery:[a-z0-9-]+:[0-9]{12}:namespace/)?ns-[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options as they were given; None for one that was not."""

    clusterset: Path
    cluster: str
    outputs: Path | None = None
    namespace_id: str | None = None
    bus_arn: str | None = None
    image: str | None = None
    bundle: Path | None = None
    dns: bool = True


@click.command("render")
@click.option("--clusterset", type=_FILE, default=Path("clusterset.yaml"), show_default=True, help="The clusterset.")
@click.option("--cluster", metavar="ID", required=True, help="Id of the cluster that gets the manifests.")
@click.option("--outputs", type=_FILE, help="What `cdk deploy --outputs-file` wrote; for the next two.")
@click.option("--namespace-id", metavar="ID", help="Cloud Map namespace, by id or ARN; goes before --outputs.")
@click.option("--bus-arn", metavar="ARN", help="The hub's event bus; goes before --outputs.")
@click.option("--image", help="Image that holds the watcher's code and all that it needs.")
@click.option("--bundle", type=_FILE, help="JSON file that says where the watcher's code is, instead of an image.")
@click.option("--dns/--no-dns", default=True, help="Whether CoreDNS gets the rights that it needs.  [default: dns]")
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
    """Return what the installer applies in this cluster; click.UsageError for options that do not suffice."""
    ids = [cluster.id for cluster in clusterset.clusters]
    if wanted.cluster not in ids:
        there = f"{wanted.clusterset} has: {', '.join(ids)}"
        raise click.BadParameter(f"{wanted.cluster!r} is not in the clusterset; {there}", param_hint="--cluster")
    hub, code = _hub(wanted, clusterset.clusterset), _code(wanted)
    mistakes = list(_mistakes(hub, clusterset.hub))
    if code is None or mistakes:
        missing = () if code else ("either --image or --bundle says where the watcher's code is",)
        raise click.UsageError("\n  ".join(("what the manifests need is not all there:", *mistakes, *missing)))
    watcher = WatcherDeployment(
        clusterset=clusterset.clusterset,
        members=clusterset.members,
        namespace_id=hub.namespace_id,
        bus_arn=hub.bus_arn,
        hub_region=clusterset.hub.region,
        resync_seconds=clusterset.resync_minutes * 60,
        code=code,
        replicas=clusterset.watcher.replicas,
        log_level=clusterset.watcher.log_level,
    )
    installed = render(InstallSettings(cluster=wanted.cluster, watcher=watcher))
    return (*installed, *rights()) if wanted.dns else installed


def _hub(wanted: Wanted, clusterset: str) -> HubOutputs:
    """Return what is known of the hub; an empty text is what nobody said."""
    said = read_outputs(wanted.outputs, clusterset) if wanted.outputs else HubOutputs("", "")
    return HubOutputs(wanted.namespace_id or said.namespace_id, wanted.bus_arn or said.bus_arn)


def _code(wanted: Wanted) -> Bundle | OwnImage | None:
    if wanted.image and not wanted.bundle:
        return OwnImage(image=wanted.image)
    return read_bundle(wanted.bundle) if wanted.bundle and not wanted.image else None


def _mistakes(found: HubOutputs, hub: Hub) -> Iterator[str]:
    """Find what is missing or cannot be this clusterset's: a wrong one would lead watchers to another hub."""
    if not _NAMESPACE.fullmatch(found.namespace_id):
        yield _mistake("--namespace-id", found.namespace_id, "the id of a Cloud Map namespace (ns-...) or its ARN")
    bus = rf"arn:aws[a-z-]*:events:{hub.region}:{hub.account}:event-bus/.+"
    if not re.fullmatch(bus, found.bus_arn):
        allowed = f"arn:aws:events:{hub.region}:{hub.account}:event-bus/NAME, with the hub's Region and account"
        yield _mistake("--bus-arn", found.bus_arn, allowed)


def _mistake(option: str, value: str, allowed: str) -> str:
    written = f"{value!r} is not allowed" if value else "missing, as is --outputs"
    return f"{option}: {written}; allowed is {allowed}"
