"""The official Node SDK, unmodified: it sends, it is refused, and its eventwebhook verifies our posts."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from running_fake import API_KEY, Receiver, RunningFake, wait_for

from fake_sendgrid.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER

pytestmark = pytest.mark.integration
FOLDER = Path(__file__).with_name("node_client")


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "contract.js"):
        shutil.copy(FOLDER / name, folder)
    installed = subprocess.run(["npm", "ci", "--silent", "--no-audit"], cwd=folder, check=False, timeout=120)
    if installed.returncode:
        pytest.skip("npm cannot install the SDK (no network?)")
    return folder / "contract.js"


def test_the_node_sdk_sends_and_verifies(fake: RunningFake, receiver: Receiver, contract: Path) -> None:
    for _ in range(3):
        fake.send()
    wait_for(lambda: len(receiver.events()) == 6, "events to verify")
    posts = [
        {
            "body": body.decode(),
            "signature": seen[SIGNATURE_HEADER.lower()],
            "timestamp": seen[TIMESTAMP_HEADER.lower()],
        }
        for seen, body in receiver.posts
    ]
    key = fake.manage("GET", "/keys")["public_key"]
    command = ["node", str(contract), fake.api, API_KEY, key, json.dumps(posts)]
    seen = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)
    assert (seen["status"], len(seen["messageId"]), seen["several"]) == (202, 22, 202)
    assert (seen["refused"], seen["field"]) == (400, "subject")
    assert seen["scopes"] > 10
    assert seen["verified"] == [True] * len(posts)
    assert sorted(line["to"] for line in fake.ledger()[3:]) == ["a@example.com", "b@example.com", "reader@example.com"]
