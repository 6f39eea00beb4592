"""``exact-sync simulator``: the bundled Exact Online by itself."""

from typing import Any

import click

from exact_sync.errors import BadConfiguration

_CALLS = click.IntRange(min=1)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8490, show_default=True, help="0 takes a free one."
)
@click.option(
    "--size",
    type=click.Choice(["tiny", "small", "medium", "large"]),
    default="small",
    show_default=True,
    help="Of each division: about 10, 120, 1,200 or 20,000 customers and suppliers. "
    "tiny is meant for hundreds of divisions.",
)
@click.option(
    "--divisions",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="Active ones; an archived one comes on top. 300 tiny ones take some 300 MB.",
)
@click.option("--seed", default=0, show_default=True, help="Another number gives other companies.")
@click.option(
    "--minute-limit", type=_CALLS, default=60, show_default=True, help="Calls a minute, per division."
)
@click.option("--day-limit", type=_CALLS, default=5000, show_default=True, help="Calls a day, per division.")
@click.option(
    "--connection-day-limit", type=_CALLS, help="Calls a day of all divisions together.  [default: no limit]"
)
@click.option(
    "--error-limit",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="Errors an hour on one endpoint of one division; one more shuts it for an hour.",
)
@click.option(
    "--latency",
    type=click.FloatRange(0, 60),
    default=0.0,
    show_default=True,
    help="Seconds that every call takes, such as 0.1.",
)
@click.option(
    "--webhooks-over-http",
    is_flag=True,
    help="Also call http://127.0.0.1 and the like, which Exact would not do.",
)
def simulator(**options: Any) -> None:
    """Run the bundled Exact Online simulator, to try things on."""
    from exact_sync.simulator.command import CannotListen, serve

    try:
        serve(**options)
    except CannotListen as error:
        raise BadConfiguration(str(error), "choose another --host or --port") from None
