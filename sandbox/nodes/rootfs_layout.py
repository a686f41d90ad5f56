"""What every root file system has here, a node's and a container image's: its oldest folders, users and groups."""

from __future__ import annotations

from typing import Final

MERGED: Final = ("bin", "lib", "lib64", "sbin")
"""Folders that are links into /usr, where their content is."""

TEXTS: Final = (
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"),
    ("/etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
)
"""Who root and nobody are, and that host names are looked up in /etc/hosts, then in DNS."""
