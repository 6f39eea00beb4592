"""``exact-sync webhooks``: have Exact tell us of changes, instead of waiting for the next look."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

import click

from exact_sync.catalog.topics import TOPICS, UNDERSTOOD_ONLY, concerned
from exact_sync.cli.options import Options, connection_option, division_option
from exact_sync.cli.output import report, say
from exact_sync.cli.work import stop_on_signals
from exact_sync.connections import Connection
from exact_sync.deployment import Deployment
from exact_sync.errors import BadConfiguration, ExactSyncError, SignInNeeded, did_you_mean
from exact_sync.exact.subscriptions import Subscription
from exact_sync.service import Service
from exact_sync.shares import shares
from exact_sync.store.divisions import Division
from exact_sync.sync.naming import named_error
from exact_sync.sync.subscribing import Done

_NAMED = 3
"""So many topics of a division are named in its line; of more their number."""

Work = Callable[[Service, Sequence[int]], Iterator[ExactSyncError]]
"""Does it for divisions of a connection (none named: all), and yields what goes wrong in some."""

topic_option = click.option(
    "--topic", "topics", multiple=True, metavar="NAME", help="Only this topic (may be given several times)."
)


@click.group()
def webhooks() -> None:
    """Exact's webhooks, with which a change is here in seconds."""


@webhooks.command()
@division_option
@topic_option
@connection_option
@click.option("--dry-run", is_flag=True, help="Only say what it would cost.")
@click.pass_obj
def subscribe(
    options: Options,
    divisions: Sequence[int],
    topics: Sequence[str],
    connection: str | None,
    dry_run: bool,
) -> int:
    """Have Exact tell us of changes. In all divisions to sync, of all that is mirrored.

    Exact calls our URL at once, so exact-sync run must be at work. What is there already stays.
    """
    _check_topics(topics)

    def work(service: Service, codes: Sequence[int]) -> Iterator[ExactSyncError]:
        chosen, url = _topics_of(service, topics), _url_of(service.connection)
        found = service.subscribing.divisions(codes)
        say(service.connection.label + _cost(service, len(found), len(chosen)))
        if not dry_run:
            for done in service.subscribing.subscribe([each.code for each in found], chosen, url):
                _tell(service.connection, found, done)
                yield from done.errors

    with options.deployment("exact-sync webhooks", connection) as deployment:
        stop_on_signals(deployment, code=4)
        return _exit_code(_each(deployment, divisions, work))


@webhooks.command(name="list")
@division_option
@topic_option
@connection_option
@click.option("--all", "everywhere", is_flag=True, help="In every division that Exact lists.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_obj
def list_(
    options: Options,
    divisions: Sequence[int],
    topics: Sequence[str],
    connection: str | None,
    everywhere: bool,
    as_json: bool,
) -> int:
    """What Exact tells us of: a call for each division."""
    _check_topics(topics)
    facts: list[dict[str, object]] = []

    def work(service: Service, codes: Sequence[int]) -> Iterator[ExactSyncError]:
        found = service.subscribing.divisions(codes, also_unwanted=everywhere)
        for done in service.subscribing.listed([each.code for each in found]):
            chosen = [each for each in done.found if not topics or each.topic in topics]
            facts.extend(_facts(service.connection, done.division, each) for each in chosen)
            if not as_json and not done.errors:
                _show(service.connection, found, done.division, chosen)
            yield from done.errors

    with options.deployment("exact-sync webhooks", connection) as deployment:
        stop_on_signals(deployment, code=4)
        errors = _each(deployment, divisions, work)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    return _exit_code(errors)


@webhooks.command()
@division_option
@topic_option
@connection_option
@click.option("--all", "everywhere", is_flag=True, help="In every division that Exact lists.")
@click.pass_obj
def unsubscribe(
    options: Options,
    divisions: Sequence[int],
    topics: Sequence[str],
    connection: str | None,
    everywhere: bool,
) -> int:
    """Be told no more. Of these topics, in these divisions, or of nothing anywhere (--all).

    Do it before a division is taken out of the settings, or --all afterwards.
    """
    if not (divisions or topics or everywhere):
        raise BadConfiguration("unsubscribe from what?", "give --division, --topic or --all")
    _check_topics(topics)

    def work(service: Service, codes: Sequence[int]) -> Iterator[ExactSyncError]:
        found = service.subscribing.divisions(codes, also_unwanted=everywhere or bool(codes))
        for done in service.subscribing.unsubscribe([each.code for each in found], topics):
            _tell(service.connection, found, done)
            yield from done.errors

    with options.deployment("exact-sync webhooks", connection) as deployment:
        stop_on_signals(deployment, code=4)
        return _exit_code(_each(deployment, divisions, work))


def _each(deployment: Deployment, codes: Sequence[int], work: Work) -> list[ExactSyncError]:
    """For each connection; what ends one is among the errors then, and the others go on.

    Raises SignInNeeded where nothing could be done without.
    """
    errors: list[ExactSyncError] = []
    parts = shares(deployment.services, codes)
    for share in parts:
        service = share.service
        try:
            service.app()
            service.ready()
            errors += [named_error(service.connection, e) for e in work(service, share.divisions)]
        except ExactSyncError as error:
            if deployment.is_alone:
                raise
            errors.append(named_error(service.connection, error))
    if len(errors) == len(parts) and all(isinstance(error, SignInNeeded) for error in errors):
        raise errors[0]
    return errors


def _check_topics(topics: Iterable[str]) -> None:
    for topic in topics:
        if topic not in TOPICS:
            hint = did_you_mean(topic, TOPICS, f"known are: {', '.join(TOPICS)}", cutoff=0.4)
            raise BadConfiguration(f"there is no topic {topic}", hint)


def _topics_of(service: Service, wanted: Sequence[str]) -> list[str]:
    """The named topics, or all that tell of something that is mirrored."""
    telling = concerned(service.mirrored)
    for topic in wanted:
        if topic not in telling:
            raise BadConfiguration(
                f"nothing that is mirrored changes with {topic}", f"it tells of: {', '.join(TOPICS[topic])}"
            )
    return list(wanted) or [topic for topic in telling if topic not in UNDERSTOOD_ONLY]


def _url_of(connection: Connection) -> str:
    """Where Exact is to call. Raises BadConfiguration where nobody could hear it."""
    if connection.settings.webhook_secret is None:
        raise BadConfiguration(
            f"setting {connection.setting('webhook_secret')} is not set",
            f"set {connection.variable('webhook_secret')} to what the App Center shows for your app",
        )
    if connection.webhook_url is None:
        raise BadConfiguration(
            "setting server.public_url is not set",
            "set it to the https address under which Exact reaches the server of exact-sync run, "
            f"or {connection.setting('webhook_url')} to the whole URL",
        )
    return connection.webhook_url


def _cost(service: Service, divisions: int, topics: int) -> str:
    limit = service.settings.connection_day_limit
    of = f" of the {limit:,} that all divisions together may make a day" if limit else ""
    return (
        f"{_number(divisions, 'division')}, {_number(topics, 'topic')}: {_number(divisions, 'call')} to look "
        f"what is there, and at most {divisions * topics:,} to subscribe{of}; in each division "
        f"{_number(1 + topics, 'call')} (one more for each subscription with another URL)"
    )


def _tell(connection: Connection, known: Sequence[Division], done: Done) -> None:
    """A line about what became of a division's subscriptions."""
    parts = [
        f"{_named(topics)} {what}"
        for topics, what in (
            (done.made, "subscribed"),
            (done.replaced, "now told to our URL"),
            (done.kept, "there already"),
            (done.removed, "unsubscribed"),
        )
        if topics
    ]
    if parts or not done.errors:
        say(f"{_whose(connection, known, done.division)}: {'; '.join(parts) or 'nothing to do'}")


def _show(
    connection: Connection, known: Sequence[Division], division: int, chosen: Sequence[Subscription]
) -> None:
    say(f"{_whose(connection, known, division)}: {_number(len(chosen), 'subscription')}")
    for each in chosen:
        note = "" if each.url == connection.webhook_url else "  (not our URL)"
        say(f"  {each.topic:<24}{each.url}{note}")


def _facts(connection: Connection, division: int, each: Subscription) -> dict[str, object]:
    is_ours = each.url == connection.webhook_url
    whose = {"connection": connection.name, "division": division}
    return whose | {"topic": each.topic, "url": each.url, "is_ours": is_ours, "id": each.id}


def _whose(connection: Connection, known: Sequence[Division], division: int) -> str:
    name = next(each.name for each in known if each.code == division)
    return f"{connection.label}{division} {name}"


def _named(topics: Sequence[str]) -> str:
    return ", ".join(topics) if len(topics) <= _NAMED else f"{len(topics)} topics"


def _number(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _exit_code(errors: Sequence[ExactSyncError]) -> int:
    """What went wrong, each only once; 4 where waiting is enough, else 1."""
    for message, hint in dict.fromkeys((error.message, error.hint) for error in errors):
        report(message, hint)
    codes = {error.exit_code for error in errors}
    return 0 if not codes else 4 if codes == {4} else 1
