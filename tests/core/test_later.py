"""Modules loaded on first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

from antiphon.core.later import Later


def test_a_module_is_loaded_when_something_in_it_is_asked_for() -> None:
    json = Later("json")
    assert "dumps" not in vars(json)
    assert json.dumps([1]) == "[1]"
    assert "dumps" in vars(json)
    with pytest.raises(AttributeError):
        _ = json.nothing
    with pytest.raises(ModuleNotFoundError):
        _ = Later("no_such_module_anywhere").x


def test_models_load_msgspec_with_the_first_json_and_not_before() -> None:
    code = (
        "import sys\n"
        "sys.modules['antiphon'] = type(sys)('antiphon'); sys.modules['antiphon'].__path__ = [sys.argv[1]]\n"
        "from antiphon.core.model import BaseModel, caster\n"
        "from antiphon.core.encode import encode_json\n"
        "from antiphon.core.json import decode_json\n"
        "class M(BaseModel):\n    a: int\n"
        "assert caster(M)({'a': 1}).a == 1\n"
        "heavy = {'msgspec', 'json', 'uuid', 'decimal', 'dataclasses', 'ast'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert decode_json(encode_json(M(a=1))) == {'a': 1}\n"
        "assert 'msgspec' in sys.modules\n"
    )
    import antiphon

    subprocess.run([sys.executable, "-c", code, antiphon.__path__[0]], check=True, timeout=60)
