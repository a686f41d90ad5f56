"""Debian packages and all they depend on, fetched without installing anything or changing apt's own state."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_APT_SECONDS: Final = 1800
_SHOWN_LINES: Final = 12

# What of the machine's apt settings counts: where packages come from and how they are fetched. Hooks do not:
# they would act on the machine's own cache. Index targets do not: they add lists of file names and icons.
_KEPT: Final = re.compile(r"(APT::Architecture|Dir::Etc|Acquire)\b(?!::(IndexTargets|Languages|parts|main)\b)")

# apt believes these to be installed: only maintainer scripts need them, and those never run here.
_ASSUMED: Final = (
    "debconf",
    "debianutils",
    "dpkg",
    "init-system-helpers",
    "perl",
    "perl-base",
    "tar",
    "usr-is-merged",
)

_LINE: Final = re.compile(r"'(?P<uri>[^']+)' (?P<file>(?P<name>[^\s_]+)_(?P<version>[^\s_]+)_\S+\.deb) (?P<size>\d+)\b")

# Nobody reads these in a root file system that no person logs in to; they are a third of it.
_LEFT_OUT: Final = ("doc", "info", "locale", "man")

# What apt's last lines contain, and what a person can do about it; the first that fits.
_ADVICE: Final = (
    (
        ("failed to fetch", "temporary failure", "could not resolve", "could not connect", "timed out"),
        "a package server did not answer: check the network, apt's sources and its proxy, and run it again",
    ),
    (
        ("unable to locate package", "has no installation candidate"),
        "let apt's sources have the distribution's component main (on Ubuntu also universe)",
    ),
    (("no space left on device", "enough free space"), "free some disk space (about 500 MB) and run it again"),
)


@dataclass(frozen=True, slots=True)
class Deb:
    """One fetched package."""

    name: str
    version: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Offer:
    """One package as apt would fetch it; `size` in bytes."""

    name: str
    version: str
    uri: str
    file: str
    size: int

    def found_in(self, archives: Path) -> Path:
        """Path after the download; apt leaves a package of a `file:` source where it is."""
        fetched = archives / self.file
        return fetched if fetched.exists() else Path(unquote(urlsplit(self.uri).path))


@contextmanager
def fetched(
    names: Sequence[str], *, folder: Path, environ: Mapping[str, str], say: Callable[[str], None]
) -> Iterator[tuple[Deb, ...]]:
    """Give the named packages and their dependencies, without recommended ones, while the block lasts.

    The machine's sources, keys, pins and proxies are used; its package lists and caches are not touched.
    Works without root, in a temporary folder inside `folder`.
    SandboxError if apt is missing or fails: then with its last lines and what to do next.
    """
    for program in ("apt-get", "apt-config", "dpkg-deb", "tar"):
        if shutil.which(program, path=environ.get("PATH")) is None:
            raise SandboxError(
                f"Real nodes are made from Debian or Ubuntu packages, and {program} is not there: "
                "run this on Debian or Ubuntu, or use simulated nodes."
            )
    with TemporaryDirectory(dir=folder, prefix="apt-") as private:
        apt = _PrivateApt(Path(private), environ)
        say("reading the package lists of this machine's apt sources")
        apt.update()
        if apt.complaint:
            say(f"apt complains about its sources, going on with what they gave:\n{apt.complaint}")
        offers = apt.offers(names)
        say(f"downloading {len(offers)} packages ({sum(offer.size for offer in offers) / 1e6:.0f} MB)")
        apt.download(names)
        yield tuple(Deb(offer.name, offer.version, offer.found_in(apt.archives)) for offer in offers)


def unpack(deb: Deb, root: Path, environ: Mapping[str, str]) -> None:
    """Lay a package's files into a root file system without running its scripts; links to folders there stay.

    Files become the caller's, and no program is set-uid: in a cache such a program would outlive its security fixes.
    """
    left_out = [f"--exclude=./usr/share/{name}" for name in _LEFT_OUT]
    reading = ["dpkg-deb", "--fsys-tarfile", str(deb.path)]
    writing = ["tar", "-x", "-C", str(root), "--keep-directory-symlink", "--no-same-owner", "--no-same-permissions"]
    with (
        subprocess.Popen(reading, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(environ)) as reader,
        subprocess.Popen(
            [*writing, *left_out], stdin=reader.stdout, stderr=subprocess.PIPE, env=dict(environ), umask=0o022
        ) as writer,
    ):
        assert reader.stdout is not None  # noqa: S101 - we asked for a pipe
        reader.stdout.close()
        said = writer.communicate()[1] + reader.communicate()[1]
    if reader.returncode or writer.returncode:
        raise SandboxError(f"package {deb.name} {deb.version} could not be unpacked:\n{said.decode().strip()}")


def parse_offers(text: str) -> tuple[_Offer, ...]:
    """List the packages named by `apt-get --print-uris`, in its order."""
    return tuple(
        _Offer(found["name"], unquote(found["version"]), found["uri"], found["file"], int(found["size"]))
        for found in map(_LINE.match, text.splitlines())
        if found
    )


def private_settings(dump: str, folder: Path) -> str:
    """Write settings for apt: sources and proxies from `apt-config dump`, everything else in `folder`."""
    kept = [line for line in dump.splitlines() if _KEPT.match(line)]
    ours = {
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": "/dev/null",
        "Dir::State": folder,
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "Dir::Log": folder,
        "Acquire::Languages": "none",
        # The folder is its owner's alone, so apt's download user could not write there.
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
    }
    return "\n".join([*kept, *(f'{key} "{value}";' for key, value in ours.items())]) + "\n"


class _PrivateApt:
    """apt with lists, caches and a status of its own, in which next to nothing is installed."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.archives = folder / "archives"
        for path in (folder / "lists" / "partial", self.archives / "partial"):
            path.mkdir(parents=True)
        (folder / "status").write_text("".join(map(_stanza, _ASSUMED)))
        plain = {**environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        settings = folder / "apt.conf"
        settings.touch(mode=0o600)  # proxies may have passwords
        settings.write_text(private_settings(_succeeded(_run(["apt-config", "dump"], plain)), folder))
        self._environ = {**plain, "APT_CONFIG": str(settings)}
        self.complaint = ""

    def update(self) -> None:
        """Read the package lists; a source that fails may have nothing we need, so it is only a complaint."""
        self.complaint = _last_lines(_run(["apt-get", "-q", "update"], self._environ).stderr)

    def offers(self, names: Sequence[str]) -> tuple[_Offer, ...]:
        return parse_offers(self._install("--print-uris", names))

    def download(self, names: Sequence[str]) -> None:
        """Fetch everything and check it against the signed lists."""
        self._install("--download-only", names)

    def _install(self, how: str, names: Sequence[str]) -> str:
        command = ["apt-get", "-q", "-y", how, "install", *names]
        return _succeeded(_run(command, self._environ), self.complaint)


def _stanza(name: str) -> str:
    return (
        f"Package: {name}\nStatus: install ok installed\nArchitecture: all\nMulti-Arch: foreign\n"
        "Version: 99:0\nMaintainer: nobody\nDescription: assumed\n\n"
    )


def _run(command: list[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=dict(environ),
            timeout=_APT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"{' '.join(command[:3])} did not end within {_APT_SECONDS} s: check the network") from error


def _succeeded(done: subprocess.CompletedProcess[str], complaint: str = "") -> str:
    """Return what a program wrote; if it failed, SandboxError with its last lines and an earlier complaint."""
    if done.returncode:
        lines = "\n".join(filter(None, (complaint, _last_lines(done.stderr))))
        raise SandboxError(f"{' '.join(done.args)} failed:\n{lines}\nNext: {_advice(lines)}.")
    return done.stdout


def _last_lines(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines()[-_SHOWN_LINES:])


def _advice(lines: str) -> str:
    lowered = lines.lower()
    for signs, what in _ADVICE:
        if any(sign in lowered for sign in signs):
            return what
    return "see whether `apt-get update` works on this machine"
