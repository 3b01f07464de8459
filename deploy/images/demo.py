"""Fills an empty database with invented people and trains a model on what they bought; does nothing twice."""

import os
import subprocess

from sqlalchemy import text

from system.storage.database import process_engine, transaction

USERS = os.environ.get("DEMO_USERS", "500")


def has_people() -> bool:
    """Whether somebody filled the database before."""
    with transaction(process_engine()) as connection:
        return bool(connection.execute(text("SELECT EXISTS (SELECT FROM users)")).scalar_one())


def main() -> None:
    """Invent, then train."""
    if not has_people():
        generate = "from loadtests.population_cli import app; app()"
        subprocess.run(
            ["python", "-c", generate, "generate", "--users", USERS, "--products", "200", "--seed", "7"], check=True
        )
    subprocess.run(["steadypost", "model", "train"], check=True)


if __name__ == "__main__":
    main()
