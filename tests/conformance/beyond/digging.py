"""Several DNS questions in one command, and what dig says to each: the status too, which knows a name from none."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from tests.conformance.clusters import Cluster
from tests.conformance.trial import Trial
from tests.conformance.verdicts import demand, need

NO_SUCH_NAME: Final = "NXDOMAIN"
THERE: Final = "NOERROR"

_BEGIN: Final = ";; Got answer:"
_STATUS: Final = re.compile(r"status: (\w+)")


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """A name without a final dot, and the type of record that is asked for."""

    record: str
    name: str

    def __str__(self) -> str:
        return f"{self.record} {self.name}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The status, and the records' data without doubles: addresses in short form, of an SRV record port and target."""

    status: str
    records: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.status} {', '.join(sorted(self.records)) or 'without records'}"


NOTHING: Final = Answer(NO_SUCH_NAME)
NO_RECORD: Final = Answer(THERE)


def found(*records: str) -> Answer:
    """Give the answer that holds these records."""
    return Answer(THERE, frozenset(records))


def dig(questions: Sequence[Question]) -> str:
    """Give the command that asks all of them, one after the other."""
    asked = " ".join(f"-q {one.name}. -t {one.record}" for one in questions)
    return f"dig +time=1 +tries=1 +noall +comments +answer {asked}"


def read(questions: Sequence[Question], output: str) -> dict[Question, Answer]:
    """Read what dig printed; an UnmetError when it did not get an answer to each question."""
    parts = output.split(_BEGIN)[1:]
    need(len(parts) == len(questions), f"{len(parts)} of {len(questions)} DNS questions were answered: {output[-200:]}")
    return {one: _answer(one, part) for one, part in zip(questions, parts, strict=True)}


def ask(trial: Trial, cluster: Cluster, questions: Sequence[Question]) -> dict[Question, Answer]:
    """Ask from a pod of the cluster."""
    return read(questions, trial.run(cluster, dig(questions)))


def says(trial: Trial, cluster: Cluster, expected: Mapping[Question, Answer]) -> None:
    """Demand exactly these answers in the cluster."""
    there = ask(trial, cluster, list(expected))
    wrong = [f"{one}: {there[one]}, not {answer}" for one, answer in expected.items() if there[one] != answer]
    demand(not wrong, f"{len(wrong)} DNS answers in cluster {cluster.name} are wrong: {'; '.join(wrong[:4])}")


def _answer(question: Question, part: str) -> Answer:
    status = _STATUS.search(part)
    lines = (line.split() for line in part.splitlines() if line.strip() and not line.startswith(";"))
    records = frozenset(_data(fields) for fields in lines if len(fields) > 4 and fields[3] == question.record)
    return Answer(status[1] if status else "no status", records)


def _data(fields: Sequence[str]) -> str:
    record, data = fields[3], fields[4:]
    if record in {"A", "AAAA"}:
        return str(ip_address(data[0]))
    # Priority and weight of an SRV record mean nothing here.
    return " ".join(data[2:]).rstrip(".") if record == "SRV" else " ".join(data)
