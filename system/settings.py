"""Every setting of the product, read from `STEADYPOST_*` variables and checked once, at start."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableVariableError

from system.errors import SettingsError
from system.redis_address import RedisAddress
from system.weakness import weakness_of_key, weakness_of_password

if TYPE_CHECKING:
    from collections.abc import Iterator

ENV_PREFIX = "STEADYPOST_"

Seconds = Annotated[float, Field(gt=0)]
ModelDevice = Literal["auto", "cpu", "cuda"]


AMQP = ("amqp://", "amqps://")


def _is_database(url: SecretStr) -> SecretStr:
    """No message here shows a part of a URL, since it holds a password."""
    parts = _parts(url, "postgresql+psycopg://")
    if not parts.path.strip("/"):
        raise ValueError("names no database: postgresql+psycopg://user:password@host:port/name")
    return url


def _is_redis(url: SecretStr) -> SecretStr:
    RedisAddress(url.get_secret_value())
    return url


def _is_broker(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(AMQP):
        return _is_redis(url)
    if not _parts(url, *AMQP).hostname:
        raise ValueError("names no host")
    return url


def _parts(url: SecretStr, *prefixes: str) -> SplitResult:
    text = url.get_secret_value()
    if not text.startswith(prefixes):
        raise ValueError(f"must start with {' or '.join(prefixes)}")
    parts = urlsplit(text)
    try:
        parts.port  # noqa: B018  # reading it is what checks it
    except ValueError:
        raise ValueError("has a port that is no number up to 65535") from None
    return parts


def _is_http(url: str) -> str:
    if not url.startswith(("http://", "https://")) or not urlsplit(url).hostname:
        raise ValueError("must be a URL with a host that starts with https:// or http://")
    return url


HttpUrl = Annotated[str, AfterValidator(_is_http)]


class SendingAccount(BaseModel):
    """One account at the provider; its limit is shared by all workers that send through it."""

    api_key: SecretStr
    api_url: HttpUrl = "https://api.sendgrid.com"
    mails_per_s: Annotated[float, Field(gt=0)] | None = 100.0
    """Mails, not requests, in any rolling second; None lifts the limit (benchmarks)."""


class Settings(BaseSettings):
    """Field `database_url` is set by `STEADYPOST_DATABASE_URL`, and so on."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, env_nested_delimiter="__", extra="forbid")

    environment: Literal["production", "development"] = "production"

    database_url: Annotated[SecretStr, AfterValidator(_is_database)]
    """`postgresql+psycopg://user:password@host:port/name`."""
    redis_url: Annotated[SecretStr, AfterValidator(_is_redis)]
    """Permits, breaker and schedules: one server, or the sentinels that watch several (docs/redis.md)."""
    broker_url: Annotated[SecretStr, AfterValidator(_is_broker)] | None = None
    """Celery's broker, `redis_url` when unset; an `amqp://` URL selects RabbitMQ."""
    socket_timeout_s: Seconds = 5.0
    """How long any call to Redis or the broker may block; the default of the libraries is for ever."""

    accounts: dict[str, SendingAccount]
    """Sending accounts by name; newsletters name theirs, most installations have only `default`."""

    webhook_public_keys: list[str]
    """Keys that verify webhook posts (base64 DER, as the provider shows them); two during a rotation."""
    webhook_max_age_s: Seconds = 90_000.0
    """Older posts are stale. The provider retries for 24 h and may keep the first signature (docs/decisions/0004)."""
    webhook_max_bytes: Annotated[int, Field(gt=0)] = 1_048_576

    public_url: HttpUrl
    """Where recipients reach the unsubscribe page, without a trailing slash."""
    link_keys: Annotated[list[SecretStr], Field(min_length=1)]
    """Keys of the unsubscribe links: the first signs, all verify."""

    from_email: str
    from_name: str
    """The shop's name, in the sender's field and in the mail."""
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    """ISO 4217 code of all prices."""
    postal_address: str
    """Shown in every mail, as the law of most countries demands."""
    shop_url: HttpUrl
    """Product links start with it."""

    model_folder: Path = Path("models")
    """Models by version; the table `models` says which exist and which one is active."""
    model_patience_s: Seconds = 300.0
    """How long a campaign waits for a model that can't be loaded before another one takes its place."""
    model_device: ModelDevice = "auto"
    """Where models run: on a GPU where CUDA works (auto), on one or not at all (cuda), on the CPU (cpu)."""

    dispatch_page_users: Annotated[int, Field(gt=0)] = 5_000
    batch_jobs: Annotated[int, Field(gt=0)] = 500
    """Jobs that one Celery message names: a few seconds of sending, far below the visibility timeout."""
    sends_in_flight: Annotated[int, Field(gt=0)] = 32
    """Open requests per worker process; also what one outage can leave ambiguous per process."""
    request_deadline_s: Seconds = 10.0
    """From the first byte of a request to the last byte of its answer."""
    connect_timeout_s: Seconds = 3.0
    claim_lease_s: Seconds = 30.0
    resolution_deadline_s: Seconds = 86_400.0
    """How long an unknown job waits for evidence: the provider's webhook retries end after 24 h."""
    max_attempts: Annotated[int, Field(gt=0)] = 20
    retry_after_s: Seconds = 1.0
    """First delay after a refusal; doubles up to `retry_cap_s`, with jitter."""
    retry_cap_s: Seconds = 30.0
    retry_after_max_s: Seconds = 900.0
    """The longest Retry-After that is believed; the provider has been seen to send absurd ones."""
    batch_run_s: Seconds = 120.0
    """A batch that takes longer (a small limit, a slow provider) ends, and the sweep enqueues its rest."""
    ambiguous_statuses: frozenset[int] = frozenset(range(500, 600))
    """Answers that don't tell whether the mail was accepted; take 503 out if your provider's 503 is a firm no."""

    breaker_failures: Annotated[int, Field(gt=0)] = 10
    """Failures in a row, over all workers, that open the breaker."""
    probe_interval_s: Seconds = 1.0
    probe_cap_s: Seconds = 10.0
    """Probe mails that end ambiguous are spaced out up to this, since each may be lost."""
    probe_run_s: Seconds = 20.0
    """How long one probing task goes on before the sweep starts another."""
    rejections_to_pause: Annotated[int, Field(gt=0)] = 20
    """The same permanent rejection this often in a row pauses the campaign."""

    sweep_interval_s: Seconds = 2.0
    schedule_grace_s: Seconds = 86_400.0
    """A missed weekly tick is caught up for this long."""

    metrics_port: Annotated[int, Field(gt=0, lt=65_536)] | None = None
    """Where a worker shows its counts; unset where the web process shares its folder (docs/metrics.md)."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    release: str | None = None
    """What runs, as error reports and traces say it; the image's tag."""
    sentry_dsn: SecretStr | None = None
    """Where unexpected errors are reported, in Sentry's protocol; off when unset or empty."""
    otlp_endpoint: Annotated[str, Field(pattern=r"^(https?://[^\s/].*)?$")] | None = None
    """Where traces go, such as `http://collector:4318` (OTLP over HTTP); off when unset or empty."""

    failpoints: Path | None = None
    """For tests: a folder with orders to die or to wait at named places (system/failpoints.py); none in production."""

    @model_validator(mode="after")
    def _leases_outlast_requests(self) -> Self:
        if self.claim_lease_s <= 2 * self.request_deadline_s:
            msg = (
                f"claim_lease_s={self.claim_lease_s:g} must be more than twice request_deadline_s="
                f"{self.request_deadline_s:g}, or a slow answer would find its lease gone"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if self.environment == "production":
            if self.failpoints is not None:
                raise ValueError("failpoints must be unset in production, where no process may die on command")
            if weak := list(self._weak_secrets()):
                raise ValueError("; ".join(weak))
            if not self.public_url.startswith("https://"):
                msg = f"public_url={self.public_url!r} must start with https:// in production"
                raise ValueError(msg)
        return self

    def _weak_secrets(self) -> Iterator[str]:
        for key in self.link_keys:
            if weakness := weakness_of_key(key.get_secret_value(), min_chars=MIN_KEY_CHARS):
                yield f"link_keys {weakness} in production"
        for name, account in self.accounts.items():
            if weakness := weakness_of_key(account.api_key.get_secret_value(), min_chars=MIN_KEY_CHARS):
                yield f"accounts__{name}__api_key {weakness} in production"
        for name in ("database_url", "redis_url", "broker_url"):
            url: SecretStr | None = getattr(self, name)
            password = url and urlsplit(url.get_secret_value().replace(",", "-")).password
            if password and (weakness := weakness_of_password(unquote(password))):
                yield f"{name} {weakness} in production"

    @property
    def last_start_s(self) -> float:
        """How long after its claim a mail may leave and still be accepted before its job can be given up.

        A process that was stopped for longer, and goes on, must not send for a job that has ended.
        """
        given_up_s = self.claim_lease_s + self.resolution_deadline_s
        return given_up_s - self.connect_timeout_s - self.request_deadline_s

    @property
    def broker(self) -> str:
        """The broker's URL with its secrets."""
        return (self.broker_url or self.redis_url).get_secret_value()

    @property
    def redis(self) -> RedisAddress:
        """Where permits, breaker and schedules are."""
        return RedisAddress(self.redis_url.get_secret_value())

    @property
    def redis_broker(self) -> RedisAddress | None:
        """Where the queues are; None where RabbitMQ holds them."""
        return None if self.broker.startswith(AMQP) else RedisAddress(self.broker)

    def account(self, name: str) -> SendingAccount:
        """The sending account that a newsletter names."""
        try:
            return self.accounts[name]
        except KeyError:
            known = ", ".join(sorted(self.accounts)) or "none"
            raise SettingsError(
                f"sending account {name!r} is not configured (known: {known}). "
                f"Set {ENV_PREFIX}ACCOUNTS__{name.upper()}__API_KEY, or change the newsletter's account."
            ) from None


MIN_KEY_CHARS = 32


@cache
def load_settings() -> Settings:
    """The process's settings; raises SettingsError with one line per bad variable."""
    try:
        return Settings()
    except ValidationError as exc:
        raise SettingsError(_explain(exc)) from None
    except UnreadableVariableError as exc:
        # The library names the field between quotes, and nothing else that a person could use.
        name = f"{ENV_PREFIX}{str(exc).split(chr(34))[1]}".upper()
        raise SettingsError(f'{name}: must be JSON, such as ["…"] for a list\n{_WHERE_TO_LOOK}') from None


def _explain(exc: ValidationError) -> str:
    lines = []
    for error in exc.errors(include_url=False, include_input=False):
        name = ENV_PREFIX + "__".join(str(part) for part in error["loc"]).upper() if error["loc"] else "settings"
        lines.append(f"{name}: {error['msg'].removeprefix('Value error, ')}")
    return "\n".join([*lines, _WHERE_TO_LOOK])


_WHERE_TO_LOOK = "docs/settings.md lists every variable; `steadypost doctor` checks them."
