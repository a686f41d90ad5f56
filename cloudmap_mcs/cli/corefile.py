"""`mcsctl corefile`: the edit of a Corefile, for those who keep it in their own repository."""

import sys

import click

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.corefile import disable, enable


@click.command("corefile")
@click.option("--undo", is_flag=True, help="Take the edit out again; what a person wrote stays.")
def corefile_command(undo: bool) -> None:
    r"""Read a Corefile, print it with the clusterset's zone in it.

    CoreDNS must be 1.12.2 or newer, and must have the CRDs and the rights that `mcsctl render` prints first.
    A Corefile that serves the zone already comes out as it went in. For one that is not understood well enough
    there is no output, but an error with the lines to write by hand.

    \b
    kubectl -n kube-system get configmap coredns \
        -o 'jsonpath={.data.Corefile}' | mcsctl corefile
    """
    corefile = _given()
    edited = disable(corefile) if undo else enable(corefile)
    click.echo(edited.encode(), nl=False)


def _given() -> str:
    """Read standard input; as bytes, because text would lose which line breaks it has."""
    if sys.stdin.isatty():
        raise click.UsageError("the Corefile is read from standard input: mcsctl corefile < Corefile")
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise PermanentError(f"standard input is no Corefile: it is not UTF-8 ({error})") from error
