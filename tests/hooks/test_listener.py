"""`Hooks`: what may be one."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import antiphon
from antiphon.hooks.listener import Hooks, Listeners, checked


def hear(info: Any) -> None:
    """A plain hook."""


async def hear_later(info: Any) -> None:
    """A coroutine function."""


class Hearer:
    async def __call__(self, info: Any) -> None:
        """Awaited too."""


def test_it_says_who_listens_and_cannot_be_changed() -> None:
    hooks = Hooks(on_retry=hear, on_request=hear)
    assert repr(hooks) == "Hooks(on_request, on_retry)"
    with pytest.raises(AttributeError, match="immutable"):
        hooks.on_error = hear


def test_it_travels_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(Hooks(on_error=hear))).on_error is hear


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(TypeError, match="on_error must be a function; got int"):
        Hooks(on_error=1)  # type: ignore[arg-type]


def test_a_misspelt_one_names_the_nearest() -> None:
    wrong: Any = {"on_reqest": hear}
    with pytest.raises(TypeError, match=r"(?i)did you mean 'on_request'"):
        Hooks(**wrong)


@pytest.mark.parametrize("wrong", [hear, {"on_request": hear}, [Hooks(), hear]])
def test_what_is_no_hooks_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"hooks must be antiphon\.Hooks"):
        antiphon.OpenAI(api_key="sk-1", hooks=wrong)


@pytest.mark.parametrize("function", [hear_later, Hearer()])
def test_a_blocking_client_refuses_coroutine_functions(function: Any) -> None:
    with pytest.raises(TypeError, match="blocking client cannot await"):
        antiphon.OpenAI(api_key="sk-1", hooks=Hooks(on_error=function))
    assert antiphon.AsyncOpenAI(api_key="sk-1", hooks=Hooks(on_error=function)).hooks[0].on_error is function


def test_several_are_told_in_order() -> None:
    first, second = Hooks(on_request=hear), Hooks(on_request=print, on_error=hear)
    listeners = Listeners.of(checked([first, second], "sync"))
    assert listeners.request == (hear, print)
    assert listeners.names() == "on_request, on_error"
    assert checked(None, "sync") == ()
