"""Which keys pass, whose they are, and what they may do."""

from __future__ import annotations

from timeit import timeit

import pytest

from antiphon.emulator.access import KEYS, PROJECT, USER, Access
from antiphon.emulator.problem import Problem
from antiphon.emulator.setting import Setting
from antiphon.emulator.world import World


def door(*keys: str) -> Access:
    return World(Setting(api_keys=keys)).access


def test_any_plausible_key_passes_and_keeps_its_digest() -> None:
    access = door()
    first = access.admit(b"Bearer sk-one")
    assert first == access.admit(b"bearer  sk-one") == access.admit(b"Bearer sk-one")
    assert first != access.admit(b"Bearer other")
    assert "sk-one" not in first
    assert (first.project, first.user, first.rights) == (PROJECT, USER, "")


@pytest.mark.parametrize("header", [None, b"", b"Bearer", b"Bearer ", b"Basic abc", b"sk-one"])
def test_nothing_usable_is_a_401_without_code(header: bytes | None) -> None:
    with pytest.raises(Problem) as caught:
        door().admit(header)
    assert (caught.value.status, caught.value.code) == (401, None)


@pytest.mark.parametrize(
    ("keys", "sent"), [((), b"Bearer sk-invalid-1"), (("sk-right",), b"Bearer sk-wrong-but-long-enough")]
)
def test_refused_keys_are_named_only_by_their_ends(keys: tuple[str, ...], sent: bytes) -> None:
    with pytest.raises(Problem) as caught:
        door(*keys).admit(sent)
    assert (caught.value.status, caught.value.code) == (401, "invalid_api_key")
    assert sent.split()[1].decode() not in caught.value.message


def test_listed_keys_pass() -> None:
    access = door("sk-right", "sk-also")
    assert access.admit(b"Bearer sk-right") != access.admit(b"Bearer sk-also")


def test_an_admin_key_among_the_listed_parts_them() -> None:
    access = door("sk-admin-right", "sk-also")
    assert access.admit(b"Bearer sk-admin-right").rights == "admin"
    assert access.admit(b"Bearer sk-also").rights == "project"


def test_records_hold_no_key_and_are_bounded() -> None:
    world = World(Setting())
    for number in range(1100):
        world.access.admit(b"Bearer sk-some-long-key-%d" % number)
    records = list(world.shelf(KEYS))
    assert len(records) == 1024
    assert "sk-some-long-key" not in str(records)


def test_issued_keys_work_until_they_are_revoked_or_over() -> None:
    now = [1000.0]
    world = World(Setting(), clock=lambda: now[0])
    owner = {"type": "service_account", "id": "svc"}
    for seconds in (None, 60):
        key, record = world.access.issue("sk-svcacct-", "a", seconds, project="proj_x", rights="project", owner=owner)
        sent = b"Bearer " + key.encode()
        caller = world.access.admit(sent)
        assert (caller.project, caller.user, caller.rights, caller.id) == ("proj_x", "svc", "project", record["id"])
        if seconds is None:
            world.access.revoke(record)
        else:
            now[0] += 60
        with pytest.raises(Problem) as caught:
            world.access.admit(sent)
        assert caught.value.status == 401


def test_a_known_key_is_judged_in_well_under_a_microsecond() -> None:
    """Relative to the first judgement, which digests: clocks of busy machines tell nothing absolute."""
    access = door()
    access.admit(b"Bearer sk-one")
    known = min(timeit(lambda: access.admit(b"Bearer sk-one"), number=2000) for _ in range(5))
    fresh = min(timeit(lambda: (access.forget(), access.admit(b"Bearer sk-one")), number=2000) for _ in range(5))
    assert known * 4 < fresh
