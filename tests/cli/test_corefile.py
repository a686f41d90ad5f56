import os
import pty

import pytest
from click.testing import CliRunner, Result

from cloudmap_mcs.cli.__main__ import mcsctl
from cloudmap_mcs.install.corefile import enable, is_enabled
from cloudmap_mcs.install.corefile_stub import stub
from tests.install.corefile_texts import COREFILES

EKS = COREFILES["eks"]


def edited(text: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(mcsctl, ["corefile", *options], input=text)


def test_the_edited_corefile_and_nothing_else_is_on_standard_output() -> None:
    answer = edited(EKS)

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout == enable(EKS)
    assert is_enabled(answer.stdout)


def test_undo_gives_back_what_was_there() -> None:
    assert edited(edited(EKS).stdout, "--undo").stdout == EKS


def test_an_edited_corefile_comes_out_as_it_went_in() -> None:
    once = edited(EKS).stdout_bytes

    assert edited(once).stdout_bytes == once


def test_the_zone_may_be_forwarded_instead() -> None:
    answer = edited(EKS, "--stub-zone", "10.100.0.53", "--stub-zone", "fd00:10::53")

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout == stub(EKS, ["10.100.0.53", "fd00:10::53"])
    assert edited(answer.stdout, "--undo").stdout == EKS


def test_either_edit_takes_the_other_out() -> None:
    forwards, serves = edited(EKS, "--stub-zone", "10.100.0.53").stdout, edited(EKS).stdout

    assert edited(forwards).stdout == serves
    assert edited(serves, "--stub-zone", "10.100.0.53").stdout == forwards


def test_undoing_and_forwarding_do_not_go_together() -> None:
    answer = edited(EKS, "--undo", "--stub-zone", "10.100.0.53")

    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "--undo takes every edit out" in answer.stderr


@pytest.mark.parametrize("address", ["clusterset-dns", "10.100.0.53:53", ""])
def test_only_an_address_is_forwarded_to(address: str) -> None:
    answer = edited(EKS, "--stub-zone", address)

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert "addresses of our DNS Service" in answer.stderr


def test_line_breaks_of_another_kind_stay() -> None:
    text = EKS.replace("\n", "\r\n").encode()

    assert edited(edited(text).stdout_bytes, "--undo").stdout_bytes == text
    assert b"\n" not in edited(text).stdout_bytes.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (".:53 {\n  forward . /etc/resolv.conf\n}\n", "it has no kubernetes plugin"),
        ("", "it has no kubernetes plugin"),
        (b"\xff\xfe", "it is not UTF-8"),
    ],
)
def test_a_corefile_that_cannot_be_edited_is_an_error_and_no_output(text: str | bytes, says: str) -> None:
    answer = edited(text)

    assert (answer.exit_code, answer.stdout) == (1, "")
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_terminal_is_told_what_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "wb"), os.fdopen(theirs) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        with pytest.raises(SystemExit) as ended:
            mcsctl(["corefile"])

    assert ended.value.code == 2
    assert "mcsctl corefile < Corefile" in capsys.readouterr().err
