package matrix;

import io.grpc.Context;
import io.grpc.Deadline;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import matrix.v1.CallState;

/** Remembers what became of the calls that gave an id. */
final class CallStates {
  private final Map<String, CallState> states = new ConcurrentHashMap<>();

  /** Notes that the current call runs; closing what it returns notes how the call ended. */
  Running begin(String id) {
    Context context = Context.current();
    Deadline deadline = context.getDeadline();
    CallState.Builder state =
        CallState.newBuilder()
            .setState(CallState.State.RUNNING)
            .setRemainingMs(deadline == null ? -1 : deadline.timeRemaining(TimeUnit.MILLISECONDS));
    set(id, state.build());
    return () ->
        set(
            id,
            state
                .setState(context.isCancelled() ? CallState.State.CANCELLED : CallState.State.DONE)
                .build());
  }

  CallState get(String id) {
    return states.getOrDefault(id, CallState.getDefaultInstance());
  }

  private void set(String id, CallState state) {
    if (!id.isEmpty()) states.put(id, state);
  }

  interface Running extends AutoCloseable {
    @Override
    void close();
  }
}
