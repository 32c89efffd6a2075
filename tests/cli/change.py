"""Programs before and after a migration, and what is left of them to hands."""

from __future__ import annotations

# Before and after; what stays the same is written once.
CHANGES: dict[str, tuple[str, str]] = {
    "an import and its name": (
        "import openai  # the client\n\nclient = openai . OpenAI( api_key = 'x' )\n",
        "import antiphon  # the client\n\nclient = antiphon . OpenAI( api_key = 'x' )\n",
    ),
    "names from it": ("from openai import (\n    OpenAI,  # one\n    RateLimitError as R,\n)\n", "from antiphon import (\n    OpenAI,  # one\n    RateLimitError as R,\n)\n"),
    "another name": ("import os, openai as ai\nai.OpenAI()\n", "import os, antiphon as ai\nai.OpenAI()\n"),
    "modules": (
        "import openai.types.chat as c\nimport openai.types\nfrom openai.types.chat import ChatCompletion\nx = openai.types.Model\n",
        "import antiphon.types.chat as c\nimport antiphon.types\nfrom antiphon.types.chat import ChatCompletion\nx = antiphon.types.Model\n",
    ),
    "odd layout": ("from \\\n  openai . types import Model; import openai\n", "from \\\n  antiphon . types import Model; import antiphon\n"),
    "inside functions": (
        "def f():\n    import openai\n    def g():\n        return openai.OpenAI\n    return g\n",
        "def f():\n    import antiphon\n    def g():\n        return antiphon.OpenAI\n    return g\n",
    ),
    "handlers and decorators": (
        "import openai\ntry:\n    pass\nexcept (openai.RateLimitError, openai.APIError):\n    pass\n",
        "import antiphon\ntry:\n    pass\nexcept (antiphon.RateLimitError, antiphon.APIError):\n    pass\n",
    ),
    "annotations in quotes": (
        'import openai\nfrom typing import Literal, cast\ndef f(a: "openai.OpenAI", b: list["openai.Stream[int]"]) -> "dict[str, openai.Timeout] | None":\n    x: Literal["openai"] = "openai"\n    return cast("openai.Timeout", a)\n',
        'import antiphon\nfrom typing import Literal, cast\ndef f(a: "antiphon.OpenAI", b: list["antiphon.Stream[int]"]) -> "dict[str, antiphon.Timeout] | None":\n    x: Literal["openai"] = "openai"\n    return cast("antiphon.Timeout", a)\n',
    ),
    "targets of patches": (
        'from unittest.mock import patch\n@patch("openai.OpenAI")\ndef t(monkeypatch):\n    monkeypatch.setattr("openai.resources.chat.completions.Completions.create", 1)\n    with patch(\'openai.chat.completions.create\'), patch(f"other.{1}"): ...\n',
        'from unittest.mock import patch\n@patch("antiphon.OpenAI")\ndef t(monkeypatch):\n    monkeypatch.setattr("antiphon.resources.chat.completions.Completions.create", 1)\n    with patch(\'antiphon.chat.completions.create\'), patch(f"other.{1}"): ...\n',
    ),
    "imports by name": (
        'import importlib, pytest\nm = importlib.import_module("openai.types")\npytest.importorskip("openai")\n',
        'import importlib, pytest\nm = importlib.import_module("antiphon.types")\npytest.importorskip("antiphon")\n',
    ),
    "f-strings": (
        'import openai\ns = f"é{openai.VERSION}{1:>{openai.x!r:}}"\nt = f"""\n  {openai.VERSION} {  openai.VERSION  }"""\n'.replace("{1:>{openai.x!r:}}", ""),
        'import antiphon\ns = f"é{antiphon.VERSION}"\nt = f"""\n  {antiphon.VERSION} {  antiphon.VERSION  }"""\n',
    ),
    "letters of several bytes": ("import openai\nx = 'é漢😀'; y = openai.OpenAI; 漢 = openai\n", "import antiphon\nx = 'é漢😀'; y = antiphon.OpenAI; 漢 = antiphon\n"),
    "other things of that name": (
        "import openai\nself.openai.x\nf(openai=openai.OpenAI)\nprovider = 'openai'\nurl = 'https://api.openai.com'\n# openai.OpenAI\n".replace("self", "a"),
        "import antiphon\na.openai.x\nf(openai=antiphon.OpenAI)\nprovider = 'openai'\nurl = 'https://api.openai.com'\n# openai.OpenAI\n",
    ),
    "an import that may fail": (
        "try:\n    import openai\nexcept ImportError:\n    openai = None\nopenai.OpenAI()\n",
        "try:\n    import antiphon as openai\nexcept ImportError:\n    openai = None\nopenai.OpenAI()\n",
    ),
    "a parameter of that name": (
        "import openai\nimport openai.types\ndef f(openai): return openai\n",
        "import antiphon as openai\nimport antiphon.types\ndef f(openai): return openai\n",
    ),
    "only a module, and another of that name": (
        "import openai.types\nfor openai in (): ...\n",
        "import antiphon.types, antiphon as openai\nfor openai in (): ...\n",
    ),
    "exported": ("import openai\n__all__ = ['openai']\n", "import antiphon as openai\n__all__ = ['openai']\n"),
    "half moved already": ("import antiphon\nimport openai\nopenai.x\n".replace("openai.x", "openai.OpenAI"), "import antiphon\nimport antiphon as openai\nopenai.OpenAI\n"),
    "other names for other things": (
        "import openai\nfrom openai import Client, AsyncClient as A\nopenai.Client(); openai.AsyncClient()\n",
        "import antiphon\nfrom antiphon import OpenAI as Client, AsyncOpenAI as A\nantiphon.OpenAI(); antiphon.AsyncOpenAI()\n",
    ),
    "public names from private modules": (
        "from openai._types import NOT_GIVEN, NotGiven\nfrom openai._exceptions import APIError\nfrom openai.error import RateLimitError\n",
        "from antiphon import NOT_GIVEN, NotGiven\nfrom antiphon import APIError\nfrom antiphon import RateLimitError\n",
    ),
    "private modules that are there too": (
        "from openai import _legacy_response\nfrom openai._types import FileTypes\nfrom openai._client import Client\nfrom openai.lib._parsing._responses import type_to_text_format_param\nimport openai._models\n",
        "from antiphon import _legacy_response\nfrom antiphon._types import FileTypes\nfrom antiphon._client import Client\nfrom antiphon.lib._parsing._responses import type_to_text_format_param\nimport antiphon._models\n",
    ),
    "deep paths": (
        "from openai.lib.streaming import AssistantEventHandler\nfrom openai.lib.streaming.chat import ChatCompletionStreamState\nfrom openai.resources.realtime.realtime import AsyncRealtimeConnection\nfrom openai.types.responses.response_create_params import ToolParam, Conversation\n",
        "from antiphon.lib.streaming import AssistantEventHandler\nfrom antiphon.lib.streaming.chat import ChatCompletionStreamState\nfrom antiphon.resources.realtime.realtime import AsyncRealtimeConnection\nfrom antiphon.types.responses.response_create_params import ToolParam, Conversation\n",
    ),
    "modules that type checkers do not see": (
        "from openai.types.chat.chat_completion import ChatCompletion\nfrom openai.types.chat.chat_completion import Choice\nfrom openai.types.responses.response_create_params import (\n    ToolParam as P,  # 1\n)\nfrom openai.resources.chat.completions.completions import Completions\n",
        "from antiphon.types.chat import ChatCompletion\nfrom antiphon.types.chat.chat_completion import Choice\nfrom antiphon.types.responses import (\n    ToolParam as P,  # 1\n)\nfrom antiphon.resources.chat.completions import Completions\n",
    ),
    "the package as a client": (
        "import openai\nopenai.api_key = 'k'\nopenai.chat.completions.create(model='m', messages=[])\n",
        "import antiphon\nantiphon.api_key = 'k'\nantiphon.chat.completions.create(model='m', messages=[])\n",
    ),
    "nothing of ours": ("from .openai import x\nfrom app import openai\nimport openai_helper\nopenai.y\n", "from .openai import x\nfrom app import openai\nimport openai_helper\nopenai.y\n"),
}  # fmt: skip

# What is told, by a part of the remark; and what the file becomes where that is not the same file.
LEFT: dict[str, tuple[str, list[str], str | None]] = {
    "version 0": (
        "import openai\nopenai.ChatCompletion.create()\nopenai.api_base = 'x'\nopenai.Edit\n",
        ["2: openai.ChatCompletion is from version 0", "3: openai.api_base is from version 0 of the package: set base_url", "4: openai.Edit"],
        "import antiphon\nantiphon.ChatCompletion.create()\nantiphon.api_base = 'x'\nantiphon.Edit\n",
    ),
    "version 0 under another name": ("import openai as ai\nai.error.RateLimitError\n", ["2: openai.error is from version 0"], "import antiphon as ai\nai.error.RateLimitError\n"),
    "an import from version 0": ("from openai.error import TryAgain\n", ["1: openai.error is from version 0"], None),
    "a private part": ("from openai._base_client import SyncAPIClient\nimport openai\nopenai._utils.x\n", ["1: antiphon has no _base_client.SyncAPIClient: derive from OpenAI", "3: antiphon has no _utils.x: it is a private part"], "from openai._base_client import SyncAPIClient\nimport antiphon\nantiphon._utils.x\n"),
    "some of the names": (
        "if 1:\n    from openai import OpenAI, nonsense as n, Client\n",
        ["2: antiphon has no nonsense"],
        "if 1:\n    from antiphon import OpenAI, OpenAI as Client\n    from openai import nonsense as n\n",
    ),
    "some of the names, with a comment": ("from openai import (OpenAI,  # 1\n  nonsense)\n", ["1: left as it is", "2: antiphon has no nonsense"], None),
    "a module that must stay": ("import openai\nimport openai.nonsense\nopenai.OpenAI\n", ["1: left as it is", "2: antiphon has no nonsense"], None),
    "types that are not there": ("import openai\nopenai.types.chat.Nonsense.x\n", ["2: antiphon has no types.chat.Nonsense"], "import antiphon\nantiphon.types.chat.Nonsense.x\n"),
    "a patch of what is not there": ("patch('openai._base_client.SyncAPIClient')\n", ["1: antiphon has no _base_client.SyncAPIClient: derive"], None),
    "a toolset": ("from openai.lib.browser import BrowserToolset\nfrom openai.lib import computer\n", ["1: antiphon has no lib.browser: the browser's toolset", "2: antiphon has no lib.computer: the computer's"], None),
    "a target in pieces": ("patch('openai.'\n'OpenAI')\n", ["1: a string that names the package and is written in pieces"], None),
    "another text": ("TARGET = 'openai.OpenAI'\nhost = 'openai.com'\n", ["1: the text 'openai.OpenAI' may mean"], None),
    "an f-string with both": ("import openai\nf'openai {openai.VERSION}'\n", ["2: an f-string"], "import antiphon\nf'openai {openai.VERSION}'\n"),
    "a star": ("from openai import *\n", ["1: a star import"], "from antiphon import *\n"),
    "a star of a module without a file": ("from openai.types.chat.chat_completion import *\n", ["1: a star import"], "from antiphon.types.chat.chat_completion import *\n"),
    "a type comment": ("import openai\nx = []  # type: list[openai.OpenAI]\n", ["2: a type comment"], "import antiphon\nx = []  # type: list[openai.OpenAI]\n"),
    "no Python": ("import openai\nprint 'x'\n", ["2: not Python that can be read"], None),
    "a null byte": ("import openai\0\n", ["1: not Python that can be read"], None),
    "too deep": ("import openai\nx = " + "(" * 2000 + ")" * 2000 + "\n", [": not Python that can be read"], None),
}  # fmt: skip
