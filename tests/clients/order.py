"""Plays the pairs of `pairs.py`: the wrong order first, with exactly the outcome of the table, then the right one.

A scenario is a generator: it makes both objects and yields the call that comes too early, as `(method, arguments)`.
When it goes on, that call was made and answered as the table says; an allowed one hands over its answer. Of a refused
one it then takes away what depends, and the same call (or the one it yields next) must succeed; of an allowed one it
checks what the table says follows.
"""
import re

from botocore.exceptions import ClientError

from harness import PLAYED, eventually, refused, test
from pairs import PAIRS, Cascades, Dangles, Refused, Reported


def wrong(operation, dependent):
    """Registers the scenario of one pair of the table as a test."""
    outcome = PAIRS[operation][dependent]

    def register(scenario):
        def run():
            play(operation, outcome, scenario)
            assert (operation, dependent) not in PLAYED, "played twice"
            PLAYED.add((operation, dependent))
        run.__name__ = f"{operation}, {dependent}"
        test(run)
        return scenario
    return register


def named(call):
    """`service:Operation` of a client's method."""
    meta = call.__self__.meta
    return f"{meta.service_model.service_name}:{meta.method_to_api_mapping[call.__name__]}"


def play(operation, outcome, scenario):
    steps = scenario()
    call, arguments = next(steps)
    assert named(call) == operation or operation == "secretsmanager:DeleteSecret", f"{named(call)} is not {operation}"
    if isinstance(outcome, Refused):
        too_early(outcome, call, arguments)
        call, arguments = next(steps, (call, arguments))
        if call is not None:
            eventually(lambda: succeeds(outcome.code, call, arguments))
        for _ in steps:
            raise AssertionError("a scenario yields once or twice")
        return
    answer = call(**arguments)
    if isinstance(outcome, Reported):
        failures = answer.get("failures") or answer.get("Errors") or answer.get("UnsuccessfullyDeletedLaunchTemplateVersions")
        assert failures and re.search(outcome.wording, str(failures)), f"{operation} reports {failures}"
    else:
        assert isinstance(outcome, Cascades | Dangles)
    try:
        steps.send(answer)
    except StopIteration:
        return
    raise AssertionError("a scenario of an allowed call yields once")


def too_early(outcome, call, arguments):
    message = refused(outcome.code, call, **arguments)["Error"]["Message"]
    assert re.search(outcome.wording, message), f"{named(call)} says {message!r} instead of {outcome.wording!r}"


def succeeds(code, call, arguments):
    """True once the call succeeds; what depended may need a moment to be gone."""
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
        return False
    return True

