"""Vaults of an agent's credentials: named stores of secrets that no answer shows again."""

from __future__ import annotations

from ..exchange import Handler
from .crud import Kind, crud

VAULT = Kind(home="beta.agents.vaults", param="vault_id", noun="vault", prefix="vault_")
CREDENTIAL = Kind(
    home="beta.agents.vaults.credentials", param="credential_id", noun="credential", prefix="cred_", owner=VAULT
)

HANDLERS: dict[str, Handler] = crud(VAULT, CREDENTIAL)
