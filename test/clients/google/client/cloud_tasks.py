"""google-cloud-tasks by REST: `cloud_tasks.py http://127.0.0.1:8080`."""

import datetime
import sys
import time

from google.api_core import exceptions, retry
from google.cloud import tasks_v2 as tasks

from checks import connect, equal, raises, run

client = connect(tasks.CloudTasksClient, sys.argv[1])
parent = "projects/p/locations/l"


def new_queue(name: str, **fields):
    return client.create_queue(parent=parent, queue={"name": f"{parent}/queues/{name}", **fields})


def check_durations():
    """doubles, durations and integers of a resource survive"""
    queue = new_queue(
        "durations",
        rate_limits={"max_dispatches_per_second": 0.1, "max_concurrent_dispatches": 2147483647},
        retry_config={
            "min_backoff": datetime.timedelta(milliseconds=1500),
            "max_retry_duration": datetime.timedelta(days=400),
        },
    )
    equal(queue.rate_limits.max_dispatches_per_second, 0.1)
    equal(queue.rate_limits.max_concurrent_dispatches, 2147483647)
    equal(queue.retry_config.min_backoff, datetime.timedelta(milliseconds=1500))
    equal(queue.retry_config.max_retry_duration, datetime.timedelta(days=400))
    equal(queue.state, tasks.Queue.State.RUNNING)


def check_nested_mask():
    """a PATCH whose path variable lies in the body's message, with a mask of nested paths"""
    queue = new_queue("nested", rate_limits={"max_dispatches_per_second": 1, "max_concurrent_dispatches": 2})
    changed = client.update_queue(
        queue={"name": queue.name, "rate_limits": {"max_dispatches_per_second": 5, "max_concurrent_dispatches": 9}},
        update_mask={"paths": ["rate_limits.max_dispatches_per_second"]},
    )
    equal(changed.rate_limits.max_dispatches_per_second, 5)
    equal(changed.rate_limits.max_concurrent_dispatches, 2)


def check_http_task():
    """a oneof's member with an enum, a map of headers, bytes and a Timestamp of microseconds survives"""
    queue = new_queue("http")
    when = datetime.datetime(2031, 2, 3, 4, 5, 6, 789012, tzinfo=datetime.timezone.utc)
    task = client.create_task(
        request={
            "parent": queue.name,
            "task": {
                "http_request": {
                    "url": "https://example.com/?a=b&c=%20",
                    "http_method": tasks.HttpMethod.PATCH,
                    "headers": {"X-One": "1", "X-Empty": ""},
                    "body": b"\x00\xff",
                },
                "schedule_time": when,
            },
            "response_view": tasks.Task.View.FULL,
        }
    )
    equal(task.http_request.body, b"\x00\xff")
    equal(task.http_request.http_method, tasks.HttpMethod.PATCH)
    equal(dict(task.http_request.headers), {"X-One": "1", "X-Empty": ""})
    equal(task.schedule_time, when)
    equal(task.view, tasks.Task.View.FULL)


def check_view():
    """an enum in the query, sent as a number, chooses the view"""
    name = f"{parent}/queues/http/tasks/1"
    equal(client.get_task(name=name).http_request.body, b"")
    full = client.get_task(request={"name": name, "response_view": tasks.Task.View.FULL})
    equal(full.http_request.body, b"\x00\xff")


def check_other_member():
    """the other member of the oneof stays the other one"""
    queue = new_queue("engine")
    task = client.create_task(parent=queue.name, task={"app_engine_http_request": {"relative_uri": "/x?y=z"}})
    equal(tasks.Task.pb(task).WhichOneof("message_type"), "app_engine_http_request")
    equal(task.app_engine_http_request.relative_uri, "/x?y=z")


def check_empty_list():
    """an iterator over an empty list ends"""
    queue = new_queue("empty")
    equal(list(client.list_tasks(parent=queue.name)), [])


def check_verbs():
    """verbs on a resource change its state; an unavailable backend is ServiceUnavailable"""
    queue = new_queue("verbs")
    equal(client.pause_queue(name=queue.name).state, tasks.Queue.State.PAUSED)
    raises(
        exceptions.ServiceUnavailable,
        client.create_task,
        parent=queue.name,
        task={"http_request": {"url": "https://example.com"}},
        retry=None,
    )
    equal(client.resume_queue(name=queue.name).state, tasks.Queue.State.RUNNING)


def check_run():
    """a verb on a nested resource answers with messages two levels down"""
    queue = new_queue("run")
    name = client.create_task(parent=queue.name, task={"http_request": {"url": "https://example.com"}}).name
    task = client.run_task(name=name)
    equal(task.dispatch_count, 1)
    equal(task.last_attempt.response_status.code, 14)


def check_timeout():
    """a client's timeout ends the call: the client does not wait for the backend"""
    queue = new_queue("slow")
    started = time.monotonic()
    # By requests' own read timeout, which google.api_core passes on as requests raises it.
    try:
        client.purge_queue(name=queue.name, timeout=0.5, retry=None)
    except Exception as error:
        assert "timed out" in str(error).lower() or isinstance(error, exceptions.DeadlineExceeded), error
    else:
        raise AssertionError("the call came back")
    assert time.monotonic() - started < 4
    equal(client.get_queue(name=queue.name).name, queue.name)


def check_server_timeout():
    """X-Server-Timeout, which Google's clients send, is DEADLINE_EXCEEDED: GatewayTimeout, before the client gives up"""
    queue = new_queue("server-timeout")
    error = raises(
        exceptions.GatewayTimeout,
        client.purge_queue,
        name=queue.name,
        retry=None,
        metadata=[("x-server-timeout", "0.3")],
    )
    equal(error.code, 504)


def check_retry():
    """a retry policy of the client tells what it may repeat from what it may not"""
    calls = []

    def again(error) -> bool:
        calls.append(error)
        return len(calls) < 3

    policy = retry.Retry(predicate=again, initial=0.01, maximum=0.01)
    raises(exceptions.NotFound, client.get_queue, name=f"{parent}/queues/nowhere", retry=policy)
    equal([type(error) for error in calls], [exceptions.NotFound] * 3)


def check_delete():
    """a DELETE answers with nothing and has deleted"""
    queue = new_queue("deleted")
    equal(client.delete_queue(name=queue.name), None)
    raises(exceptions.NotFound, client.get_queue, name=queue.name)


run(globals())
