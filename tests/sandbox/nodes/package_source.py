"""A package source on disk for apt, with packages made by dpkg-deb: no network, no root."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

HAS_APT = all(map(shutil.which, ("apt-get", "apt-config", "dpkg-deb")))


class PackageSource:
    """Packages of two files each: a program and a script that must never run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "source"
        self.source.mkdir()
        self.index = self.source / "Packages"
        self.index.touch()
        (folder / "list").write_text(f"deb [trusted=yes] file:{self.source} ./\n")
        settings = folder / "machine.conf"
        settings.write_text(
            f'Dir::Etc::sourcelist "{folder}/list";\nDir::Etc::sourceparts "/dev/null";\n'
            'Dir::Etc::preferences "/dev/null";\nDir::Etc::preferencesparts "/dev/null";\n'
        )
        self.environ = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - apt-get's
            "HOME": str(folder),
            "APT_CONFIG": str(settings),
        }

    @property
    def ran(self) -> Path:
        """Is there if a maintainer script ran."""
        return self.folder / "ran"

    def add(self, name: str, *, program: str, depends: str = "", mode: int = 0o755) -> None:
        tree = self.folder / name
        control = f"Package: {name}\nVersion: 1:2.0-1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: d\n"
        control += f"Depends: {depends}\n" if depends else ""
        _write(tree / "DEBIAN" / "control", control)
        _write(tree / "DEBIAN" / "postinst", f"#!/bin/sh\ntouch {self.ran}\n", 0o755)
        _write(tree / program, f"#!/bin/sh\necho {name}\n", mode)
        _write(tree / "usr" / "share" / "doc" / name / "copyright", "free\n")
        deb = self.source / f"{name}.deb"
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", str(tree), str(deb)], check=True, stdout=-3)
        data = deb.read_bytes()
        found = f"Filename: ./{name}.deb\nSize: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n\n"
        self.index.write_text(self.index.read_text() + control + found)

    def vanish(self) -> None:
        shutil.rmtree(self.source)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
