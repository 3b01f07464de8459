"""The ledger survives what kills the fake."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
import urllib3
from running_fake import MAIL, Receiver, run_fake, wait_for

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("fsync", ["always", "interval", "never"])
def test_nothing_that_was_answered_202_is_forgotten_by_a_kill(tmp_path: Path, fsync: str) -> None:
    answered: list[str] = []
    with run_fake(tmp_path, f"--fsync={fsync}") as fake:

        def send_until_it_dies() -> None:
            while True:
                try:
                    answered.append(fake.send().headers["X-Message-Id"])
                except urllib3.exceptions.HTTPError:
                    return

        clients = [threading.Thread(target=send_until_it_dies) for _ in range(4)]
        for client in clients:
            client.start()
        wait_for(lambda: len(answered) > 200, "mails flow")
        os.kill(fake.process.pid, signal.SIGKILL)
        for client in clients:
            client.join(20)
    with run_fake(tmp_path) as again:
        remembered = [line["message_id"] for line in again.ledger()]
        assert set(answered) <= set(remembered)
        assert len(remembered) == len(set(remembered))
        assert again.manage("GET", "/summary")["accepted"] == len(remembered)
        again.send()
        assert again.ledger()[-1]["seq"] == len(remembered) + 1


def test_a_line_that_was_cut_by_the_kill_is_dropped(tmp_path: Path) -> None:
    with run_fake(tmp_path) as fake:
        fake.send()
    with (tmp_path / "ledger.jsonl").open("ab") as file:
        file.write(b'{"seq":2,"kind":"accep')
    with run_fake(tmp_path) as again:
        again.send()
        assert [line["seq"] for line in again.ledger()] == [1, 2]


def test_events_that_were_pending_are_told_after_a_restart(tmp_path: Path) -> None:
    receiver = Receiver()
    options = ("--no-full-speed", "--latency-ms=0", "--flush-s=0.05", f"--webhook-url={receiver.url}")
    with run_fake(tmp_path, *options) as fake:
        fake.manage("PUT", "/profile", {"delivery": {"median_s": 2, "sigma": 0}, "opened": 0, "machine_open": 0})
        fake.send({**MAIL, "custom_args": {"user_id": "7"}})
        wait_for(receiver.events, "the first event")
        fake.process.kill()
    told = [event["event"] for event in receiver.events()]
    assert "delivered" not in told
    with run_fake(tmp_path, *options):
        wait_for(lambda: "delivered" in [event["event"] for event in receiver.events()], "the delivery is told")
    receiver.close()


def test_the_office_ends_with_the_wire_and_frees_its_port(tmp_path: Path) -> None:
    with run_fake(tmp_path) as fake:
        port = int(fake.management.rpartition(":")[2])
        fake.process.kill()
        fake.process.wait()
    with run_fake(tmp_path, f"--management-port={port}") as again:
        assert again.management.endswith(f":{port}")


def test_a_stop_is_clean_and_quick(tmp_path: Path) -> None:
    with run_fake(tmp_path) as fake:
        fake.send()
        assert fake.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_both_processes_is_a_clean_stop_too(tmp_path: Path, number: signal.Signals) -> None:
    with run_fake(tmp_path) as fake:
        office = psutil.Process(fake.process.pid).children()[0]
        os.kill(office.pid, number)
        os.kill(fake.process.pid, number)
        assert fake.process.wait(10) == 0


def test_without_its_office_the_fake_ends_with_a_message(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with run_fake(tmp_path) as fake:
        psutil.Process(fake.process.pid).children()[0].kill()
        assert fake.process.wait(10) == 2
    assert "the office process ended" in capfd.readouterr().err


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with run_fake(tmp_path / "one") as fake:
        port = fake.api.rpartition(":")[2]
        command = [sys.executable, "-m", "fake_sendgrid", f"--port={port}", f"--data-dir={tmp_path / 'two'}"]
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert second.returncode == 2
    assert f"--port {port}: cannot listen" in second.stderr
    assert "Traceback" not in second.stderr
