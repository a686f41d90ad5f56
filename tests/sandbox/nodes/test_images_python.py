"""The image for watchers as it is described; `test_real_node` runs it."""

import sys
from pathlib import Path, PurePosixPath

from cloudmap_mcs.install.bundle import PYTHON_PATH
from sandbox.nodes.images import Copy
from sandbox.nodes.images_modules import Modules
from sandbox.nodes.images_python import python_image


def test_the_sdk_is_where_the_watchers_deployment_looks_for_it() -> None:
    there = {file.path for file in python_image().files if isinstance(file, Modules)}

    folder = PYTHON_PATH.split(":")[-1]
    assert {f"{folder}/{name}" for name in ("boto3", "botocore", "jmespath", "six.py", "urllib3")} <= there


def test_python3_on_the_path_is_the_interpreter_that_the_bundle_is_made_for() -> None:
    image = python_image()
    copied = {file.path: file.source for file in image.files if isinstance(file, Copy)}
    first = dict(image.env)["PATH"].split(":")[0]

    assert image.name.endswith(f":{sys.version_info.major}.{sys.version_info.minor}")
    assert copied[f"{first}/python3"].samefile(Path(sys.executable).resolve())


def test_the_standard_library_comes_without_tests_and_without_what_is_installed_here() -> None:
    library = next(file for file in python_image().files if isinstance(file, Modules))
    there = {str(PurePosixPath(path).relative_to(library.path)) for path, _ in library.files()}

    assert {"os.py", "json/__init__.py", "encodings/utf_8.py"} <= there
    assert any(path.startswith("lib-dynload/_ssl.") for path in there)
    assert not [path for path in there if {"test", "tests", "site-packages", "__pycache__"} & set(path.split("/"))]
