"""Every option of the program: command line first, then FAKE_SENDGRID_* variables, then these defaults."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_API_KEY = "SG.fake-sendgrid.for-tests-only"
REAL_FLUSH_BYTES = 768 * 1024
"""The real service posts at 768 KB or after 30 s, whichever comes first."""

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class Options(BaseSettings):
    """Option `--data-dir` is also `FAKE_SENDGRID_DATA_DIR`, and so on."""

    model_config = SettingsConfigDict(
        env_prefix="FAKE_SENDGRID_",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_prog_name="python -m fake_sendgrid",
        use_attribute_docstrings=True,
        extra="forbid",
    )

    host: str = "127.0.0.1"
    """Address of both ports."""
    port: Port = 8025
    """Port of the v3 API; 0 takes a free one and prints it."""
    management_port: Port = 8026
    """Port of the management API and the web page; 0 takes a free one and prints it."""
    data_dir: Path = Path("fake-sendgrid-data")
    """Folder of the ledger, the kept bodies and the event queue."""
    api_key: SecretStr = SecretStr(DEFAULT_API_KEY)
    """The key that clients send as bearer token, with every scope; by default SG.fake-sendgrid.for-tests-only."""

    webhook_url: str | None = None
    """Where signed event batches are posted; unset posts nothing until management sets it."""
    signing_key_file: Path | None = None
    """PEM of the P-256 webhook key; made when absent, default DATA_DIR/signing-key.pem."""
    flush_s: Seconds = 1.0
    """An event waits at most this long for its batch to fill; the real service takes 30 s."""
    flush_bytes: Annotated[int, Field(ge=1)] = REAL_FLUSH_BYTES
    """A batch is posted as soon as it has this many bytes."""
    retry_first_s: Seconds = 60.0
    """Wait before a failed post is tried again; doubles each time. The real intervals are not published."""
    retry_cap_s: Seconds = 3600.0
    """Longest wait between two tries of a post."""
    clock_scale: Annotated[float, Field(ge=0.001, le=1_000_000)] = 1.0
    """How many simulated seconds pass per real second, for event delays and retry intervals."""
    seed: int = 1
    """Decides every recipient's fate, every latency and every fault."""

    full_speed: bool = False
    """No latency, no event delays, nobody bounces, no nastiness: for load tests."""
    latency_ms: Annotated[float, Field(ge=0, le=600_000)] = 100.0
    """Median time to answer (log-normal); 0 answers at once."""
    latency_sigma: Annotated[float, Field(ge=0, le=3)] = 0.35
    """Spread of the log-normal latency; 0 makes every answer take exactly the median."""
    mails_per_s: Annotated[int, Field(ge=1)] | None = None
    """Answer 429 above this many mails in any rolling second; unset only counts."""

    fsync: Literal["always", "interval", "never"] = "interval"
    """always survives a power cut before each 202; interval and never survive a killed process."""
    fsync_interval_s: Seconds = 1.0
    """How often `interval` reaches the disk."""
    kept_bodies_mb: Annotated[int, Field(ge=1)] = 256
    """Disk bound for request bodies, which the inbox shows; the oldest go first."""

    @property
    def signing_key_path(self) -> Path:
        """Where the webhook key lies."""
        return self.signing_key_file or self.data_dir / "signing-key.pem"

    @property
    def ledger_path(self) -> Path:
        """Where the ledger lies."""
        return self.data_dir / "ledger.jsonl"


class KeyOptions(BaseSettings):
    """Make a webhook key if there is none, and print its public half as SendGrid shows it."""

    model_config = SettingsConfigDict(
        env_prefix="FAKE_SENDGRID_",
        cli_kebab_case=True,
        cli_prog_name="python -m fake_sendgrid key",
        use_attribute_docstrings=True,
    )

    file: Path
    """PEM file of the P-256 private key."""
