"""checkout and the gateways as processes, with the demo's settings and no shop beside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checkout.local_servers import (
    LocalServers,
    new_keys,
    running,
    sandbox_arguments,
    start,
    wait_for,
)
from tests.support.servers import free_ports


@contextmanager
def local_servers(
    folder: Path, more: str = "", of_shop: str = "", return_origins: tuple[str, ...] = ()
) -> Iterator[LocalServers]:
    """Both answer, until the block ends; their log is in `folder`. `more` ends the settings,
    `of_shop` those of the shop; it also sends customers to `return_origins`."""
    port, sandbox_port = free_ports(2)
    local = LocalServers(
        folder=folder,
        shop="http://127.0.0.1:9",
        checkout=f"http://127.0.0.1:{port}",
        sandbox=f"http://localhost:{sandbox_port}",
        keys=new_keys(),
        return_origins=return_origins,
    )
    log = folder / "log"
    with running() as children:
        children.append(start(*sandbox_arguments("127.0.0.1", sandbox_port), log=log))
        wait_for(children, f"{local.sandbox}/sandbox/public_key")
        config = local.write_settings(more, of_shop)
        serve = ("-m", "checkout", "serve", "--config", str(config), "--port", str(port))
        children.append(start(*serve, log=log))
        wait_for(children, f"{local.checkout}/health/ready")
        yield local
