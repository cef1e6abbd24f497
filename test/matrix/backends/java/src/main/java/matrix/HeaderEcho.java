package matrix;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import matrix.v1.EchoHeaderReply;
import matrix.v1.HeaderEntry;
import com.google.protobuf.ByteString;

/** Puts what arrived as metadata into the context, and back: {@code x-echo-*} as header, {@code x-trail-*} as trailer. */
final class HeaderEcho implements ServerInterceptor {
  private static final Context.Key<Metadata> RECEIVED = Context.key("received");

  /** The metadata of the current call as a message. */
  static EchoHeaderReply describe() {
    EchoHeaderReply.Builder reply = EchoHeaderReply.newBuilder();
    Metadata received = RECEIVED.get();
    for (String name : received.keys().stream().sorted().toList()) {
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        for (byte[] value : received.getAll(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER))) {
          reply.addEntries(HeaderEntry.newBuilder().setKey(name).setBinary(ByteString.copyFrom(value)));
        }
      } else {
        for (String value : received.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER))) {
          reply.addEntries(HeaderEntry.newBuilder().setKey(name).setText(value));
        }
      }
    }
    return reply.build();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata received, ServerCallHandler<Q, R> next) {
    ServerCall<Q, R> echoing =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void sendHeaders(Metadata header) {
            copy(received, header, "x-echo-");
            super.sendHeaders(header);
          }

          @Override
          public void close(Status status, Metadata trailer) {
            copy(received, trailer, "x-trail-");
            super.close(status, trailer);
          }
        };
    return Contexts.interceptCall(Context.current().withValue(RECEIVED, received), echoing, received, next);
  }

  private static void copy(Metadata from, Metadata to, String prefix) {
    for (String name : from.keys()) {
      if (!name.startsWith(prefix)) continue;
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        copyAll(from, to, Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER));
      } else {
        copyAll(from, to, Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
      }
    }
  }

  private static <T> void copyAll(Metadata from, Metadata to, Metadata.Key<T> key) {
    for (T value : from.getAll(key)) to.put(key, value);
  }
}
