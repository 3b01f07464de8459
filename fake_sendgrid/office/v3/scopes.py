"""scopes: what the key that asks may do."""

from fake_sendgrid.office.store import read_thing
from fake_sendgrid.office.v3.call import Answer, Call, Route


def _list(call: Call) -> Answer:
    return Answer(200, {"scopes": sorted(read_thing(call.store, "key", call.key))})


ROUTES: tuple[Route, ...] = (("GET", "/v3/scopes", "", _list),)
