"""Composition root of `mcsctl`: its commands, and how their failures are told."""

from typing import Any

import click

from cloudmap_mcs import VERSION
from cloudmap_mcs.cli.corefile import corefile_command
from cloudmap_mcs.cli.rendering import render_command
from cloudmap_mcs.clusterset import ClustersetError
from cloudmap_mcs.errors import PermanentError


class _Commands(click.Group):
    """Tells what a person has to mend as a sentence and not as a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ClustersetError, PermanentError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands)
@click.version_option(VERSION, prog_name="mcsctl")
def mcsctl() -> None:
    """Multi-Cluster Services for Amazon EKS: what a cluster gets, for those who bring it in themselves."""


mcsctl.add_command(render_command)
mcsctl.add_command(corefile_command)


def main() -> None:
    """Run the command line of this process; ends it with the exit status."""
    mcsctl(prog_name="mcsctl")


if __name__ == "__main__":
    main()
