"""The command line of `python -m sandbox`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from cloudmap_mcs.clusterset import Account, Label, Region
from sandbox.errors import SandboxError
from sandbox.nodes.addresses import FAMILIES, IPV4
from sandbox.sandbox import ACCOUNT, REGION, OwnCluster, Place

DESCRIPTION: Final = "Everything on this machine: what `make sandbox`, `make demo` and `make down` call."
_CLUSTERS: Final = ("east", "west")
_DNS: Final = ("managed", "stub-zone", "manual")
_COMMANDS: Final = (("up", "start the sandbox and leave it running"), ("demo", "start it and show the main job"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked for, with the clusters of the sandbox's own in their order."""

    command: str
    folder: Path
    cloudmap_endpoint: str
    operation_delay: str = ""
    contexts: tuple[str, ...] = ()
    clusters: tuple[tuple[str, OwnCluster], ...] = ()
    real_nodes: bool = False


def read(arguments: list[str], folder: Path) -> Wanted:
    """Parse the arguments, with the folder for when none is given; SandboxError for what cannot be combined."""
    options = _parser(folder).parse_args(arguments)
    place = options.folder.absolute()
    if options.command == "down":
        return Wanted("down", place, options.cloudmap_endpoint)
    real = options.nodes == "real"
    _check(options, real=real)
    clusters = tuple(_cluster(text, real=real) for text in options.cluster or _CLUSTERS)
    if len(dict(clusters)) < len(clusters):
        raise SandboxError("--cluster names the same cluster twice")
    return Wanted(
        options.command,
        place,
        options.cloudmap_endpoint,
        options.operation_delay,
        tuple(options.context),
        clusters,
        real,
    )


def _check(options: argparse.Namespace, *, real: bool) -> None:
    for kind in ("context", "cluster"):
        if options.command == "demo" and len(getattr(options, kind)) == 1:
            raise SandboxError(f"the demo needs two clusters: name another --{kind}, or none for two of its own")
    if options.command == "demo" and real:
        raise SandboxError("the demo has simulated nodes; real ones are for make sandbox NODES=real")
    if options.context and options.cluster:
        raise SandboxError("--context attaches clusters that exist, --cluster makes new ones: give one of the two")
    if real and (options.context or options.cloudmap_endpoint):
        raise SandboxError("from the network of real nodes neither a --context nor another Cloud Map can be reached")


def _cluster(text: str, *, real: bool) -> tuple[str, OwnCluster]:
    located, is_special, traits = text.partition("=")
    name, is_elsewhere, where = located.partition("@")
    try:
        TypeAdapter(Label).validate_python(name)
    except ValidationError as error:
        what = "the id must be a DNS label in lower case of at most 45 characters"
        raise SandboxError(f"--cluster {text}: {what}") from error
    if is_special and not real:
        raise SandboxError(f"--cluster {text}: only real nodes have IP families and a DNS, with --nodes real")
    families: tuple[str, ...] = (IPV4,)
    dns = ""
    for trait in traits.split(",") if is_special else ():
        if trait in FAMILIES:
            families = FAMILIES[trait]
        elif trait in _DNS:
            dns = trait
        else:
            allowed = f"IP families are one of {', '.join(FAMILIES)}; the DNS one of {', '.join(_DNS)}"
            raise SandboxError(f"--cluster {text}: {allowed}")
    return name, OwnCluster(families, _place(text, where) if is_elsewhere else Place(), dns)


def _place(text: str, where: str) -> Place:
    """Read ACCOUNT, REGION or ACCOUNT/REGION; what is left out is the hub's."""
    account, has_both, region = where.partition("/") if where[:1].isdigit() else (ACCOUNT, "/", where)
    place = Place(account, region if has_both else REGION)
    try:
        TypeAdapter(Account).validate_python(place.account)
        TypeAdapter(Region).validate_python(place.region)
    except ValidationError as error:
        what = "after @ comes an account of twelve digits, a Region, or both with a / between them"
        raise SandboxError(f"--cluster {text}: {what}") from error
    return place


def _parser(folder: Path) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in _COMMANDS:
        command = commands.add_parser(name, help=text)
        command.add_argument("--operation-delay", default="100ms", help="of the Cloud Map simulator (%(default)s)")
        command.add_argument(
            "--context", action="append", default=[], metavar="NAME", help="a cluster of your kubeconfig; repeatable"
        )
        about = f"a cluster to make (default: {' and '.join(_CLUSTERS)}); repeatable; "
        about += (
            f"PLACE: ACCOUNT, REGION or ACCOUNT/REGION; TRAITS, with commas between: {', '.join((*FAMILIES, *_DNS))}"
        )
        command.add_argument("--cluster", action="append", default=[], metavar="ID[@PLACE][=TRAITS]", help=about)
        about = "nodes simulated by KWOK (the default), or with `up` one real node a cluster: needs Linux and root"
        command.add_argument("--nodes", choices=("simulated", "real"), default="simulated", help=about)
    down = commands.add_parser("down", help="stop everything that runs in this checkout")
    for command in commands.choices.values():
        text = "remove what it has of the clusterset, too" if command is down else "another Cloud Map"
        command.add_argument("--cloudmap-endpoint", default="", metavar="URL", help=text)
        about = "its state (default: .sandbox in the checkout)"
        command.add_argument("--folder", type=Path, default=folder, help=about)
    return parser
