"""What dig prints and what its answers mean. Lines end as a terminal ends them."""

import pytest

from tests.conformance.beyond.connecting import connect_often, pods_that_answer
from tests.conformance.beyond.digging import NO_RECORD, NOTHING, Answer, Question, dig, found, read
from tests.conformance.verdicts import UnmetError

NAME = "db.shop.svc.clusterset.local"


def printed(status: str, *records: str) -> str:
    head = f";; Got answer:\r\n;; ->>HEADER<<- opcode: QUERY, status: {status}, id: 7\r\n;; flags: qr aa rd;\r\n\r\n"
    return head + "".join(f"{NAME}. 5\tIN\t{one}\r\n" for one in records) + "\r\n"


@pytest.mark.parametrize(
    ("record", "output", "expected"),
    [
        pytest.param(
            "A", printed("NOERROR", "A 10.1.0.7", "A 10.1.0.8"), found("10.1.0.7", "10.1.0.8"), id="addresses"
        ),
        pytest.param("AAAA", printed("NOERROR", "AAAA FD66:0:0::7"), found("fd66::7"), id="written-otherwise"),
        pytest.param("SRV", printed("NOERROR", f"SRV 0 50 42 {NAME}."), found(f"42 {NAME}"), id="service"),
        pytest.param("TXT", printed("NOERROR", 'TXT "1.1.0"'), found('"1.1.0"'), id="text"),
        pytest.param("A", printed("NOERROR", "CNAME other.", "A 10.1.0.7"), found("10.1.0.7"), id="other-records"),
        pytest.param("A", printed("NXDOMAIN"), NOTHING, id="no-such-name"),
        pytest.param("A", printed("NOERROR"), NO_RECORD, id="no-record"),
        pytest.param("A", printed("SERVFAIL"), Answer("SERVFAIL"), id="server-failure"),
    ],
)
def test_an_answer_has_its_status_and_its_records(record: str, output: str, expected: Answer) -> None:
    question = Question(record, NAME)

    assert read([question], output) == {question: expected}


def test_each_question_has_its_own_answer() -> None:
    first, second = Question("A", NAME), Question("AAAA", f"east.{NAME}")

    answers = read([first, second], printed("NOERROR", "A 10.1.0.7") + printed("NXDOMAIN"))

    assert answers == {first: found("10.1.0.7"), second: NOTHING}
    assert dig([first, second]).endswith(f"-q {NAME}. -t A -q east.{NAME}. -t AAAA")


def test_a_question_without_an_answer_is_no_answer() -> None:
    with pytest.raises(UnmetError, match="1 of 2 DNS questions"):
        read([Question("A", NAME), Question("AAAA", NAME)], printed("NOERROR") + ";; no servers could be reached\r\n")


def test_every_connection_counts_by_the_pod_that_answers_it() -> None:
    output = "pod ip 10.1.0.7\r\npod ip FD66:0::7\r\n2026 socat[7] E connect: Connection refused\r\npod ip 10.1.0.7\r\n"

    assert pods_that_answer(output) == ["10.1.0.7", "fd66::7", "10.1.0.7"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [pytest.param(NAME, f"TCP6:{NAME}:42,", id="name"), pytest.param("fd66::7", "TCP6:[fd66::7]:42,", id="address")],
)
def test_an_ipv6_address_is_told_from_its_port(host: str, expected: str) -> None:
    assert expected in connect_often("IPv6", host)
