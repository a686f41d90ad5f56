import pytest

from sandbox.aws.deploy import last_event

STACK = "cloudmap-mcs-demo-hub"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"{STACK}: creating stack...", f"{STACK}: creating stack..."),
        (f"{STACK}: start: Building {STACK} Template", f"{STACK}: start: Building {STACK} Template"),
        ("✨  Synthesis time: 24.99s", "Synthesis time: 24.99s"),
        (
            f"{STACK} |  31 | 6:23:04 AM | CREATE_COMPLETE         | AWS::SQS::QueuePolicy | west/Inbox (westInbox5) ",
            "CREATE_COMPLETE AWS::SQS::QueuePolicy west/Inbox (westInbox5)",
        ),
        (
            "CDKToolkit |  2/15 | 6:22:34 AM | CREATE_IN_PROGRESS | AWS::IAM::Policy | Policy ",
            "CREATE_IN_PROGRESS AWS::IAM::Policy Policy",
        ),
    ],
)
@pytest.mark.parametrize(
    "noise",
    [
        "b'!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!\\n'",
        "(node:31097) Warning: NodeVersionSupportWarning: The AWS SDK for JavaScript (v3)",
        "will require node >=22. You are running node v20.20.2.",
        "",
    ],
)
def test_the_sign_of_life_is_the_last_thing_the_cdk_told(line: str, told: str, noise: str) -> None:
    assert last_event(["something before", line, noise]) == told


def test_while_there_is_only_noise_the_sign_of_life_is_plain() -> None:
    assert last_event(["b'!! Node 20 is end-of-life !!'", ""]) == "at work"
