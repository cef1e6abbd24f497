package matrix;

import static io.grpc.stub.ServerCalls.asyncServerStreamingCall;

import io.grpc.ServerServiceDefinition;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import ticker.v1.Tick;
import ticker.v1.TickerProto;
import ticker.v1.WatchRequest;

/** {@code ticker.v1.TickerService}: counts up until the caller has had enough. */
final class TickerService {
  ServerServiceDefinition bind() {
    return ServiceBinder.bind(
        TickerProto.getDescriptor().findServiceByName("TickerService"),
        Map.of(
            "Watch",
            new ServiceBinder.Bound(
                WatchRequest.getDefaultInstance(),
                Tick.getDefaultInstance(),
                asyncServerStreamingCall(TickerService::watch))));
  }

  private static void watch(WatchRequest request, StreamObserver<Tick> caller) {
    long number = 1;
    do {
      caller.onNext(Tick.newBuilder().setNumber(number++).build());
    } while (Pause.of(Math.max(request.getIntervalMs(), 1)));
  }
}
