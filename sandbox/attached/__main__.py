"""`python -m sandbox.attached CONFIG.json`: run the proxies in front of the user's clusters until SIGTERM or Ctrl-C."""

from __future__ import annotations

import functools
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from sandbox.attached.administrator import Administrator
from sandbox.attached.config import read_config
from sandbox.attached.review import Reviews, ask_webhook
from sandbox.attached.server import Proxy
from sandbox.process import interruptible


def main(arguments: list[str]) -> None:
    """Serve as the file says."""
    config = read_config(Path(arguments[0]))
    with interruptible(), suppress(KeyboardInterrupt):
        for front in config.fronts:
            reviews = Reviews(functools.partial(ask_webhook, front.webhook), time.monotonic)
            upstream = Administrator.of(config.kubeconfig, front.context, Path(config.scratch))
            proxy = Proxy(front.port, Path(front.pki), reviews, upstream)
            print(f"https://127.0.0.1:{proxy.server_port} {front.context}", flush=True)
            threading.Thread(target=proxy.serve_forever, name=front.context, daemon=True).start()
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1:])
