"""Manifests as one YAML stream that every reader understands alike."""

import re
import sys
from collections.abc import Sequence

import yaml

from cloudmap_mcs.install.names import Manifest

# Readers differ in what a plain scalar is: to some y is true, 1e3 a number and 08 another. Quoted, all are text.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9].*", re.DOTALL)


class _Dumper(yaml.SafeDumper):
    """Writes equal parts twice instead of by reference, and scripts as the lines that they are."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 -- the answer is the same for all
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None if _PLAIN.match(text) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def stream(manifests: Sequence[Manifest], *, header: Sequence[str]) -> str:
    """Return the manifests in their order, below comment lines; equal manifests give equal text, in ASCII."""
    documents = yaml.dump_all(manifests, Dumper=_Dumper, sort_keys=False, explicit_start=True, width=sys.maxsize)
    return "".join(f"# {line}\n" for line in header) + str(documents)
