"""Every request to Exact as a step of the run that made it: an observer."""

from exact_sync import telemetry
from exact_sync.exact.requests import Request


class Traced:
    """Tells telemetry of each request. Never what was asked for, only where."""

    def made(self, request: Request) -> None:
        attributes: dict[str, telemetry.Value] = {
            "http.response.status_code": request.status,
            "url.template": request.endpoint,
            "division": request.division,
            "resource": request.resource,
            "records": request.rows,
            "minute_left": request.minute_left,
            "day_left": request.day_left,
        }
        seconds = request.milliseconds / 1000
        telemetry.past(telemetry.Past(request.endpoint, request.at, seconds, attributes, request.trouble))
