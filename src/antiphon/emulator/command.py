"""The emulator in the foreground: reads options, prints where it listens, stops on Ctrl-C.

`antiphon serve` and `python -m antiphon.emulator` are both this. What is heavy is imported after the options are right.
"""

from __future__ import annotations

import argparse
import errno
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .setting import Setting

KEY_LINE: Final = "export OPENAI_API_KEY=sk-local"


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = argparse.ArgumentParser(prog="antiphon serve", description="Run the local emulator of the API.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    add("--port", type=_port, default=8080, help="port to listen on; 0 takes a free one (default: 8080)")
    add("--data", type=Path, metavar="DIR", help="folder for file bytes (default: a temporary one)")
    add("--api-key", action="append", default=[], metavar="KEY", help="accept only this key (may be repeated)")
    add("--seed", type=int, default=0, metavar="N", help="seed of ids and answers (default: 0)")
    add("--model", action="append", default=[], metavar="NAME", help="know this model too (may be repeated)")
    add("--rpm", type=_positive, default=1_000_000, metavar="N", help="requests a minute for each key and model")
    add("--tpm", type=_positive, default=1_000_000_000, metavar="N", help="tokens a minute for each key and model")
    flag = argparse.BooleanOptionalAction
    add("--faults", action=flag, help="obey the X-Antiphon-Fault header (default: unless --allow-remote)")
    add("--allow-remote", action="store_true", help="allow other hosts; needs --api-key")
    return parser


def main(arguments: list[str]) -> int:
    """Serve until stopped; 0 after a clean stop, 1 when the server cannot start, 2 for wrong options."""
    reading = parser()
    options = reading.parse_args(arguments)
    from .guard import is_loopback

    if not is_loopback(options.host) and not options.allow_remote:
        reading.error(f"--host {options.host} is reachable from elsewhere: add --allow-remote if that is wanted")
    if options.allow_remote and not options.api_key:
        reading.error("--allow-remote needs at least one --api-key")
    try:
        _serve(options)
    except OSError as error:
        print(f"antiphon serve: {_reason(error, options)}", file=sys.stderr)
        return 1
    return 0


def _serve(options: argparse.Namespace) -> None:
    from .app import EmulatorApp
    from .server import address, listen, serve
    from .setting import Setting

    setting = Setting(
        data=options.data,
        api_keys=tuple(options.api_key),
        seed=options.seed,
        models=tuple(options.model),
        requests_per_minute=options.rpm,
        tokens_per_minute=options.tpm,
        faults=options.faults,
        allow_remote=options.allow_remote,
    )
    app = EmulatorApp(setting)
    if setting.data is not None:
        app.world.try_folder()
    sock = listen(options.host, options.port)
    url = address(sock)
    serve(app, sock, lambda: _announce(url, setting))


def _announce(url: str, setting: Setting) -> None:
    """Where it listens, and what to paste into a shell; a key of the user's own is not shown."""
    import shlex

    key = "# and OPENAI_API_KEY is a key you gave with --api-key" if setting.api_keys else KEY_LINE
    lines = (f"antiphon emulator on {url}\n", f"  export OPENAI_BASE_URL={shlex.quote(url)}", f"  {key}\n")
    print("\n".join((*lines, "Ctrl-C stops it.")), flush=True)
    if setting.allow_remote:
        print(
            "antiphon serve: warning: other machines may reach this, over HTTP that is not encrypted", file=sys.stderr
        )


def _reason(error: OSError, options: argparse.Namespace) -> str:
    """What went wrong and what to do."""
    if error.filename is not None:
        return f"--data {options.data} cannot be used: {error.strerror}"
    if error.errno == errno.EADDRINUSE:
        return f"port {options.port} of {options.host} is in use: give another with --port (0 takes a free one)"
    return f"cannot listen on {options.host}, port {options.port}: {error.strerror or error}"


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)
