from pathlib import Path

import pytest

from sandbox.nodes.mounts import Mount, mounts, refuses_layers

ROOT = "27 1 0:40 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/a - b,upperdir=/c\n"


def mounted(point: Path | str, kind: str) -> str:
    return f"30 27 254:0 / {point} rw,relatime shared:7 - {kind} /dev/vda rw\n"


def test_a_line_tells_place_and_type_whatever_else_is_in_it() -> None:
    lines = ROOT + mounted(r"/a\040folder\134", "ext4") + "31 27 0:5 / /srv rw - tmpfs tmpfs rw\n"

    assert mounts(lines) == [
        Mount(Path("/"), "overlay"),
        Mount(Path("/a folder\\"), "ext4"),
        Mount(Path("/srv"), "tmpfs"),
    ]


@pytest.mark.parametrize("kind", ["overlay", "nfs4", "vfat"])
@pytest.mark.parametrize("below", ["", "state/clusters"])
def test_a_folder_that_is_not_there_yet_is_judged_by_where_it_would_be(tmp_path: Path, kind: str, below: str) -> None:
    lines = mounted("/", "ext4") + mounted(tmp_path, kind)

    assert refuses_layers(tmp_path / below, lines) == kind
    assert refuses_layers(tmp_path.parent, lines) is None


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs"])
def test_a_volume_in_a_container_takes_layers(tmp_path: Path, kind: str) -> None:
    lines = ROOT + mounted(tmp_path, kind)

    assert refuses_layers(tmp_path / "state", lines) is None
    assert refuses_layers(tmp_path.with_name(tmp_path.name + "2"), lines) == "overlay"


def test_of_mounts_in_one_place_the_last_one_counts(tmp_path: Path) -> None:
    lines = (mounted(tmp_path, "ext4"), mounted(tmp_path, "overlay"), mounted(tmp_path / "elsewhere", "ext4"))

    assert refuses_layers(tmp_path, "".join(lines)) == "overlay"
    assert refuses_layers(tmp_path, "".join(reversed(lines))) is None


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    (tmp_path / "link").symlink_to("volume")

    assert refuses_layers(tmp_path / "link/state", ROOT + mounted(tmp_path / "volume", "ext4")) is None
