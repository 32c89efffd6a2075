"""Redirect: follow a move within the same origin, refuse every other, so that no credential ever travels.

A request that says `follow_redirects = False` of itself is answered with the redirect as it came.
"""

from __future__ import annotations

from typing import ClassVar

from ..core.effects import Discard
from ..core.headers import Headers
from ..core.reply import Reply
from ..core.request import Request
from ..core.url import URL, is_unfit
from ..errors import BodyNotReplayable, InvalidBaseURL, RedirectRefused
from .chain import PLACES, Forward
from .machines.number import whole

REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Redirect:
    """Follows redirects that stay on the same scheme, host and port; raises `RedirectRefused` for any other.

    Args:
        most: how many moves one request may make; 0 or more.

    Raises:
        ValueError, TypeError: it cannot be right.
    """

    place: ClassVar[int] = PLACES["Redirect"]
    only_failures = True

    def __init__(self, most: int = 10) -> None:
        self.most = whole("most", most)

    def __repr__(self) -> str:
        return f"Redirect(same origin, most={self.most})"

    async def __call__(self, request: Request, forward: Forward) -> Reply:
        reply = await forward(request)
        if reply.status_code not in REDIRECTS or getattr(request, "follow_redirects", None) is False:
            return reply
        for _ in range(self.most):
            request = _moved(request, reply)
            await Discard(reply)
            reply = await forward(request)
            if reply.status_code not in REDIRECTS:
                return reply
        raise RedirectRefused(
            f"more than {self.most} redirects; the server sends this path in a circle", response=reply, body=None
        )


def _moved(request: Request, reply: Reply) -> Request:
    """The request for the new place, or the refusal."""
    # Loaded with the first redirect, which most programs never see.
    from urllib.parse import urljoin

    location = reply.headers.get("location")
    if not location or is_unfit(location):
        raise RedirectRefused(f"status {reply.status_code} without a usable Location", response=reply, body=None)
    try:
        # From where the answer came: a failover target's place means nothing at another origin, and is refused below.
        url = URL(urljoin(str(reply.request.url), location))
    except (InvalidBaseURL, ValueError):
        raise RedirectRefused("the redirect leads to what is not an HTTP URL", response=reply, body=None) from None
    if url.origin != request.origin:
        raise RedirectRefused(
            f"a redirect from {request.origin} to {url.origin} was not followed: the key would go to another origin; "
            "set base_url to the new place if you trust it",
            response=reply,
            body=None,
        )
    moved = request.replace()
    moved.target = url.target
    if reply.status_code == 303 or (reply.status_code in (301, 302) and request.method == "POST"):
        if request.method != "HEAD":
            moved.method = "GET"
        moved.content = None
        moved.headers = Headers([field for field in request.headers.fields if field[0].lower() != "content-type"])
    elif not request.rewind():
        raise BodyNotReplayable(
            "the server moved this path, and the body cannot be sent a second time; open the file anew"
        )
    return moved
