package dev.chainrule.backend.cuda;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The thread that has a device's context. Callers come on any thread, virtual ones among them, which move from one carrier to the next;
 * a context belongs to one thread of the operating system.
 */
final class ContextThread implements AutoCloseable {

  private final LinkedBlockingQueue<Task<?>> work = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile boolean over;

  ContextThread(String device) {
    thread = Thread.ofPlatform().name("chainrule-" + device).daemon().start(this::serve);
  }

  /** What a caller waits for. */
  private record Task<T extends @Nullable Object>(Supplier<T> body, CompletableFuture<T> result) {
    void run() {
      try {
        result.complete(body.get());
      } catch (Throwable thrown) { // whatever it is, the caller has to know
        result.completeExceptionally(thrown);
      }
    }
  }

  private void serve() {
    while (!over) {
      try {
        work.take().run();
      } catch (InterruptedException _) {
        // nobody has this thread but the device, which ends it in close
      }
    }
    for (Task<?> late = work.poll(); late != null; late = work.poll()) {
      late.result.completeExceptionally(ended());
    }
  }

  private static IllegalStateException ended() {
    return new IllegalStateException("[cuda] the device was used after its end");
  }

  /** Calls {@code body} on that thread, waits, and gives its result or throws what it threw. */
  <T extends @Nullable Object> T call(Supplier<T> body) {
    if (Thread.currentThread() == thread) {
      return body.get();
    }
    if (over) {
      throw ended();
    }
    var task = new Task<T>(body, new CompletableFuture<>());
    work.add(task);
    if (over && work.remove(task)) { // the thread may be gone already
      throw ended();
    }
    try {
      return task.result.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException thrown -> throw thrown;
        case Error thrown -> throw thrown;
        case null, default -> throw e;
      }
    }
  }

  void run(Runnable body) {
    this.<@Nullable Object>call(() -> {
      body.run();
      return null;
    });
  }

  /** Ends the thread; once ended, does nothing. */
  @Override
  public void close() {
    if (!over) {
      run(() -> over = true);
    }
  }
}
