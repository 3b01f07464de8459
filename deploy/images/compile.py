"""Writes the bytecode of what the image's programs import, and of nothing else; run while the image is built."""

import importlib
import os

SETTINGS = {
    "DATABASE_URL": "postgresql+psycopg://nobody@nowhere/none",
    "REDIS_URL": "redis://nowhere",
    "ACCOUNTS": "{}",
    "WEBHOOK_PUBLIC_KEYS": "[]",
    "PUBLIC_URL": "https://nowhere.example",
    "LINK_KEYS": '["only-while-the-image-is-being-built"]',
    "FROM_EMAIL": "nobody@nowhere.example",
    "FROM_NAME": "nobody",
    "POSTAL_ADDRESS": "nowhere",
    "SHOP_URL": "https://nowhere.example",
}
PROGRAMS = (
    "system.cli",
    "system.web.assembly",
    *(f"system.tasks.{name}" for name in ("orchestrator", "ml", "email", "tracking", "schedules")),
    "system.recommender.scorer",
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.apps.beat",
    "celery.concurrency.prefork",
    "celery.worker.consumer",
    "flower.command",
    "granian.cli",
    "granian.server",
    "health",
    "with_secrets",
)

os.environ.update({f"STEADYPOST_{name}": value for name, value in SETTINGS.items()})
for program in PROGRAMS:
    importlib.import_module(program)
