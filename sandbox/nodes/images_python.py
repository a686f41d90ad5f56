"""The image that runs the watcher on real nodes: this machine's own Python, laid out as AWS's Lambda image for it."""

from __future__ import annotations

import importlib.util
import ssl
import sys
import sysconfig
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError
from sandbox.nodes.images import Copy, File, Image, Library
from sandbox.nodes.images_modules import Modules
from sandbox.nodes.rootfs_libraries import PATH

RUNTIME: Final = "/var/runtime"
"""Where AWS's image has boto3 (`cloudmap_mcs.install.bundle` relies on it)."""
_SDK: Final = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")

# Other packages, tests, windows and what builds extensions: several times as large as all the rest.
_NO_PROGRAM_NEEDS: Final = (
    *("site-packages", "dist-packages", "test", "tests", "idlelib", "idle_test", "tkinter", "turtledemo", "turtle.py"),
    *("lib2to3", "ensurepip", "pydoc_data", "config-*", "_tkinter.*", "_test*", "_xx*", "xx*", "_ctypes_test*"),
)
# What compiled wheels expect of any Linux (PEP 513, PEP 599); AWS's image has it, too.
_EXPECTED: Final = (
    *("libdl.so.2", "libgcc_s.so.1", "libpthread.so.0", "libresolv.so.2", "librt.so.1", "libstdc++.so.6"),
    *("libutil.so.1", "libz.so.1"),
)
_CERTIFICATES: Final = "/etc/ssl/certs/ca-certificates.crt"


def python_image() -> Image:
    """Describe the image from the interpreter that runs this: the one for which `bundle=host` bundles.

    It lies where it lies here, so that it finds its library and its modules; `python3` is on the PATH.
    SandboxError if a part of the AWS SDK is not installed here.
    """
    interpreter = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    modules = Path(sysconfig.get_path("stdlib", vars={"installed_base": sys.base_prefix})).resolve()
    own = str(Path(sys.base_prefix).resolve() / "lib")
    return Image(
        f"cloudmap-mcs.sandbox/lambda-python:{sys.version_info.major}.{sys.version_info.minor}",
        (
            Copy(str(interpreter.with_name("python3")), interpreter),
            Modules(str(modules), modules, left_out=_NO_PROGRAM_NEEDS),
            *(_of_the_sdk(name) for name in _SDK),
            *map(Library, _EXPECTED),
            *_certificates(),
        ),
        entrypoint=("python3",),
        env=(("PATH", ":".join((str(interpreter.parent), *PATH))), ("LD_LIBRARY_PATH", own)),
        library_folders=(own,),
    )


def _of_the_sdk(name: str) -> Modules:
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise SandboxError(f"the package {name} is missing in this environment: make it anew with make setup")
    origin = Path(found.origin)
    source = origin.parent if origin.name == "__init__.py" else origin
    return Modules(f"{RUNTIME}/{source.name}", source)


def _certificates() -> tuple[File, ...]:
    """Give the authorities that this machine trusts, where its OpenSSL looks for them and where Debian has them."""
    asked = ssl.get_default_verify_paths().openssl_cafile
    there = next((Path(path).resolve() for path in (asked, _CERTIFICATES) if Path(path).exists()), None)
    return tuple(Copy(path, there) for path in dict.fromkeys((asked, _CERTIFICATES))) if there else ()
