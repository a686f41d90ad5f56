"""The fetch script runs as it will in the pod: a process of its own, real boto3, an S3 endpoint."""

import hashlib
import io
import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from cloudmap_mcs.errors import PermanentError
from cloudmap_mcs.install.bundle import Archive, Bundle, fetching


def a_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("cloudmap_mcs/watcher/__main__.py"), "print('hello')\n")
    return buffer.getvalue()


@pytest.fixture
def endpoint() -> Iterator[str]:
    class Bucket(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path.split("?")[0] == "/assets/own.zip"
            body = a_zip() if found else b"<Error><Code>NoSuchKey</Code></Error>"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def a_bundle(sha256: str, *, key: str = "own.zip") -> Bundle:
    """One whose zip for this machine is `key`; the other architecture's does not exist."""
    own, other = Archive(key=key, sha256=sha256), Archive(key="other.zip", sha256="0" * 64)
    arm = platform.machine() == "aarch64"
    return Bundle(region="eu-central-1", bucket="assets", arm64=own if arm else other, amd64=other if arm else own)


def fetch(bundle: Bundle, target: Path, endpoint: str, *, preamble: str = "") -> "subprocess.CompletedProcess[str]":
    container = fetching(bundle)
    given = {variable["name"]: variable["value"] for variable in container["env"]}
    _, flag, script = container["command"]
    return subprocess.run(
        [sys.executable, flag, preamble + script],
        env={
            "PATH": os.defpath,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL_S3": endpoint,
            "AWS_MAX_ATTEMPTS": "1",
            **given,
            "BUNDLE_TARGET": str(target),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_bundle_of_this_architecture_is_unpacked_and_may_be_again(endpoint: str, tmp_path: Path) -> None:
    bundle = a_bundle(hashlib.sha256(a_zip()).hexdigest())

    runs = [fetch(bundle, tmp_path, endpoint) for _ in range(2)]

    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert (tmp_path / "cloudmap_mcs/watcher/__main__.py").read_text() == "print('hello')\n"


def test_bundle_with_another_hash_is_refused_and_nothing_is_unpacked(endpoint: str, tmp_path: Path) -> None:
    run = fetch(a_bundle("f" * 64), tmp_path, endpoint)

    assert run.returncode == 1
    assert f"s3://assets/own.zip has SHA-256 {hashlib.sha256(a_zip()).hexdigest()}, not {'f' * 64}" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_missing_bundle_fails_so_that_the_kubelet_tries_again(endpoint: str, tmp_path: Path) -> None:
    run = fetch(a_bundle("f" * 64, key="gone.zip"), tmp_path, endpoint)

    assert run.returncode == 1
    assert "NoSuchKey" in run.stderr


def test_node_of_an_unknown_architecture_is_told_so(endpoint: str, tmp_path: Path) -> None:
    run = fetch(
        a_bundle("f" * 64), tmp_path, endpoint, preamble="import platform; platform.machine = lambda: 'riscv64'\n"
    )

    assert run.returncode == 1
    assert run.stderr.strip() == "there is no bundle for nodes of architecture riscv64"


def test_bundle_may_lack_one_architecture_and_not_both() -> None:
    archive = Archive(key="arm.zip", sha256="a" * 64)
    variables = {entry["name"] for entry in fetching(Bundle(region="r", bucket="b", arm64=archive))["env"]}

    assert "BUNDLE_KEY_aarch64" in variables
    assert not any(name.endswith("x86_64") for name in variables)
    with pytest.raises(PermanentError, match="bundle in b: there must be a zip for arm64, amd64 or both"):
        Bundle(region="r", bucket="b")
