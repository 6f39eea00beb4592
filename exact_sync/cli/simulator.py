"""``exact-sync simulator``: the bundled Exact Online by itself."""

from typing import Literal

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8490, show_default=True)
@click.option("--size", type=click.Choice(["small", "medium", "large"]), default="small", show_default=True)
@click.option("--divisions", default=2, show_default=True)
@click.option("--seed", default=0, show_default=True)
def simulator(
    host: str, port: int, size: Literal["small", "medium", "large"], divisions: int, seed: int
) -> None:
    """Run the bundled Exact Online simulator, to try things on."""
    from exact_sync.simulator.command import serve

    serve(host, port, size=size, divisions=divisions, seed=seed)
