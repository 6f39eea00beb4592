"""Subscriptions to webhooks at Exact: listed, made and deleted, never twice."""

from dataclasses import dataclass

from exact_sync.errors import ExactAway, ExactSyncError, NeedsPerson, Refused, Unavailable, Unclear
from exact_sync.exact.client import Client
from exact_sync.exact.odata import Query

ENDPOINT = "webhooks/WebhookSubscriptions"
_PROPERTIES = ("ID", "Topic", "CallbackURL", "ClientID")
_TRIES = 2
_RIGHTS = (
    "the app needs the scope organization, administration with the right to manage; "
    "after adding it sign in again"
)


class NotCallable(NeedsPerson):
    """Exact could not reach the callback URL, or did not like its answer."""


@dataclass(frozen=True)
class Subscription:
    """One topic of one division, and the URL that is called when something of it changes."""

    id: str
    topic: str
    url: str
    client_id: str
    """The app's that made it."""

    def is_of(self, client_id: str | None) -> bool:
        """Whether it was made by this app, as far as Exact says whose it is."""
        return not self.client_id or same_guid(self.client_id, client_id or "")


class Subscriptions:
    """Those of one app. Every method takes the division, and costs a call or a few."""

    def __init__(self, client: Client, client_id: str | None) -> None:
        self._client = client
        self._client_id = client_id

    def listed(self, division: int) -> list[Subscription]:
        """Those that the app has, by topic. Raises Unavailable where a scope or a right is missing."""
        query = Query(ENDPOINT, _PROPERTIES)
        try:
            records = [r for page in self._client.pages(division, query, "ID") for r in page.records]
        except Unavailable as error:
            raise Unavailable(error.message, _RIGHTS) from None
        found = [Subscription(*(str(record.get(name) or "") for name in _PROPERTIES)) for record in records]
        return sorted(
            (each for each in found if each.is_of(self._client_id)), key=lambda each: (each.topic, each.url)
        )

    def create(self, division: int, topic: str, url: str) -> None:
        """Subscribe to a topic. Exact calls the URL before it answers.

        Raises NotCallable where it does not like what it hears there, Refused where it knows no such topic,
        ExactAway where it does not say what it did and has no such subscription.
        """
        for _ in range(_TRIES):
            try:
                return self._client.create(division, ENDPOINT, {"CallbackURL": url, "Topic": topic})
            except Unavailable as error:
                raise Unavailable(error.message, _RIGHTS) from None
            except Refused as error:
                raise Refused(error.message, "check the topic, and our URL (server.public_url)") from None
            except Unclear as error:
                unclear = error
            if any((each.topic, each.url) == (topic, url) for each in self.listed(division)):
                return None
            if "callback" in unclear.message.lower():
                break
        raise _explained(unclear)

    def delete(self, division: int, subscription: Subscription) -> None:
        """Raises ExactAway where Exact does not say what it did and still has it."""
        problem: ExactSyncError | None = None
        for _ in range(_TRIES):
            try:
                return self._client.delete(division, ENDPOINT, subscription.id)
            except (Unavailable, Unclear) as error:
                problem = error
            if all(each.id != subscription.id for each in self.listed(division)):
                return None
            if isinstance(problem, Unavailable):
                raise Unavailable(problem.message, _RIGHTS)
        raise ExactAway(problem.message if problem else "", "nothing is lost; try again later")


def same_guid(one: str, other: str) -> bool:
    """However they are written: with braces or capitals, or without."""
    return one.strip("{}").lower() == other.strip("{}").lower()


def _explained(error: Unclear) -> ExactSyncError:
    """What an unclear answer meant, now that nothing was made: Exact says 500 where its call failed."""
    if "callback" in error.message.lower():
        return NotCallable(
            error.message,
            "exact-sync run must be at work, and its server must be reachable for Exact under this URL",
        )
    return ExactAway(error.message, "nothing is lost; try again later")
