"""What the headers say of the machine, by the official package's names: of this one, and of those no test runs on."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from antiphon.core import platform


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("linux", "Linux"),
        ("darwin", "MacOS"),
        ("win32", "Windows"),
        ("freebsd13", "FreeBSD"),
        ("openbsd7", "OpenBSD"),
        ("plan9", "Other:plan9"),
    ],
)
def test_systems(monkeypatch: pytest.MonkeyPatch, name: str, said: str) -> None:
    monkeypatch.setattr(sys, "platform", name)
    assert platform._system() == said


@pytest.mark.parametrize(
    ("machine", "said"),
    [("x86_64", "x64"), ("AMD64", "x64"), ("aarch64", "arm64"), ("arm64", "arm64"), ("", "unknown"), ("vax", "x64")],
)
def test_architectures(monkeypatch: pytest.MonkeyPatch, machine: str, said: str) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine=machine))
    monkeypatch.setattr(sys, "maxsize", 2**63 - 1)
    assert platform._architecture() == said


def test_a_system_without_uname_is_asked_by_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "uname")
    monkeypatch.setenv("PROCESSOR_ARCHITECTURE", "ARM64")
    assert platform._architecture() == "arm64"
    monkeypatch.delenv("PROCESSOR_ARCHITECTURE")
    assert platform._architecture() == "unknown"


def test_a_machine_of_half_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="i686"))
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    assert platform._architecture() == "x32"
