"""The emulator in the foreground: reads options, prints where it listens, stops on Ctrl-C.

`antiphon serve` and `python -m antiphon.emulator` are both this. What is heavy is imported after the options are right.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .app import EmulatorApp
    from .setting import Setting

KEY_LINE: Final = "export OPENAI_API_KEY=sk-local"


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    from .setting import TLS

    parser = argparse.ArgumentParser(prog="antiphon serve", description="Run the local emulator of the API.")
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    add("--port", type=_port, default=8080, help="port to listen on; 0 takes a free one (default: 8080)")
    add("--data", type=Path, metavar="DIR", help="folder that keeps objects and files (default: nothing is kept)")
    add("--api-key", action="append", default=[], metavar="KEY", help="accept only this key (may be repeated)")
    add("--seed", type=int, default=0, metavar="N", help="seed of ids and answers (default: 0)")
    add("--model", action="append", default=[], metavar="NAME", help="know this model too (may be repeated)")
    add("--rpm", type=_positive, default=1_000_000, metavar="N", help="requests a minute for each key and model")
    add("--tpm", type=_positive, default=1_000_000_000, metavar="N", help="tokens a minute for each key and model")
    flag = argparse.BooleanOptionalAction
    add("--faults", action=flag, help="obey the X-Antiphon-Fault header (default: unless --allow-remote)")
    add("--scenario", type=Path, metavar="FILE", help="plan of faults to follow, as JSON")
    add("--tls", choices=TLS, help="speak TLS with such a certificate (needs the package cryptography)")
    add("--allow-remote", action="store_true", help="allow other hosts; needs --api-key")
    add("--control-token", metavar="TEXT", help="what /__antiphon/ asks for (default: drawn, and printed)")
    add("--journal", type=_positive, default=1_000, metavar="N", help="newest requests to remember (default: 1000)")
    add("--lenient", action="store_true", help="overlook parameters the API does not know")
    add(
        "--brain", choices=("simple", "replay", "proxy"), help="who answers (default: the last of these that is set up)"
    )
    add("--script", type=Path, metavar="FILE", help="fixtures to answer by, as JSON; aimock's are read too")
    add("--replay", type=Path, metavar="FILE", help="recorded traffic to answer from")
    add("--proxy", metavar="URL", help="server to ask, such as http://localhost:11434/v1")
    add("--proxy-key-from", metavar="NAME", help="environment variable with that server's key")
    add("--record", type=Path, metavar="FILE", help="write what the asked server says, without secrets")
    add("--first-token", type=_seconds, default=0.0, metavar="S", help="seconds until an answer begins")
    add("--tokens-per-second", type=_seconds, default=0.0, metavar="N", help="pace of answers (default: at once)")
    add("--honour-keys", action="store_true", help="carry out once what comes with an Idempotency-Key, for a day")
    add("--jitter", type=_share, default=0.0, metavar="X", help="share by which each wait differs, 0 to 1")
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
    if options.record and not options.proxy:
        reading.error("--record needs a --proxy to record")
    if options.brain in ("replay", "proxy") and not getattr(options, options.brain):
        reading.error(f"--brain {options.brain} needs --{options.brain}")
    if options.proxy_key_from and not os.environ.get(options.proxy_key_from):
        reading.error(f"--proxy-key-from: the environment has no {options.proxy_key_from}")
    try:
        _serve(options)
    except ValueError as error:
        print(f"antiphon serve: {error}", file=sys.stderr)
        return 1
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
        scenario=options.scenario,
        tls=options.tls,
        allow_remote=options.allow_remote,
        control_token=options.control_token,
        journal=options.journal,
        strict=not options.lenient,
        brain=options.brain or ("proxy" if options.proxy else "replay" if options.replay else "simple"),
        script=options.script,
        replay=options.replay,
        proxy=options.proxy,
        proxy_key=os.environ.get(options.proxy_key_from or ""),
        record=options.record,
        first_token=options.first_token,
        tokens_per_second=options.tokens_per_second,
        jitter=options.jitter,
        honours_keys=options.honour_keys,
    )
    app = EmulatorApp(setting)
    if setting.data is not None:
        app.world.try_folder()
    sock = listen(options.host, options.port)
    url = address(sock, secure=app.encryption is not None)
    serve(app, sock, lambda: _announce(url, setting, app))


def _announce(url: str, setting: Setting, app: EmulatorApp) -> None:
    """Where it listens, and what to paste into a shell; a key of the user's own is not shown."""
    import shlex

    key = "# and OPENAI_API_KEY is a key you gave with --api-key" if setting.api_keys else KEY_LINE
    lines = (f"antiphon emulator on {url}\n", f"  export OPENAI_BASE_URL={shlex.quote(url)}", f"  {key}\n")
    shown = "the one you gave with --control-token" if setting.control_token else app.control_token
    control = f"Control plane: {url.removesuffix('/v1')}/__antiphon/ (token: {shown})"
    authority = app.encryption and app.encryption.authority
    trust = () if authority is None else (f"  export SSL_CERT_FILE={shlex.quote(str(authority))}\n",)
    print("\n".join((*lines, *trust, control, "Ctrl-C stops it.")), flush=True)
    if setting.allow_remote:
        print(
            "antiphon serve: warning: other machines may reach this, over HTTP that is not encrypted", file=sys.stderr
        )


def _reason(error: OSError, options: argparse.Namespace) -> str:
    """What went wrong and what to do."""
    if error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}"
    if error.errno == errno.EADDRINUSE:
        return f"port {options.port} of {options.host} is in use: give another with --port (0 takes a free one)"
    return f"cannot listen on {options.host}, port {options.port}: {error.strerror or error}"


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 up")
    return value


def _share(text: str) -> float:
    value = _seconds(text)
    if value > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return int(text)
