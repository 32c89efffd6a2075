"""What every test shares: as many workers as keep the machine busy, names that they agree on, code that is compiled once, a
garbage collector with little to do, authorities read once, an ear for Ctrl-C, and how far coverage looks."""

from __future__ import annotations

import gc
import os
import signal
import ssl
import sys
from collections.abc import Iterator

import httpcore2
import hypothesis
import pytest

# What is imported while tests are collected stays; `forget` looks through it once.
gc.disable()

# Test processes import the package by the hundred; what one of them compiled is there for all.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long it takes to draw an example is the affair of the machine and of who else uses it.
# What guards main draws the same examples each time; who works on it draws new ones.
hypothesis.settings.register_profile(
    "busy",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("busy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Twice as many workers as cores for `-n auto`: a test waits as long as it computes, for sockets and for other processes."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return 2 * (cores or 1)


def pytest_configure(config: pytest.Config) -> None:
    """Coverage measures the workers, but no program that a test starts: what that imports is itself under test.

    A shell that starts the suite in the background makes it deaf to Ctrl-C, and with it every program that a test starts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
            os.environ.pop(name, None)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes that are more than a word are named by their length: their text is unreadable, and gzip writes the time into it."""
    if isinstance(val, (bytes, bytearray)) and len(val) > 16:
        return f"{argname}-of-{len(val)}-bytes"
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, lest one worker ends long after the others."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def forget() -> None:
    """Collect what is garbage, and never look again at what is not.

    A worker holds two packages with thousands of models, and every test; without this each `gc.collect()` of a test walks
    through them all again, which takes longer than the test.
    """
    gc.collect()
    gc.freeze()


def pytest_collection_finish() -> None:
    """All test modules are imported now."""
    forget()
    gc.enable()


_tracer = sys.gettrace()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """The tests of a module may have imported more; and an alarm that rang inside coverage's own code has ended it."""
    if sys.gettrace() is not _tracer:
        sys.settrace(_tracer)
    if nextitem is not None and nextitem.path != item.path:
        forget()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """What the last tests left is found; then plugins sum up, and may look for who refers to what, the frozen included."""
    gc.collect()
    gc.unfreeze()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """All is summed up: to look through everything again and again until the process ends would find nothing."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def authorities_read_once() -> Iterator[None]:
    """httpx2 reads the machine's certificate authorities for every client, and the official package makes many clients."""
    read, contexts = httpcore2.default_ssl_context, dict[object, ssl.SSLContext]()

    def once(*, _trust_env: bool = True) -> ssl.SSLContext:
        key = (_trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        if key not in contexts:
            contexts[key] = read(_trust_env=_trust_env)
        return contexts[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpcore2, "default_ssl_context", once)
        yield
