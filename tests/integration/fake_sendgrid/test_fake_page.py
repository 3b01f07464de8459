"""The web page, looked at with a real browser where there is one."""

import shutil
import subprocess

import pytest
import urllib3
from running_fake import MAIL, RunningFake

pytestmark = pytest.mark.integration
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
HTML = {"type": "text/html", "value": "<script>parent.document.title='broken out'</script><h1>Picked for you</h1>"}


def test_the_preview_runs_no_scripts(fake: RunningFake) -> None:
    fake.send({**MAIL, "content": [HTML]})
    seq = fake.ledger()[0]["seq"]
    preview = urllib3.request("GET", f"{fake.management}/mails/{seq}/html")
    assert b"Picked for you" in preview.data
    assert preview.headers["Content-Security-Policy"].startswith("sandbox;")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_the_page_shows_inbox_mail_and_faults(fake: RunningFake) -> None:
    fake.manage("PUT", "/faults", {"name": "slow-domain", "fault": "hang", "to": "*@slow.example"})
    fake.send({**MAIL, "subject": "Five things", "content": [HTML], "custom_args": {"user_id": "4711"}})
    seq = fake.ledger()[0]["seq"]
    command = [str(BROWSER), "--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=4000"]
    page = subprocess.run(
        [*command, "--dump-dom", f"{fake.management}/#{seq}"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for shown in ("reader@example.com", "Five things", "4711", "slow-domain", "List-Unsubscribe has no https link"):
        assert shown in page, shown
    assert "<title>fake_sendgrid</title>" in page
