"""Where Redis is: one server (`redis://`, with TLS `rediss://`) or the master that sentinels name (`sentinel://`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

import redis
import redis.asyncio
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN: Final = ("redis://", "rediss://", "unix://")
WATCHED: Final = ("sentinel://", "sentinels://")
SENTINEL_PORT: Final = 26_379
SENTINEL_PATIENCE_S: Final = 1.0
"""A sentinel answers at once or is gone; another one is asked then."""
OPTIONS: Final = ("service", "sentinel_username", "sentinel_password", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


@dataclass(frozen=True)
class RedisAddress:
    """One URL, read and checked: ValueError says what is wrong with it, and shows no part of it.

    `sentinel://user:password@host:port,host:port,host:port/0?service=steadypost`; `sentinels://` is the same with TLS
    to sentinels and servers alike. User and password are the servers', the sentinels' own are `sentinel_username` and
    `sentinel_password` behind the question mark.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.url.startswith((*PLAIN, *WATCHED)):
            raise ValueError(f"must start with {' or '.join((*PLAIN, *WATCHED))}")
        if self.url.startswith("unix://"):
            return
        if not all(host for host, _ in self._hosts):
            raise ValueError("names no host")
        if self._parts.path.strip("/") and not self._parts.path.strip("/").isdecimal():
            raise ValueError("must end with the number of a database, such as /0")
        self._check_options()

    def _check_options(self) -> None:
        if not self.is_watched:
            if "," in self._parts.netloc.rpartition("@")[2]:
                raise ValueError("names several hosts, which only sentinel:// may")
            return
        if "service" not in self._options:
            raise ValueError("must end with ?service=, the name by which the sentinels know the master")
        if unknown := self._options.keys() - set(OPTIONS):
            raise ValueError(f"has an unknown option {min(unknown)}; known are {', '.join(OPTIONS)}")

    @property
    def is_watched(self) -> bool:
        """Whether sentinels are asked for the master."""
        return self.url.startswith(WATCHED)

    @property
    def password(self) -> str | None:
        """The servers' password, if there is one."""
        return unquote(self._parts.password) if self._parts.password else None

    def connect(self, *, timeout_s: float, **options: Any) -> redis.Redis:
        """A client of which no call waits longer; behind sentinels it finds the new master by itself."""
        timeouts: dict[str, Any] = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
        if not self.is_watched:
            return redis.Redis.from_url(self.url, **timeouts, **options)
        sentinel = Sentinel(self._hosts, sentinel_kwargs=self.of_sentinels, **self.of_servers, **timeouts, **options)  # type: ignore[no-untyped-call]  # it has no types
        client: redis.Redis = sentinel.master_for(self.service)  # type: ignore[no-untyped-call]  # same
        return client

    def connect_async(self, *, timeout_s: float) -> redis.asyncio.Redis:
        """The same for coroutines."""
        timeouts: dict[str, Any] = {"socket_timeout": timeout_s, "socket_connect_timeout": timeout_s}
        if not self.is_watched:
            return redis.asyncio.Redis.from_url(self.url, **timeouts)
        sentinel = AsyncSentinel(self._hosts, sentinel_kwargs=self.of_sentinels, **self.of_servers, **timeouts)  # type: ignore[no-untyped-call]  # it has no types
        client: redis.asyncio.Redis = sentinel.master_for(self.service)
        return client

    @property
    def broker_url(self) -> str:
        """As kombu writes it: one URL for each sentinel."""
        if not self.is_watched:
            return self.url
        user = quote(unquote(self._parts.username or ""), safe="")
        login = f"{user}:{quote(self.password, safe='')}@" if self.password else ""
        hosts = ((f"[{host}]" if ":" in host else host, port) for host, port in self._hosts)
        return ";".join(f"sentinel://{login}{host}:{port}/{self.database}" for host, port in hosts)

    @property
    def broker_options(self) -> dict[str, Any]:
        """What kombu wants to know beside the URL."""
        if not self.is_watched:
            return {}
        return {"master_name": self.service, "sentinel_kwargs": self.of_sentinels}

    @property
    def broker_ssl(self) -> dict[str, str] | None:
        """What kombu wants to know of TLS where the URL has no place for it."""
        return self._ssl if self.is_watched and self._is_encrypted else None

    @property
    def files(self) -> list[Path]:
        """Certificates and keys that the URL names."""
        return [Path(value) for name, value in self._options.items() if name.startswith("ssl_") and name in OPTIONS]

    @property
    def sentinels(self) -> list[tuple[str, int]]:
        """Hosts and ports; empty without sentinels."""
        return self._hosts if self.is_watched else []

    @property
    def service(self) -> str:
        """The name by which the sentinels know the master."""
        return self._options["service"]

    @property
    def database(self) -> int:
        """Its number."""
        return int(self._parts.path.strip("/") or 0)

    @property
    def of_servers(self) -> dict[str, Any]:
        """Credentials and TLS of the watched servers."""
        login = {"username": unquote(self._parts.username or "") or None, "password": self.password}
        given = {name: value for name, value in login.items() if value}
        return {**given, "db": self.database, **self._encryption}

    @property
    def of_sentinels(self) -> dict[str, Any]:
        """Credentials and TLS of the sentinels, and how long to wait for one."""
        login = {name: self._options.get(f"sentinel_{name}") for name in ("username", "password")}
        given = {name: value for name, value in login.items() if value}
        timeouts = {"socket_timeout": SENTINEL_PATIENCE_S, "socket_connect_timeout": SENTINEL_PATIENCE_S}
        return {**given, **timeouts, "retry": Retry(NoBackoff(), 0), **self._encryption}

    @property
    def _encryption(self) -> dict[str, Any]:
        return {"ssl": True, **self._ssl} if self._is_encrypted else {}

    @property
    def _is_encrypted(self) -> bool:
        return self.url.startswith("sentinels://")

    @property
    def _ssl(self) -> dict[str, str]:
        given = {name: value for name, value in self._options.items() if name.startswith("ssl_")}
        return {"ssl_cert_reqs": "required", **given}

    @cached_property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @cached_property
    def _options(self) -> Mapping[str, str]:
        return dict(parse_qsl(self._parts.query))

    @cached_property
    def _hosts(self) -> list[tuple[str, int]]:
        default = SENTINEL_PORT if self.is_watched else 6_379
        return [_host_and_port(each, default) for each in self._parts.netloc.rpartition("@")[2].split(",")]


def _host_and_port(text: str, default: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port or default
    except ValueError:
        raise ValueError("has a port that is no number up to 65535") from None
    return host, port
