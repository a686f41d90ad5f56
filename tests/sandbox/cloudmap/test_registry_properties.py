"""Whatever is called in whatever order, Cloud Map stays what it is: a model of one service, step by step."""

import random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sandbox.cloudmap.errors import ApiError
from tests.sandbox.cloudmap.rules import Driven, refused

DELAY = 1.0
QUOTA = 3

instances = st.sampled_from(["a", "b", "c", "d", "e"])
values = st.sampled_from(["1", "2"])


class OneService(RuleBasedStateMachine):
    """Predicts what one service holds from the calls that were accepted."""

    @initialize()
    def create(self) -> None:
        quotas = {"instances_per_service": QUOTA, "instances_per_namespace": 2 * QUOTA}
        self.cloudmap = Driven(operation_delay=DELAY, quotas=quotas)
        self.service = self.cloudmap.service()
        self.expected: dict[str, str] = {}
        self.running: dict[str, tuple[float, str | None]] = {}
        self.revisions = [0]
        self.snapshots: dict[int, dict[str, str]] = {}

    def _complete(self) -> None:
        due = [(moment, name, value) for name, (moment, value) in self.running.items() if moment <= self.cloudmap.now]
        for _, name, value in sorted(due, key=lambda entry: entry[0]):
            del self.running[name]
            if value is None:
                del self.expected[name]
            else:
                self.expected[name] = value

    def _call(self, operation: str, **params: Any) -> str | None:
        """Return the error's code, or None for an accepted call."""
        try:
            self.cloudmap.call(operation, ServiceId=self.service, **params)
        except ApiError as error:
            return error.code
        return None

    @rule(name=instances, value=values)
    def register(self, name: str, value: str) -> None:
        claimed = self.expected.keys() | {n for n, (_, v) in self.running.items() if v is not None}
        if name in self.running:
            wanted = "ResourceInUse" if self.running[name][1] is None else "DuplicateRequest"
        else:
            wanted = "ResourceLimitExceeded" if name not in claimed and len(claimed) >= QUOTA else ""

        code = self._call("RegisterInstance", InstanceId=name, Attributes={"v": value})

        assert code == (wanted or None)
        if code is None:
            self.running[name] = (self.cloudmap.now + DELAY, value)

    @rule(name=instances)
    def deregister(self, name: str) -> None:
        if name in self.running:
            wanted = "DuplicateRequest" if self.running[name][1] is None else "ResourceInUse"
        else:
            wanted = "" if name in self.expected else "InstanceNotFound"

        code = self._call("DeregisterInstance", InstanceId=name)

        assert code == (wanted or None)
        if code is None:
            self.running[name] = (self.cloudmap.now + DELAY, None)

    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0, 2.0]))
    def wait(self, seconds: float) -> None:
        self.cloudmap.wait(seconds)
        self._complete()

    @rule()
    @precondition(lambda self: self.expected or self.running)
    def refuse_to_delete(self) -> None:
        with refused("ResourceInUse"):
            self.cloudmap.call("DeleteService", Id=self.service)

    @invariant()
    def both_planes_show_what_succeeded(self) -> None:
        place: dict[str, Any] = {"NamespaceName": "mcs.demo", "ServiceName": "web.shop"}
        answer = self.cloudmap.call("DiscoverInstances", **place)
        listed = self.cloudmap.call("ListInstances", ServiceId=self.service)["Instances"]

        assert {i["InstanceId"]: i["Attributes"]["v"] for i in answer["Instances"]} == self.expected
        assert {i["Id"]: i["Attributes"]["v"] for i in listed} == self.expected
        assert len(listed) <= QUOTA
        revision = answer["InstancesRevision"]
        assert revision >= self.revisions[-1]
        assert self.snapshots.setdefault(revision, dict(self.expected)) == self.expected
        self.revisions.append(revision)


TestOneService = OneService.TestCase
TestOneService.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_same_seed_gives_the_same_answers() -> None:
    def answers() -> list[str]:
        cloudmap = Driven()
        service = cloudmap.service()
        for number in range(5):
            cloudmap.register(service, str(number), k="v")
        cloudmap.wait()
        found = cloudmap.call("DiscoverInstances", NamespaceName="mcs.demo", ServiceName="web.shop")
        return [service, *(instance["InstanceId"] for instance in found["Instances"])]

    random.seed(1)
    first = answers()
    random.seed(2)
    assert answers() == first
