"""`mcsctl corefile`: the edits of a Corefile, for those who keep it in their own repository."""

import sys

import click

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.dns import forwarded, served, untouched


@click.command("corefile")
@click.option("--undo", is_flag=True, help="Take the edits out again; what a person wrote stays.")
@click.option(
    "--stub-zone", multiple=True, metavar="IP", help="Forward the zone to our own CoreDNS; once for each IP family."
)
def corefile_command(undo: bool, stub_zone: tuple[str, ...]) -> None:
    r"""Read a Corefile, print it with the clusterset's zone in it.

    CoreDNS must be 1.12.2 or newer, and must have the CRDs and the rights that `mcsctl render` prints first.
    With --stub-zone any CoreDNS will do, but the one that `mcsctl render` prints for `dns: stub-zone` must be ready
    first: it is the cluster IP (or the two of them) of its Service that is asked for.
    Either edit takes the other one out. A Corefile that needs none comes out as it went in. For one that is not
    understood well enough there is no output, but an error with the lines to write by hand.

    \b
    kubectl -n kube-system get configmap coredns \
        -o 'jsonpath={.data.Corefile}' | mcsctl corefile
    kubectl -n cloudmap-mcs-system get service clusterset-dns \
        -o 'jsonpath={.spec.clusterIPs}'
    """
    if undo and stub_zone:
        raise click.UsageError("--undo takes every edit out; it goes without --stub-zone")
    corefile = _given()
    edited = untouched(corefile) if undo else forwarded(corefile, stub_zone) if stub_zone else served(corefile)
    click.echo(edited.encode(), nl=False)


def _given() -> str:
    """Read standard input; as bytes, because text would lose which line breaks it has."""
    if sys.stdin.isatty():
        raise click.UsageError("the Corefile is read from standard input: mcsctl corefile < Corefile")
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise PermanentError(f"standard input is no Corefile: it is not UTF-8 ({error})") from error
