"""Request types from stubs: made when asked for, with what they speak of, as TypedDicts that libraries accept."""

from __future__ import annotations

import subprocess
import sys
import typing
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pydantic
import pytest

from antiphon.core.stub import Stub

TEXT = """\
# A comment.
from __future__ import annotations
from typing import Literal, Required, TypeAlias, TypedDict

class Base(TypedDict, total=False):
    name: Required[str]

class Dog(
    Base, total=False
):
    friend: Animal
    tail: Literal["short", "long"]

class Cat(TypedDict):
    async_: int

Animal: TypeAlias = (
    Dog
    | Cat
)
Same: TypeAlias = Cat
Odd = TypedDict("Odd", {"async": Cat}, total=False)

class Fish(TypedDict):
    pass
"""


def stub(name: str = "some_stub") -> tuple[Any, list[str]]:
    made: list[str] = []
    module = Stub(name)
    module.load(TEXT, lambda name, value: made.append(name))
    return module, made


def test_a_type_is_made_with_what_it_speaks_of_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    module, made = stub()
    monkeypatch.setitem(sys.modules, "some_stub", module)
    assert made == []
    hints = typing.get_type_hints(module.Dog)
    assert hints["friend"] == module.Dog | module.Cat
    assert made == ["Base", "Dog", "Cat"]
    assert module.Fish.__module__ == "some_stub"
    assert module.Dog is module.Dog


def test_aliases_and_odd_keys() -> None:
    module, made = stub()
    assert module.Same is module.Cat
    assert made == ["Cat"]
    assert set(module.Odd.__annotations__) == {"async"}
    assert dir(module).count("Fish") == 1
    with pytest.raises(AttributeError, match="module 'some_stub' has no attribute 'Bird'"):
        _ = module.Bird


def test_threads_find_whole_types() -> None:
    def ask(module: Any) -> tuple[Any, bool]:
        return module.Dog, {"Base", "Dog", "Cat", "Animal"} <= dict[str, Any](module.__dict__).keys()

    for _attempt in range(20):
        module: Any = stub()[0]
        with ThreadPoolExecutor(4) as pool:
            answers: list[Any] = list(pool.map(ask, [module, module, module, module]))
        assert all(whole for _, whole in answers)
        assert {dog.__name__ for dog, _ in answers} == {"Dog"}


def test_pydantic_takes_them() -> None:
    from antiphon.types.chat import ChatCompletionMessageParam
    from antiphon.types.responses import ResponseCreateParams

    message = pydantic.TypeAdapter[Any](ChatCompletionMessageParam)
    assert message.validate_python({"role": "user", "content": "x"}) == {"role": "user", "content": "x"}
    with pytest.raises(pydantic.ValidationError):
        message.validate_python({"role": "user"})
    whole = pydantic.TypeAdapter[Any](ResponseCreateParams)
    assert whole.validate_python({"model": "m", "input": "hi"}) == {"model": "m", "input": "hi"}
    with pytest.raises(pydantic.ValidationError):
        whole.validate_python({"temperature": "hot"})


def test_a_web_endpoint_takes_and_describes_them() -> None:
    from fastapi import FastAPI
    from fastapi.openapi.utils import get_openapi

    from antiphon.types.chat import ChatCompletionMessageParam

    Body = pydantic.create_model("Body", messages=(list[ChatCompletionMessageParam], ...))

    def chat(body: Any) -> None: ...

    chat.__annotations__["body"] = Body
    app = FastAPI()
    app.post("/chat")(chat)
    schemas = get_openapi(title="x", version="1", routes=app.routes)["components"]["schemas"]
    assert "ChatCompletionUserMessageParam" in schemas


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_typing_extensions_they_are_the_standard_librarys() -> None:
    code = """
import sys, typing
sys.modules["typing_extensions"] = None
from antiphon.types.chat import ChatCompletionUserMessageParam as Message
print(Message.__class__.__module__, typing.get_type_hints(Message)["role"])
"""
    assert run(code) == "typing typing.Literal['user']"


def test_an_installation_without_its_stubs_says_so() -> None:
    code = """
import sys
from importlib.machinery import SourceFileLoader
def get_data(self, path, real=SourceFileLoader.get_data):
    if path.endswith(".pyi"):
        raise FileNotFoundError(path)
    return real(self, path)
SourceFileLoader.get_data = get_data
try:
    from antiphon.types.chat import ChatCompletionUserMessageParam
except ImportError as error:
    print(error)
"""
    assert "_params.pyi, which this installation lacks" in run(code)


def test_they_are_read_from_an_archive_too(tmp_path: Any) -> None:
    code = """
import pathlib, sys, zipfile, antiphon
home = pathlib.Path(antiphon.__file__).parent
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for path in home.rglob("*.py*"):
        if path.suffix != ".pyc":
            archive.write(path, path.relative_to(home.parent))
"""
    archive = str(tmp_path / "antiphon.zip")
    subprocess.run([sys.executable, "-c", code, archive], check=True)
    ask = f"import sys; sys.path.insert(0, {archive!r}); from antiphon.types.chat import ChatCompletionUserMessageParam as M"
    assert run(f"{ask}; import antiphon; print('antiphon.zip' in antiphon.__file__, M.__name__)") == (
        "True ChatCompletionUserMessageParam"
    )
