"""The mark that a policy judges failures only is its own: one derived from it may do more."""

from __future__ import annotations

from antiphon.core.reply import Reply
from antiphon.core.request import Request
from antiphon.policies.chain import Forward, only_failures
from antiphon.policies.redirect import Redirect
from antiphon.policies.retry import Retry


class Counted(Retry):
    async def __call__(self, request: Request, forward: Forward) -> Reply:
        return await super().__call__(request, forward)


class Patient(Retry):
    """Says more of itself, and does the same."""


class Marked(Counted):
    only_failures = True

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        return await super().__call__(request, forward)


def test_whose_mark_counts() -> None:
    assert only_failures([Retry(), Redirect(), Patient(), Marked()])
    assert not only_failures([Counted()])
