"""What a log line looks like, and what never gets into one."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.unit

SETUP = "import logging, structlog; from system import logs; logs.configure({level!r})\n"


def lines_of(program: str, *, level: str = "INFO") -> list[dict[str, Any]]:
    """Logging is a matter of the process, so each test has its own."""
    code = SETUP.format(level=level) + program
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == ""
    return [json.loads(line) for line in ended.stderr.splitlines()]


def test_a_line_is_one_json_object_with_event_level_time_and_fields() -> None:
    (line,) = lines_of("structlog.get_logger().info('mail.sent', job_id=7)")

    assert (line["event"], line["level"], line["job_id"]) == ("mail.sent", "info", 7)
    assert line["timestamp"].endswith("Z")


def test_lines_of_other_libraries_look_the_same() -> None:
    (line,) = lines_of("logging.getLogger('celery').warning('lost %s', 'broker')")

    assert (line["event"], line["level"], line["logger"]) == ("lost broker", "warning", "celery")
    assert "timestamp" in line


def test_lines_below_the_level_are_left_out() -> None:
    assert lines_of("structlog.get_logger().info('a'); logging.getLogger('x').info('b')", level="WARNING") == []


def test_a_traceback_stays_on_its_line() -> None:
    (line,) = lines_of("try:\n  1 / 0\nexcept ZeroDivisionError:\n  structlog.get_logger().exception('failed')")

    assert "ZeroDivisionError" in line["exception"]


def test_an_address_in_the_text_of_an_error_is_hidden() -> None:
    program = (
        "try:\n  raise ValueError('no such user ada.l+x@mail.example.com!')\n"
        "except ValueError as exc:\n  structlog.get_logger().exception('failed', error=str(exc))"
    )
    (line,) = lines_of(program)

    assert line["error"] == "no such user <address>!"
    assert "ada" not in line["exception"]


def test_values_that_json_does_not_know_are_written_as_text() -> None:
    (line,) = lines_of(
        "from decimal import Decimal; structlog.get_logger().info('a', price=Decimal('1.50'), by={1: 2})"
    )

    assert (line["price"], line["by"]) == ("1.50", {"1": 2})


def test_setting_up_twice_writes_each_line_once() -> None:
    assert len(lines_of("logs.configure('INFO'); logging.getLogger('x').warning('a')")) == 1


def test_a_text_of_ten_megabytes_becomes_a_line_of_ten_kilobytes() -> None:
    (line,) = lines_of("structlog.get_logger().info('odd', value='a' * 10_000_000 + 'z')")

    assert len(line["value"]) < 10_100
    assert line["value"].startswith("aaa")
    assert line["value"].endswith("az")
    assert "9990001 characters" in line["value"]


def test_a_long_error_is_shortened_too() -> None:
    (line,) = lines_of("\ntry:\n    raise ValueError('x' * 50_000)\nexcept ValueError:\n    logging.exception('odd')")

    assert 10_000 < len(line["exception"]) < 10_100


def test_an_address_inside_a_value_is_hidden_too() -> None:
    (line,) = lines_of(
        "structlog.get_logger().info('odd', users=[{'to': 'ada@x.org'}], by={'ada@x.org': 1}, raw=b'b@x.org')"
    )

    assert (line["users"], line["by"]) == ([{"to": "<address>"}], {"<address>": 1})
    assert "x.org" not in line["raw"]


def test_a_row_that_the_database_quotes_is_hidden() -> None:
    (line,) = lines_of("structlog.get_logger().info('odd', error='duplicate\\nDETAIL:  Key (name)=(Ada) exists.')")

    assert line["error"] == "duplicate\nDETAIL: <row>"


def test_what_is_bound_to_the_context_is_on_lines_of_ours_and_of_others() -> None:
    lines = lines_of(
        "structlog.contextvars.bind_contextvars(campaign_id=7, batch='1-500')\n"
        "structlog.get_logger().info('mine')\nlogging.getLogger('celery').info('other')"
    )
    assert [(line["campaign_id"], line["batch"]) for line in lines] == [(7, "1-500"), (7, "1-500")]


def test_celery_s_lines_about_a_task_name_it() -> None:
    (line,) = lines_of(
        "about = {'id': 'abc', 'name': 'emails.send_emails'}\n"
        "logging.getLogger('celery.worker').info('Task %(name)s[%(id)s] received', about, extra={'data': about})"
    )
    assert (line["task"], line["task_id"]) == ("emails.send_emails", "abc")


def test_an_error_that_ends_the_process_or_a_thread_is_one_line_without_addresses() -> None:
    program = (
        "import sys, threading\n"
        "def fail():\n    raise ValueError('ada@x.org')\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join()\n"
        "sys.excepthook(*[(type(e), e, None) for e in [KeyError('bob@x.org')]][0])"
    )
    thread, process = lines_of(program)

    assert (thread["event"], process["event"], process["level"]) == ("thread.failed", "process.failed", "critical")
    assert "x.org" not in thread["exception"] + process["exception"]
    assert "ValueError" in thread["exception"]


def test_a_warning_is_a_line_like_any_other() -> None:
    (line,) = lines_of("import warnings; warnings.warn('old ada@x.org')")

    assert line["logger"] == "py.warnings"
    assert "<address>" in line["event"]
