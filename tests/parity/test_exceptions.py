"""Errors call themselves by the name that users import, as the official ones do."""

from __future__ import annotations

import pickle

import openai

import antiphon
from antiphon import errors


def test_errors_call_themselves_by_the_name_users_import() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type):
            assert f"{kind.__module__}.{kind.__qualname__}" == f"antiphon.{name}"
            assert getattr(antiphon, name) is kind
            assert pickle.loads(pickle.dumps(kind)) is kind
            if isinstance(theirs := getattr(openai, name, None), type):
                assert theirs.__module__.removeprefix("openai") in ("", "._exceptions")
