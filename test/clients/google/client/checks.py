"""Runs the functions of a module named check_*, in their order, and prints one JSON line for each: what, and what failed.

The first line of a function's docstring is the fact that it checks.
"""

import json
import sys
import traceback

from google.auth.credentials import AnonymousCredentials


def connect(client, gateway: str):
    """A generated client by REST against `http://host:port`, otherwise as people make one."""
    transport = client.get_transport_class("rest")
    return client(transport=transport(host=gateway, credentials=AnonymousCredentials()))


def raises(kind, function, *arguments, **named):
    """Calls, and returns the exception, which must be of exactly this class."""
    try:
        result = function(*arguments, **named)
    except Exception as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
        return error
    raise AssertionError(f"no {kind.__name__} but {result}")


def refused(kind, reason: str, function, *arguments, **named):
    """As raises, and its reason is the gRPC code: by REST the class is chosen by the HTTP status alone."""
    error = raises(kind, function, *arguments, **named)
    equal(error.reason, reason)
    return error


def equal(actual, expected) -> None:
    assert actual == expected, f"{actual!r} is not {expected!r}"


def run(module: dict) -> None:
    for name, check in list(module.items()):
        if not name.startswith("check_"):
            continue
        line = {"what": check.__doc__.strip().split("\n")[0]}
        try:
            check()
        except Exception:
            line["error"] = traceback.format_exc()
        print(json.dumps(line), flush=True)
    sys.stdout.flush()
