"""Our zip comes before the runtime's own packages in the search path: what of ours do they get?"""

import sys
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.wheels import SHADOWED, selected
from tests.infra.runtime import RUNTIME, imported

LOCK = Path(__file__).parents[2] / "requirements" / "bundle.txt"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric has wheels for Linux only")


def test_what_the_runtimes_packages_find_in_the_zip_is_known_and_has_a_reason() -> None:
    lock = selected(LOCK.read_text())
    bundled = {canonicalize_name(line.split("==")[0]) for line in lock.splitlines() if line[:1].isalpha()}
    modules = {
        module
        for module, distributions in packages_distributions().items()
        if bundled & {canonicalize_name(name) for name in distributions}
    }
    wanted = set[str]().union(*(imported(name) for name in RUNTIME))

    assert {"kubernetes", "pydantic", "urllib3"} <= modules
    assert modules & wanted == set(SHADOWED)
    assert all(SHADOWED.values())


def test_the_runtimes_packages_take_the_versions_in_the_zip() -> None:
    for name in RUNTIME:
        for text in requires(name) or ():
            requirement = Requirement(text)
            if requirement.name in SHADOWED and (requirement.marker is None or requirement.marker.evaluate()):
                assert requirement.specifier.contains(version(requirement.name)), f"{name} needs {text}"
