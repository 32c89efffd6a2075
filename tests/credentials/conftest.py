"""Both colours over both transports, as in the clients' own tests."""

from __future__ import annotations

from tests.client.conftest import colour as colour
from tests.client.conftest import own_colour as own_colour
from tests.client.conftest import quiet_environment as quiet_environment
