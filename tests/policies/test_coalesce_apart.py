"""Requests that were joined and have to be asked for apart: each as it was, and what nobody gets is closed."""

from __future__ import annotations

import json
from typing import Any

from antiphon.core.headers import Headers
from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.errors import RequestTooLarge

from .machines.asking import embed
from .piecewise import Piecewise
from .test_coalesce import answered, house, inputs, numbers, picky, start


def test_who_is_asked_for_alone_in_the_end_is_asked_for_as_it_was() -> None:
    home = house(picky("t1"))
    for number in range(2):
        start(home, f"t{number}")
    home.driver.run()
    assert [asked.content for asked in home.asked[1:]] == [json.dumps(embed(f"t{n}")).encode() for n in range(2)]


def test_what_is_too_much_by_itself_is_its_own_failure() -> None:
    failure = RequestTooLarge(9, 5, "tokens")

    def answer(asked: Request) -> Any:
        return failure if "t1" in inputs(asked) else answered(asked)

    home = house(answer)
    runs = [start(home, f"t{number}") for number in range(3)]
    home.driver.run()
    assert isinstance(runs[1].failure, RequestTooLarge)
    assert [numbers(runs[0]), numbers(runs[2])] == [[0], [2]]


def test_an_answer_that_is_nobodys_is_closed_and_all_others_are_given() -> None:
    bodies: list[Piecewise] = []

    def answer(asked: Request) -> Reply:
        if len(inputs(asked)) == 1:
            return answered(asked)
        bodies.append(Piecewise(b"x"))
        return Reply(200, Headers(), asked, body=bodies[-1])

    home = house(answer)
    runs = [start(home, f"t{number}") for number in range(3)]
    home.driver.run()
    assert [numbers(run) for run in runs] == [[0], [1], [2]]
    assert [body.closed for body in bodies] == [True, True]
