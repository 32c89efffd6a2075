"""The stores that processes share, for the policies that keep something there."""

from __future__ import annotations

from tests.shared.conftest import redis_server as redis_server
from tests.shared.conftest import store as store
