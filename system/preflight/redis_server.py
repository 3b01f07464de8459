"""A Redis as we need it: it answers us, keeps what it is given, and has it on a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import redis
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError

from system.errors import DependencyError
from system.mail import coordination
from system.preflight.finding import Finding, Level

if TYPE_CHECKING:
    from system.redis_address import RedisAddress
    from system.settings import Settings

NOEVICTION: Final = "noeviction"


def examine_redis(settings: Settings) -> list[Finding]:
    """Where permits, breaker and schedules are; DependencyError when it can't be reached."""
    return _examine("redis", settings.redis, settings)


def examine_redis_broker(settings: Settings) -> list[Finding]:
    """Where the queues are, when that is another Redis."""
    address = settings.redis_broker
    return [] if address is None or address == settings.redis else _examine("broker", address, settings)


def _examine(what: str, address: RedisAddress, settings: Settings) -> list[Finding]:
    if absent := [str(path) for path in address.files if not path.is_file()]:
        says = f"its URL names {', '.join(absent)}, which is not there; copy it, or name another file"
        return [Finding(what=what, level=Level.FIX, says=says)]
    try:
        with coordination.connect(address.url, timeout_s=settings.socket_timeout_s) as connection:
            connection.ping()
            found = [_version(what, connection), _eviction(what, connection)]
            found += [_replicas(what, connection)] if address.is_watched else []
            return found + (_safety(what, address, connection) if settings.environment == "production" else [])
    except (AuthenticationError, AuthorizationError, NoPermissionError) as exc:
        return [
            Finding(what=what, level=Level.FIX, says=f"does not let us in: {exc}; check user and password of its URL")
        ]
    except (redis.RedisError, OSError) as exc:
        if (refused := _certificate_trouble(exc)) is not None:
            return [Finding(what=what, level=Level.FIX, says=refused)]
        raise DependencyError(
            f"{what} can't be reached: {exc}. Check that it runs and that its URL is right."
        ) from None


def _certificate_trouble(exc: BaseException) -> str | None:
    if "CERTIFICATE_VERIFY_FAILED" not in str(exc):
        return None
    return f"shows a certificate that we don't trust: {exc}; give its authority as ssl_ca_certs in the URL"


def _version(what: str, connection: redis.Redis) -> Finding:
    info: dict[str, Any] = connection.info("server")
    return Finding(what=what, level=Level.OK, says=f"version {info['redis_version']}")


def _eviction(what: str, connection: redis.Redis) -> Finding:
    policy, name = _policy(connection), f"{what} eviction"
    if policy is None:
        says = "nobody lets us see maxmemory-policy; make sure that it is noeviction"
        return Finding(what=name, level=Level.WARN, says=says)
    if policy == NOEVICTION:
        return Finding(what=name, level=Level.OK, says=f"maxmemory-policy {policy}")
    says = f"maxmemory-policy is {policy}, which drops whole queues when memory is short; set it to noeviction"
    return Finding(what=name, level=Level.FIX, says=says)


def _policy(connection: redis.Redis) -> str | None:
    """CONFIG is forbidden to most users, and hosted servers don't have it; INFO tells the same."""
    try:
        return str(connection.config_get("maxmemory-policy")["maxmemory-policy"])
    except (redis.ResponseError, KeyError):
        memory: dict[str, Any] = connection.info("memory")
        return memory.get("maxmemory_policy")


def _replicas(what: str, connection: redis.Redis) -> Finding:
    replicas = int(connection.info("replication")["connected_slaves"])
    level, remedy = (Level.OK, "") if replicas else (Level.WARN, ": nobody can take over from the master; start one")
    return Finding(what=f"{what} replicas", level=level, says=f"{replicas}{remedy}")


def _safety(what: str, address: RedisAddress, connection: redis.Redis) -> list[Finding]:
    """What a development server needs not have."""
    saving: dict[str, Any] = connection.info("persistence")
    found = []
    if not saving.get("aof_enabled"):
        says = "appendonly is off: a restart loses all queues, and the sweep must fill them again; set it to yes"
        found.append(Finding(what=f"{what} persistence", level=Level.WARN, says=says))
    if address.password is None and not address.url.startswith("unix://"):
        says = "its URL has no password: whoever reaches the port can empty the queues; make users (docs/redis.md)"
        found.append(Finding(what=f"{what} password", level=Level.WARN, says=says))
    return found
