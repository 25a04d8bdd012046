package dev.chainrule.data;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

/**
 * The batches of one epoch, in order, once. For one consumer thread.
 *
 * <p>Each batch taken allows one more to be made ahead, so a consumer that stops asking stops the work. Loader threads end when the last
 * batch is taken, when the epoch is closed, and also after a second without work, should an epoch be forgotten half-way. An exception in
 * a loader thread is thrown by {@code next()} in place of that batch and closes the epoch.
 */
public final class Epoch implements Iterable<Batch>, AutoCloseable {

  private final IntFunction<Batch> make;
  private final int end;
  private final int prefetch;
  private final ArrayDeque<Future<Batch>> ahead = new ArrayDeque<>();
  private final ExecutorService loaders;
  private int taken;
  private int begun;
  private boolean closed;

  Epoch(IntFunction<Batch> make, int first, int end, int threads, int prefetch) {
    this.make = make;
    this.taken = first;
    this.begun = first;
    this.end = end;
    this.prefetch = threads == 0 ? 0 : prefetch;
    this.loaders = pool(Math.max(1, threads));
    makeAhead();
  }

  /** Starts no thread before it is given work. */
  private static ExecutorService pool(int threads) {
    var daemons = Thread.ofPlatform().daemon().name("chainrule-loader-", 0).factory();
    var pool = new ThreadPoolExecutor(threads, threads, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), daemons);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  private void makeAhead() {
    while (begun < end && begun - taken < prefetch) {
      int number = begun++;
      ahead.add(loaders.submit(() -> make.apply(number)));
    }
  }

  /** The rest of the epoch; all iterators of one epoch share its position. */
  @Override
  public Iterator<Batch> iterator() {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return !closed && taken < end;
      }

      @Override
      public Batch next() {
        if (!hasNext()) {
          throw new NoSuchElementException(closed ? "the epoch is closed" : "the epoch has ended");
        }
        return take();
      }
    };
  }

  private Batch take() {
    boolean delivered = false;
    try {
      Batch batch = prefetch == 0 ? make.apply(begun++) : await(ahead.remove());
      taken++;
      delivered = true;
      makeAhead();
      return batch;
    } finally {
      if (!delivered || taken == end) {
        close();
      }
    }
  }

  private static Batch await(Future<Batch> batch) {
    try {
      return batch.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException cause -> throw cause;
        case Error cause -> throw cause;
        case null, default -> throw new IllegalStateException(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for a batch");
    }
  }

  /** Ends the loader threads; waits for batches being made, and forgets those made ahead. Closing twice is harmless. */
  @Override
  public void close() {
    closed = true;
    ahead.forEach(batch -> batch.cancel(false));
    ahead.clear();
    loaders.close();
  }
}
