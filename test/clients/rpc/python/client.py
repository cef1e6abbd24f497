"""Calls the demo library with grpcio: `client.py GENERATED HOST:PORT [CA]`. Prints each fact as a line of JSON."""

import json
import sys
import threading
import time
import traceback
import uuid

import grpc
from google.protobuf import duration_pb2
from google.rpc import code_pb2, error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

sys.path.insert(0, sys.argv[1])
import library_pb2 as pb  # noqa: E402
import library_pb2_grpc  # noqa: E402

BINARY = b"\x00\xff\x01"
FAST = duration_pb2.Duration(nanos=10_000_000)
HOUR = duration_pb2.Duration(seconds=3600)
MARKS = (
    ("x-mine", "one"),
    ("x-mine", "two"),
    ("x-mine-bin", BINARY),
    ("echo-head-x", "head"),
    ("echo-head-x-bin", BINARY),
    ("echo-trail-x", "tail"),
    ("echo-trail-x-bin", BINARY),
)


def check(what):
    def run(function):
        line = {"what": what}
        try:
            function()
        except Exception:
            line["error"] = traceback.format_exc()
        print(json.dumps(line), flush=True)

    return run


def equal(actual, expected):
    assert actual == expected, f"expected {expected!r}, got {actual!r}"


def failure_of(function):
    try:
        function()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call succeeded")


def details_of(error):
    return rpc_status.from_call(error).details


def unpack(detail, kind):
    message = kind()
    assert detail.Unpack(message), f"a {detail.type_url}"
    return message


def check_marks(call):
    header, trailer = dict(call.initial_metadata()), dict(call.trailing_metadata())
    equal((header.get("echo-head-x"), header.get("echo-head-x-bin")), ("head", BINARY))
    equal((trailer.get("echo-trail-x"), trailer.get("echo-trail-x-bin")), ("tail", BINARY))


def open_channel(compression):
    options = {"compression": compression}
    if len(sys.argv) > 3:
        with open(sys.argv[3], "rb") as file:
            return grpc.secure_channel(sys.argv[2], grpc.ssl_channel_credentials(file.read()), **options)
    return grpc.insecure_channel(sys.argv[2], **options)


def check_kinds(stub, how):
    @check(f"a unary call is answered, with metadata both ways{how}")
    def _():
        reply, call = stub.Inspect.with_call(pb.InspectRequest(), metadata=MARKS)
        check_marks(call)
        mine = [(entry.key, entry.value) for entry in reply.metadata if entry.key.startswith("x-mine")]
        # The backend, a grpc-js server, joins the two, as Node does with headers of HTTP/2.
        equal(mine, [("x-mine", "one, two"), ("x-mine-bin", "AP8B")])

    @check(f"a server stream arrives in order, with metadata, and ends{how}")
    def _():
        call = stub.WatchArrivals(pb.WatchArrivalsRequest(limit=5, interval=FAST), metadata=MARKS)
        equal([arrival.sequence for arrival in call], [1, 2, 3, 4, 5])
        check_marks(call)
        equal(call.code(), grpc.StatusCode.OK)

    @check(f"a file of megabytes arrives whole{how}")
    def _():
        request = pb.DownloadBookRequest(name="shelves/1/books/1", min_bytes=3_000_000)
        assert sum(len(piece.data) for piece in stub.DownloadBook(request)) >= 3_000_000

    @check(f"a client stream is answered once{how}")
    def _():
        books = [pb.Book(title="One"), pb.Book(), pb.Book(title="Two")]
        requests = (pb.ImportBooksRequest(parent="shelves/6", book=book) for book in books)
        reply, call = stub.ImportBooks.with_call(requests, metadata=MARKS)
        equal((reply.imported_count, reply.failed_count, reply.failures[0].index), (2, 1, 1))
        check_marks(call)

    @check(f"a bidi stream is a talk: each word is answered before the next is said{how}")
    def _():
        answered = threading.Semaphore(1)

        def words():
            for word in ("hello", "something by Verne", "bye"):
                assert answered.acquire(timeout=10), "no answer came"
                yield pb.ChatRequest(text=word)

        seen = []
        for reply in stub.Chat(words(), metadata=MARKS):
            seen.append(reply.sequence)
            answered.release()
        equal(seen, [1, 2, 3])


def check_failures(stub):
    @check("an error has code, text, details and trailer")
    def _():
        request = pb.CreateBookRequest(parent="shelves/1", book=pb.Book(rating=9))
        error = failure_of(lambda: stub.CreateBook(request, metadata=MARKS))
        equal(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        equal(dict(error.trailing_metadata())["echo-trail-x"], "tail")
        violations = unpack(details_of(error)[0], error_details_pb2.BadRequest).field_violations
        equal(sorted(violation.field for violation in violations), ["book.rating", "book.title"])

    @check("each of the sixteen codes arrives with text and ten details")
    def _():
        for number in range(1, 17):
            error = failure_of(lambda: stub.Inspect(pb.InspectRequest(fail_with=number)))
            equal(error.code().value[0], number)
            equal(error.details(), f"{code_pb2.Code.Name(number)}, as you asked")
            equal(len(details_of(error)), 10)

    @check("an error in the middle of a stream comes after its messages, with details")
    def _():
        call = stub.WatchArrivals(pb.WatchArrivalsRequest(interval=FAST, fail_after=2))
        seen = []

        def read():
            for arrival in call:
                seen.append(arrival.sequence)

        error = failure_of(read)
        equal(seen, [1, 2])
        equal(error.code(), grpc.StatusCode.DATA_LOSS)
        equal(unpack(details_of(error)[0], error_details_pb2.ErrorInfo).reason, "FAIL_AFTER")

    @check("a stream that is refused fails with details")
    def _():
        error = failure_of(lambda: list(stub.WatchArrivals(pb.WatchArrivalsRequest(limit=-1))))
        equal(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        unpack(details_of(error)[0], error_details_pb2.BadRequest)


def check_endings(stub):
    def state_comes_to(tag, state):
        end = time.monotonic() + 10
        while True:
            path = stub.Inspect(pb.InspectRequest(path=f"calls/{tag}")).path
            if path == state:
                return
            assert time.monotonic() < end, f"expected {state}, got {path}"
            time.sleep(0.02)

    @check("the backend knows the deadline, and one that passes ends the call here and there")
    def _():
        left = stub.Inspect(pb.InspectRequest(), timeout=60).time_left.seconds
        assert 30 < left <= 60, left
        tag = f"deadline-{uuid.uuid4()}"
        request = pb.InspectRequest(delay=duration_pb2.Duration(seconds=60))
        error = failure_of(lambda: stub.Inspect(request, timeout=0.4, metadata=(("call-tag", tag),)))
        equal(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        state_comes_to(tag, "cancelled")

    @check("a stream that is cancelled is so at the backend")
    def _():
        tag = f"cancel-{uuid.uuid4()}"
        call = stub.WatchArrivals(pb.WatchArrivalsRequest(interval=HOUR), metadata=(("call-tag", tag),))
        equal(next(call).sequence, 1)
        call.cancel()
        equal(failure_of(lambda: next(call)).code(), grpc.StatusCode.CANCELLED)
        state_comes_to(tag, "cancelled")

    @check("a unary call that is cancelled is so at the backend")
    def _():
        tag = f"cancel-unary-{uuid.uuid4()}"
        request = pb.InspectRequest(delay=duration_pb2.Duration(seconds=60))
        call = stub.Inspect.future(request, metadata=(("call-tag", tag),))
        state_comes_to(tag, "open")
        call.cancel()
        state_comes_to(tag, "cancelled")


def check_health(channel):
    stub = health_pb2_grpc.HealthStub(channel)
    service = pb.DESCRIPTOR.services_by_name["Library"].full_name

    @check("health: Check, an unknown service, and Watch")
    def _():
        serving = health_pb2.HealthCheckResponse.SERVING
        equal(stub.Check(health_pb2.HealthCheckRequest(service=service)).status, serving)
        error = failure_of(lambda: stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service")))
        equal(error.code(), grpc.StatusCode.NOT_FOUND)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=service))
        equal(next(watch).status, serving)
        watch.cancel()


for compression, how in ((grpc.Compression.NoCompression, ""), (grpc.Compression.Gzip, ", by gzip")):
    with open_channel(compression) as channel:
        library = library_pb2_grpc.LibraryStub(channel)
        check_kinds(library, how)
        if compression is grpc.Compression.NoCompression:
            check_failures(library)
            check_endings(library)
            check_health(channel)
