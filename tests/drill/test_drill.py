"""Each drill at a small size: the bounds hold, and a drill that cannot be passed says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.cli import main
from antiphon.drill import DRILLS, canary, cancel, iid, one_fault, outage, ratelimit, truncate
from antiphon.drill.canary_program import secret_of
from antiphon.drill.figure import Figure, Result
from antiphon.policies import Policy, Retry


def kept(results: list[Result]) -> bool:
    missed = [f"{result.title}: {figure}" for result in results for figure in result.figures if not figure.kept]
    assert not missed
    return bool(results)


def test_one_fault_loses_nothing_and_all_drivers_decide_alike() -> None:
    results = one_fault.drill(n=300, p=0.2, seed=3)
    assert kept(results)
    assert [result.title.partition(":")[0] for result in results] == ["sync", "asyncio", "virtual", "the decision logs"]


def test_independent_faults_lose_nothing() -> None:
    assert kept(iid.drill(n=300, p=0.2, seed=3))
    assert kept(iid.drill(n=5000, p=0.2, seed=4, drivers=["virtual"]))


def test_a_policy_that_gives_up_fails_the_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Policy, "bulk", lambda: Policy(retry=Retry(1)))
    (result,) = iid.drill(n=2000, p=0.2, seed=1, drivers=["virtual"])
    lost = next(figure for figure in result.figures if figure.name == "lost")
    assert not lost.kept
    assert lost.value > 40  # type: ignore[operator]  # 4 % of 2,000 meet two faults in a row


def test_an_outage_is_not_multiplied() -> None:
    assert kept(outage.drill(drivers=["virtual"]))


def test_without_a_budget_an_outage_is_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Policy, "interactive", lambda: Policy(retry=Retry(2)))
    result = outage.drill(rps=20, drivers=["virtual"])[0]
    assert result.figures[0].value > 2.5  # type: ignore[operator]


def test_a_rate_limit_is_used_and_hardly_met() -> None:
    assert kept(ratelimit.drill(minutes=2, drivers=["virtual"]))


def test_calls_that_are_given_up_leave_nothing() -> None:
    assert kept(cancel.drill(n=300))


def test_a_cut_stream_is_an_error_wherever_it_is_cut() -> None:
    assert kept(truncate.drill(stride=37))


def test_no_secret_is_seen() -> None:
    assert kept(canary.drill())


@pytest.mark.parametrize("place", range(10))
def test_a_secret_that_leaks_is_found_however_it_is_written(tmp_path: Path, place: int) -> None:
    name, needle = list(canary.encodings(secret_of("proxy")))[place]
    (tmp_path / "log.txt").write_bytes(b"before " + needle + b" after")
    assert any(name in where and where.startswith("proxy") for where in canary.found_in(tmp_path))


@pytest.mark.parametrize("name", sorted(DRILLS))
def test_each_drill_can_be_named_on_the_command_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["drill", name, "--help"])
    assert end.value.code == 0
    assert name in capsys.readouterr().out


def test_the_command_tells_its_figures_and_ends_with_1_where_one_is_missed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["drill", "one-fault", "--n", "500", "--drivers", "virtual"]) == 0
    told = capsys.readouterr().out
    assert "attempts" in told
    assert "= 600" in told
    assert "every bound is kept" in told
    monkeypatch.setattr(Policy, "interactive", lambda: Policy(retry=Retry(0)))
    assert main(["drill", "one-fault", "--n", "500", "--drivers", "virtual"]) == 1
    assert "MISSED" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["drill"], ["drill", "nonsense"], ["drill", "iid", "--n", "0"]])
def test_what_cannot_be_understood_ends_with_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2


@pytest.mark.parametrize(
    ("figure", "is_kept"),
    [
        (Figure.exactly("x", 3, 3), True),
        (Figure.exactly("x", 3, 4), False),
        (Figure.at_most("x", 1.0, 1.0), True),
        (Figure.at_most("x", 1.1, 1.0), False),
        (Figure.at_least("x", 0.9, 1.0), False),
        (Figure("x", "only told"), True),
    ],
)
def test_a_figure_knows_whether_its_bound_is_kept(figure: Figure, is_kept: bool) -> None:
    assert figure.kept is is_kept
    assert ("MISSED" in str(Result("t", [figure]))) is (not is_kept)
