"""matrix.v1.MatrixService; see test/matrix/proto/matrix.proto for what each method does."""

import matrix_pb2
import matrix_pb2_grpc
from call_states import CallStates
from failure import fail
from google.protobuf.timestamp_pb2 import Timestamp

# 2^53 + 1, the first integer that a JSON number loses.
UNSAFE_INTEGER = (1 << 53) + 1


class MatrixService(matrix_pb2_grpc.MatrixServiceServicer):
    def __init__(self):
        self.states = CallStates()

    def GetItem(self, request, context):
        return self._item_of(request)

    def ArchiveItem(self, request, context):
        """A method of schema v2; in v1 nothing registers it."""
        item = self._item_of(request)
        item.archived = True
        return item

    def CreateItem(self, request, context):
        item = request.item
        item.name = f"{request.parent}/items/{request.item_id}"
        return item

    def Fail(self, request, context):
        fail(context, request)

    def EchoHeader(self, request, context):
        metadata = sorted(context.invocation_metadata(), key=lambda entry: entry.key)
        reply = matrix_pb2.EchoHeaderReply()
        for entry in metadata:
            if entry.key.endswith("-bin"):
                reply.entries.add(key=entry.key, binary=entry.value)
            else:
                reply.entries.add(key=entry.key, text=entry.value)
        context.send_initial_metadata(tuple(entry for entry in metadata if entry.key.startswith("x-echo-")))
        context.set_trailing_metadata(tuple(entry for entry in metadata if entry.key.startswith("x-trail-")))
        return reply

    def Slow(self, request, context):
        with self.states.running(context, request.id) as gone:
            gone.wait(request.duration_ms / 1000)
            return self.states.get(request.id)

    def GetCallState(self, request, context):
        return self.states.get(request.id)

    def WatchItems(self, request, context):
        with self.states.running(context, request.id) as gone:
            context.send_initial_metadata(())
            number = 1
            while request.count == 0 or number <= request.count:
                if gone.wait(request.interval_ms / 1000):
                    return
                yield new_item(f"{request.parent}/items/{number}")
                number += 1
            if request.fail_code != 0:
                fail(
                    context,
                    matrix_pb2.FailRequest(
                        code=request.fail_code, message="the stream failed", with_details=True
                    ),
                )

    def ImportItems(self, request_iterator, context):
        names = [request.item.name for request in request_iterator]
        return matrix_pb2.ImportItemsReply(count=len(names), names=names)

    def Chat(self, request_iterator, context):
        for message in request_iterator:
            yield matrix_pb2.ChatMessage(text=f"re: {message.text}")

    def _item_of(self, request):
        item = new_item(request.name)
        item.view = request.view
        item.tags.extend(request.tags)
        if request.filter.count != 0:
            item.count = request.filter.count
        return item


def new_item(name):
    created = Timestamp()
    created.FromJsonString("2024-01-02T03:04:05Z")
    return matrix_pb2.Item(
        name=name,
        count=UNSAFE_INTEGER,
        created=created,
        weight=1.5,
        labels={"kind": "test"},
        data=b"\xfb\xff\x00",
    )


def register(server):
    matrix_pb2_grpc.add_MatrixServiceServicer_to_server(MatrixService(), server)
    return matrix_pb2.DESCRIPTOR.services_by_name["MatrixService"].full_name
