"""Every test begins with an empty rig, or with one whose export is out."""

import pytest

from tests.reconcile.exporting.rig import FIRST, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture
def exported(rig: Rig) -> Rig:
    """A rig whose export is in the registry and announced."""
    rig.home.export(slices=FIRST)
    rig.reconcile()
    rig.clock.ms += 1_000
    rig.troubles.calls.clear()
    return rig
