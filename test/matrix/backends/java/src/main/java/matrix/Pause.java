package matrix;

import io.grpc.Context;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits on behalf of the current call. */
final class Pause {
  /** Returns true when the time has passed, false as soon as the caller is gone or out of time. */
  static boolean of(long durationMs) {
    Context context = Context.current();
    if (durationMs <= 0) return !context.isCancelled();
    CountDownLatch gone = new CountDownLatch(1);
    Context.CancellationListener listener = cancelled -> gone.countDown();
    context.addListener(listener, Runnable::run);
    try {
      return !gone.await(durationMs, TimeUnit.MILLISECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      context.removeListener(listener);
    }
  }

  private Pause() {}
}
