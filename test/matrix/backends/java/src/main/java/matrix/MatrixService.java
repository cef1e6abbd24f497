package matrix;

import static io.grpc.stub.ServerCalls.asyncBidiStreamingCall;
import static io.grpc.stub.ServerCalls.asyncClientStreamingCall;
import static io.grpc.stub.ServerCalls.asyncServerStreamingCall;
import static io.grpc.stub.ServerCalls.asyncUnaryCall;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import matrix.ServiceBinder.Bound;
import matrix.v1.CallState;
import matrix.v1.ChatMessage;
import matrix.v1.CreateItemRequest;
import matrix.v1.EchoHeaderRequest;
import matrix.v1.EchoHeaderReply;
import matrix.v1.FailRequest;
import matrix.v1.GetCallStateRequest;
import matrix.v1.GetItemRequest;
import matrix.v1.ImportItemsReply;
import matrix.v1.ImportItemsRequest;
import matrix.v1.Item;
import matrix.v1.MatrixProto;
import matrix.v1.SlowRequest;
import matrix.v1.WatchItemsRequest;

/** {@code matrix.v1.MatrixService}; see test/matrix/proto/matrix.proto for what each method does. */
final class MatrixService {
  /** 2^53 + 1, the first integer that a JSON number loses. */
  static final long UNSAFE_INTEGER = (1L << 53) + 1;

  private final CallStates states = new CallStates();
  private final Map<String, Bound> handlers = new HashMap<>();

  ServerServiceDefinition bind() {
    unary("GetItem", GetItemRequest.getDefaultInstance(), Item.getDefaultInstance(), this::getItem);
    // A method of schema v2; in v1 nothing binds it.
    unary("ArchiveItem", GetItemRequest.getDefaultInstance(), Item.getDefaultInstance(), this::archiveItem);
    unary("CreateItem", CreateItemRequest.getDefaultInstance(), Item.getDefaultInstance(), this::createItem);
    unary("Fail", FailRequest.getDefaultInstance(), Item.getDefaultInstance(), request -> {
      throw Failure.of(request);
    });
    unary("EchoHeader", EchoHeaderRequest.getDefaultInstance(), EchoHeaderReply.getDefaultInstance(),
        request -> HeaderEcho.describe());
    unary("Slow", SlowRequest.getDefaultInstance(), CallState.getDefaultInstance(), this::slow);
    unary("GetCallState", GetCallStateRequest.getDefaultInstance(), CallState.getDefaultInstance(),
        request -> states.get(request.getId()));
    handlers.put("WatchItems", new Bound(WatchItemsRequest.getDefaultInstance(), Item.getDefaultInstance(),
        asyncServerStreamingCall(this::watchItems)));
    handlers.put("ImportItems", new Bound(ImportItemsRequest.getDefaultInstance(),
        ImportItemsReply.getDefaultInstance(), asyncClientStreamingCall(MatrixService::importItems)));
    handlers.put("Chat", new Bound(ChatMessage.getDefaultInstance(), ChatMessage.getDefaultInstance(),
        asyncBidiStreamingCall(MatrixService::chat)));
    return ServiceBinder.bind(MatrixProto.getDescriptor().findServiceByName("MatrixService"), handlers);
  }

  private <Q extends Message, R extends Message> void unary(
      String name, Q request, R reply, Function<Q, R> answer) {
    handlers.put(name, new Bound(request, reply, asyncUnaryCall((Q received, StreamObserver<R> caller) -> {
      try {
        caller.onNext(answer.apply(received));
        caller.onCompleted();
      } catch (RuntimeException failure) {
        caller.onError(failure);
      }
    })));
  }

  private Item getItem(GetItemRequest request) {
    Item.Builder item = newItem(request.getName()).toBuilder().setView(request.getView());
    item.addAllTags(request.getTagsList());
    if (request.getFilter().getCount() != 0) item.setCount(request.getFilter().getCount());
    return item.build();
  }

  private Item archiveItem(GetItemRequest request) {
    Item.Builder item = getItem(request).toBuilder();
    return item.setField(Item.getDescriptor().findFieldByName("archived"), true).build();
  }

  private Item createItem(CreateItemRequest request) {
    return request.getItem().toBuilder().setName(request.getParent() + "/items/" + request.getItemId()).build();
  }

  private CallState slow(SlowRequest request) {
    try (CallStates.Running running = states.begin(request.getId())) {
      if (!Pause.of(request.getDurationMs())) throw Status.CANCELLED.asRuntimeException();
      return states.get(request.getId());
    }
  }

  private void watchItems(WatchItemsRequest request, StreamObserver<Item> caller) {
    ServerCallStreamObserver<Item> stream = (ServerCallStreamObserver<Item>) caller;
    try (CallStates.Running running = states.begin(request.getId())) {
      for (int number = 1; request.getCount() == 0 || number <= request.getCount(); number++) {
        // The observer queues without bound: a caller that does not read is waited for.
        while (!stream.isReady() && Pause.of(1)) {}
        if (!Pause.of(request.getIntervalMs())) return;
        stream.onNext(newItem(request.getParent() + "/items/" + number));
      }
    }
    if (request.getFailCode() != 0) {
      stream.onError(Failure.of(FailRequest.newBuilder()
          .setCode(request.getFailCode()).setMessage("the stream failed").setWithDetails(true).build()));
    } else {
      stream.onCompleted();
    }
  }

  private static StreamObserver<ImportItemsRequest> importItems(StreamObserver<ImportItemsReply> caller) {
    ImportItemsReply.Builder reply = ImportItemsReply.newBuilder();
    return new Receiver<>(caller) {
      @Override
      public void onNext(ImportItemsRequest request) {
        reply.addNames(request.getItem().getName());
      }

      @Override
      public void onCompleted() {
        caller.onNext(reply.setCount(reply.getNamesCount()).build());
        caller.onCompleted();
      }
    };
  }

  private static StreamObserver<ChatMessage> chat(StreamObserver<ChatMessage> caller) {
    return new Receiver<>(caller) {
      @Override
      public void onNext(ChatMessage message) {
        caller.onNext(ChatMessage.newBuilder().setText("re: " + message.getText()).build());
      }

      @Override
      public void onCompleted() {
        caller.onCompleted();
      }
    };
  }

  private static Item newItem(String name) {
    return Item.newBuilder()
        .setName(name)
        .setCount(UNSAFE_INTEGER)
        .setCreated(Timestamp.newBuilder().setSeconds(Instant.parse("2024-01-02T03:04:05Z").getEpochSecond()))
        .setWeight(1.5)
        .putLabels("kind", "test")
        .setData(ByteString.copyFrom(new byte[] {(byte) 0xfb, (byte) 0xff, 0x00}))
        .build();
  }

  /** An observer for which a caller that is gone ends the call, nothing else. */
  private abstract static class Receiver<Q> implements StreamObserver<Q> {
    private final StreamObserver<?> caller;

    Receiver(StreamObserver<?> caller) {
      this.caller = caller;
    }

    @Override
    public void onError(Throwable failure) {
      caller.onError(Status.CANCELLED.withCause(failure).asRuntimeException());
    }
  }
}
