package matrix;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import matrix.v1.FailRequest;
import matrix.v1.Item;

/** Errors as FailRequest asks for them, with details of known and unknown types. */
final class Failure {
  static StatusRuntimeException of(FailRequest request) {
    Status.Builder status = Status.newBuilder().setCode(request.getCode()).setMessage(request.getMessage());
    if (request.getWithDetails()) {
      status.addDetails(
          Any.pack(
              ErrorInfo.newBuilder()
                  .setReason("ASKED_FOR")
                  .setDomain("matrix.test")
                  .putMetadata("backend", "java")
                  .build()));
      status.addDetails(
          Any.pack(
              BadRequest.newBuilder()
                  .addFieldViolations(
                      BadRequest.FieldViolation.newBuilder().setField("code").setDescription("was asked for"))
                  .build()));
      status.addDetails(
          Any.pack(Item.newBuilder().setName("shelves/1/items/2").setCount(MatrixService.UNSAFE_INTEGER).build()));
      status.addDetails(
          Any.newBuilder()
              .setTypeUrl("type.googleapis.com/matrix.unknown.Thing")
              .setValue(ByteString.copyFrom(new byte[] {0x08, 0x01})));
    }
    if (request.getRetryAfterMs() > 0) {
      Duration delay =
          Duration.newBuilder()
              .setSeconds(request.getRetryAfterMs() / 1000)
              .setNanos((int) (request.getRetryAfterMs() % 1000) * 1_000_000)
              .build();
      status.addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  private Failure() {}
}
