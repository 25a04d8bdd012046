package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class ContextThreadTest {

  /** Starts a call on a thread of its own, and comes back when that waits for its result. */
  private static <T> CompletableFuture<T> waiting(Supplier<T> call) throws InterruptedException {
    var result = new CompletableFuture<T>();
    Thread caller = Thread.ofPlatform().daemon().start(() -> {
      try {
        result.complete(call.get());
      } catch (RuntimeException e) {
        result.completeExceptionally(e);
      }
    });
    while (caller.getState() != Thread.State.WAITING && caller.isAlive()) {
      Thread.sleep(Duration.ofMillis(1));
    }
    return result;
  }

  @Test
  void whoComesAfterTheEndIsToldSoAndDoesNotWait() throws InterruptedException {
    var thread = new ContextThread("test");
    var busy = new CountDownLatch(1);
    CompletableFuture<Integer> first = waiting(() -> thread.call(() -> {
      try {
        busy.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return 1;
    }));
    CompletableFuture<String> end = waiting(() -> {
      thread.close();
      return "closed";
    });
    CompletableFuture<Integer> late = waiting(() -> thread.call(() -> 2));
    busy.countDown();
    assertEquals(1, first.join());
    assertEquals("closed", end.join());
    CompletionException refused = assertThrows(CompletionException.class, late.orTimeout(10, TimeUnit.SECONDS)::join);
    assertTrue(refused.getCause() instanceof IllegalStateException && refused.getMessage().contains("used after its end"), refused.toString());
    assertThrows(IllegalStateException.class, () -> thread.call(() -> 3));
  }
}
