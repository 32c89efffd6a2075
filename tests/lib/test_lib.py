"""The official import paths lead to the clients that are public, and name what programs import there."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import openai
import pytest

import antiphon

# What the official modules define for themselves.
INNER = {"API_KEY_SENTINEL", "BaseBedrockClient", "BedrockAuthMode"}


@pytest.mark.parametrize(("module", "client"), [("azure", "AzureOpenAI"), ("bedrock", "BedrockOpenAI")])
def test_a_path_leads_to_the_public_clients(module: str, client: str) -> None:
    ours, theirs = import_module(f"antiphon.lib.{module}"), import_module(f"openai.lib.{module}")
    for name in (client, f"Async{client}"):
        assert getattr(ours, name) is getattr(antiphon, name)
    tree = ast.parse((Path(openai.__file__).parent / "lib" / f"{module}.py").read_text())
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    defined |= {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    wanted = {name for name in defined if not name.startswith("_") and hasattr(theirs, name)} - INNER
    assert not {name for name in wanted if not hasattr(ours, name)}


def test_the_official_auth_names_are_there() -> None:
    import openai.auth

    from antiphon import auth

    assert set(openai.auth.__all__) == set(auth.__all__)
    assert not {name for name in auth.__all__ if not hasattr(auth, name)}
