"""One fake and one receiver for most tests, emptied before each of them."""

from collections.abc import Iterator

import pytest
from running_fake import Receiver, RunningFake, run_fake


@pytest.fixture(scope="session")
def shared_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def shared_fake(tmp_path_factory: pytest.TempPathFactory, shared_receiver: Receiver) -> Iterator[RunningFake]:
    with run_fake(tmp_path_factory.mktemp("fake"), f"--webhook-url={shared_receiver.url}") as fake:
        yield fake


@pytest.fixture
def receiver(shared_receiver: Receiver) -> Receiver:
    shared_receiver.posts.clear()
    shared_receiver.statuses.clear()
    return shared_receiver


@pytest.fixture
def fake(shared_fake: RunningFake, receiver: Receiver) -> RunningFake:
    shared_fake.manage("PUT", "/full-speed", {"on": True})
    shared_fake.manage("PUT", "/pace", {"latency_ms": 0})
    shared_fake.manage("PUT", "/clock", {"scale": 1})
    shared_fake.manage("PUT", "/account/choices", {})
    shared_fake.manage("POST", "/reset")
    receiver.posts.clear()
    return shared_fake
