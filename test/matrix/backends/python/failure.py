"""Errors as FailRequest asks for them, with details of known and unknown types."""

import matrix_pb2
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status


def fail(context, request):
    """Ends the call; does not return."""
    status = status_pb2.Status(code=request.code, message=request.message)
    if request.with_details:
        attach(
            status,
            error_details_pb2.ErrorInfo(
                reason="ASKED_FOR", domain="matrix.test", metadata={"backend": "python"}
            ),
        )
        violation = error_details_pb2.BadRequest.FieldViolation(field="code", description="was asked for")
        attach(status, error_details_pb2.BadRequest(field_violations=[violation]))
        attach(status, matrix_pb2.Item(name="shelves/1/items/2", count=(1 << 53) + 1))
        status.details.append(
            any_pb2.Any(type_url="type.googleapis.com/matrix.unknown.Thing", value=b"\x08\x01")
        )
    if request.retry_after_ms > 0:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromMilliseconds(request.retry_after_ms)
        attach(status, retry)
    context.abort_with_status(rpc_status.to_status(status))


def attach(status, message):
    status.details.add().Pack(message)
