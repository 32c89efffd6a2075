"""`.env` and `secrets.sh`: what is understood, what is refused, and that nothing is run."""

from __future__ import annotations

import shlex
import subprocess
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.core.secret import Secret
from antiphon.credentials import CredentialNotFound, DotenvKey
from antiphon.credentials.assignment import assigned
from antiphon.errors import InvalidCredential

from .test_file import written

KEY = "sk-canary-0123456789"

UNDERSTOOD = {
    "plain": f"KEY={KEY}",
    "exported": f"export KEY={KEY}",
    "among others": f"# a comment\nOTHER=1\nKEY={KEY}\nMORE='x'",
    "the last one": f"KEY=sk-older\nKEY={KEY}",
    "Windows lines": f"OTHER=1\r\nKEY={KEY}\r\n",
    "a mark at the beginning": f"\ufeffKEY={KEY}",
    "blanks": f"  export   KEY = {KEY}  ",
    "single quotes": f"KEY='{KEY}'",
    "double quotes": f'export KEY="{KEY}"',
    "a comment behind": f"KEY={KEY} # the key",
    "a comment behind quotes": f'KEY="{KEY}"  # the "key"',
    "two commands": f"export KEY={KEY}; export OTHER=2",
    "no last line end": f"A=1\nKEY={KEY}",
}


@pytest.mark.parametrize("way", UNDERSTOOD)
def test_a_line_that_sets_the_variable(way: str, tmp_path: Path) -> None:
    assert DotenvKey(written(tmp_path / ".env", UNDERSTOOD[way]), "KEY")() == Secret(KEY)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (r'KEY="a\"b\\c\$d\`e"', 'a"b\\c$d`e'),
        (r"KEY='a\b$c'", r"a\b$c"),
        ("KEY=a#b", "a#b"),
        ("KEY=a;b", "a;b"),
        ("KEY=a=b==", "a=b=="),
        ("KEY='a#b; c'", "a#b; c"),
        (r'KEY="\$(cat x)"', "$(cat x)"),
        ("KEY=$plain", "$plain"),
    ],
)
def test_quotes_and_marks(line: str, value: str) -> None:
    found, flaw = assigned(Secret(line), "KEY")
    assert (found and found.reveal(), flaw) == (value, None)


@pytest.mark.parametrize(
    "text", ["", "OTHER=1", "MY_KEY=1", "KEYS=1", "KEY=", "KEY=''", "# KEY=1", "KEY 1", "KEY= # none"]
)
def test_a_file_that_does_not_set_it(text: str, tmp_path: Path) -> None:
    with pytest.raises(CredentialNotFound, match="does not set KEY"):
        DotenvKey(written(tmp_path / "secrets.sh", text), "KEY")()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"KEY='{KEY}", "line 2: KEY has a quotation mark that is not closed"),
        (f'KEY="{KEY}\\"', "not closed"),
        (f"KEY='{KEY}'x", "goes on behind its closing"),
        (f"KEY=$(cat {KEY})", "use CommandKey"),
        (f"KEY=`cat {KEY}`", "use CommandKey"),
        (f'KEY="${{{KEY}}}"', "nothing is run here"),
        (f"KEY={KEY} {KEY}é", "KEY in .*characters a key cannot have"),
    ],
)
def test_row_56_what_cannot_be_understood_is_named_and_not_shown(line: str, said: str, tmp_path: Path) -> None:
    path = written(tmp_path / "secrets.sh", f"A=1\n{line}\n")
    with pytest.raises(InvalidCredential, match=said) as caught:
        DotenvKey(path, "KEY")()
    assert str(path) in str(caught.value)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in told.stack if "antiphon/credentials" in frame.filename]
    assert ours
    assert not [frame for frame in ours if KEY in str(frame.locals)]


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30))
def test_it_reads_as_a_shell_does(value: str) -> None:
    line = f"export KEY={shlex.quote(value)}"
    if "'\"'\"'" in line:
        return  # a single quote inside single quotes is written in three pieces, which no key needs
    found, flaw = assigned(Secret(line), "KEY")
    assert flaw is None
    assert found is not None
    assert found.reveal() == value


def test_a_shell_agrees(tmp_path: Path) -> None:
    lines = ['KEY="a\\"b\\\\c\\$d"', "KEY='a b # c'", "export KEY=a#b; OTHER=1", "KEY=a  # b"]
    for line in lines:
        script = written(tmp_path / "secrets.sh", line)
        said = subprocess.run(
            ["/bin/sh", "-c", f'. {script}; printf %s "$KEY"'], capture_output=True, text=True, check=True
        )
        found, flaw = assigned(Secret(line), "KEY")
        assert (found and found.reveal(), flaw) == (said.stdout, None)


def test_it_is_watched_like_any_file(tmp_path: Path) -> None:
    path = written(tmp_path / ".env", f"KEY={KEY}")
    source = DotenvKey(path, "KEY", every=0)
    assert source() == Secret(KEY)
    written(path, f"KEY={KEY}2")
    assert source() == Secret(f"{KEY}2")
    written(path, "OTHER=1")
    assert source() == Secret(f"{KEY}2"), "a file without it may be in the middle of being written"
    assert repr(source) == f"DotenvKey({str(path)!r}, 'KEY')"
