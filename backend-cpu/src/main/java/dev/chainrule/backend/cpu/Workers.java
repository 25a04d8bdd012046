package dev.chainrule.backend.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A fixed set of threads for data-parallel loops: {@link #forEach} runs the parts of one loop on the caller and on
 * {@code threads - 1} daemon threads and returns when all are done.
 *
 * <p>A kernel lasts from a few microseconds up, so a hand-over must cost about one. Parts are claimed from a counter,
 * which also evens out threads that the operating system delays: a caller never waits for a worker that has claimed
 * nothing. Whoever waits spins for {@value #SPIN_NANOS} ns, more than the gap between two kernels of a step, and then
 * parks, so an idle pool uses no processor time. A loop allocates nothing.
 *
 * <p>Callers take turns. A loop started inside a part runs on the thread that started it. What the parts wrote is
 * visible to the caller when {@code forEach} returns.
 */
final class Workers implements AutoCloseable {
  private static final long SPIN_NANOS = 50_000;
  private static final int SPINS_PER_CLOCK_READ = 16;
  private static final PartTask NOTHING = part -> {};

  private final int threads;
  private final Worker[] workers;
  private final ReentrantLock turn = new ReentrantLock();
  private final BooleanSupplier loopDone = this::loopDone;

  /**
   * The loop's number in the upper half, how many of its parts are unclaimed in the lower. A claim is a
   * compare-and-set of both: it succeeds only while the loop it read {@link #task} from is still open.
   */
  private final AtomicLong ticket = new AtomicLong();

  private final AtomicInteger unfinished = new AtomicInteger();
  private PartTask task = NOTHING;
  private int parts;
  private @Nullable Throwable failure;
  private volatile Thread caller = Thread.currentThread();
  private volatile boolean callerParked;
  private volatile boolean closed;

  /** Starts {@code threads - 1} threads; the caller of a loop is the remaining one. */
  Workers(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("[workers] expected at least 1 thread, got " + threads);
    }
    this.threads = threads;
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(this, i + 1);
    }
    for (Worker worker : workers) {
      worker.start();
    }
  }

  /** How many threads work on a loop, the caller included. */
  int threads() {
    return threads;
  }

  /**
   * Runs {@code task} for the parts 0 to {@code parts - 1} and returns when all are done. The first failure of
   * a part is thrown once no part is running any more; whether the parts not yet begun then ran is not defined.
   */
  void forEach(int parts, PartTask task) {
    if (closed) {
      throw new IllegalStateException("[workers] the pool is closed");
    }
    if (parts <= 1 || threads == 1 || insideLoop()) {
      for (int part = 0; part < parts; part++) {
        task.run(part);
      }
      return;
    }
    turn.lock();
    try {
      open(parts, task);
      while (runNextPart()) {}
      awaitLoop();
      this.task = NOTHING;
      throwFailure();
    } finally {
      turn.unlock();
    }
  }

  /** Ends the threads after the loop that is running; later loops are refused. */
  @Override
  public void close() {
    turn.lock();
    try {
      closed = true;
      for (Worker worker : workers) {
        LockSupport.unpark(worker);
      }
    } finally {
      turn.unlock();
    }
  }

  private boolean insideLoop() {
    return turn.isHeldByCurrentThread() || (Thread.currentThread() instanceof Worker worker && worker.pool == this);
  }

  private void open(int parts, PartTask task) {
    this.task = task;
    this.parts = parts;
    caller = Thread.currentThread();
    unfinished.set(parts);
    ticket.set((((ticket.get() >>> Integer.SIZE) + 1) << Integer.SIZE) | parts);
    wakeOneIfShort();
  }

  /**
   * Unparks one worker if the loop has work for more of them than are awake. The system call may take tens of
   * microseconds on a virtual machine, so the caller pays for one and each woken worker wakes the next.
   */
  private void wakeOneIfShort() {
    if (unclaimed() == 0) {
      return;
    }
    int awake = 0;
    for (Worker worker : workers) {
      awake += worker.parked ? 0 : 1;
    }
    for (int i = 0; i < workers.length && awake < parts - 1; i++) {
      if (workers[i].parked) {
        workers[i].parked = false;
        LockSupport.unpark(workers[i]);
        return;
      }
    }
  }

  /** How many parts of the current loop nobody has claimed yet. */
  private int unclaimed() {
    return (int) ticket.get();
  }

  private boolean loopDone() {
    return unfinished.get() == 0;
  }

  /** Claims a part and runs it; false if none is left. */
  private boolean runNextPart() {
    long seen = ticket.get();
    int left = (int) seen;
    if (left == 0) {
      return false;
    }
    PartTask claimed = task;
    if (!ticket.compareAndSet(seen, seen - 1)) {
      return true;
    }
    try {
      claimed.run(left - 1);
    } catch (Throwable thrown) { // whatever it is, the caller of the loop gets it
      fail(thrown);
    }
    if (unfinished.decrementAndGet() == 0 && callerParked) {
      LockSupport.unpark(caller);
    }
    return true;
  }

  private void awaitLoop() {
    if (spinUntil(loopDone)) {
      return;
    }
    callerParked = true;
    while (!loopDone()) {
      LockSupport.park(this);
    }
    callerParked = false;
  }

  private synchronized void fail(Throwable thrown) {
    if (failure == null) {
      failure = thrown;
    }
  }

  private synchronized void throwFailure() {
    Throwable thrown = failure;
    failure = null;
    switch (thrown) {
      case null -> {}
      case RuntimeException exception -> throw exception;
      case Error error -> throw error;
      default -> throw new IllegalStateException("[workers] a part threw a checked exception", thrown);
    }
  }

  private static boolean spinUntil(BooleanSupplier condition) {
    long start = System.nanoTime();
    do {
      for (int i = 0; i < SPINS_PER_CLOCK_READ; i++) {
        if (condition.getAsBoolean()) {
          return true;
        }
        Thread.onSpinWait();
      }
    } while (System.nanoTime() - start < SPIN_NANOS);
    return false;
  }

  /** A thread of the pool: claims parts while there are any, else spins, else parks. */
  private static final class Worker extends Thread {
    private final Workers pool;
    private final BooleanSupplier wanted;
    private volatile boolean parked;

    Worker(Workers pool, int index) {
      super("chainrule-cpu-" + index);
      this.pool = pool;
      this.wanted = () -> pool.unclaimed() > 0 || pool.closed;
      setDaemon(true);
    }

    @Override
    public void run() {
      while (!pool.closed) {
        while (pool.runNextPart()) {}
        if (!spinUntil(wanted)) {
          park();
        }
      }
    }

    private void park() {
      parked = true;
      while (!wanted.getAsBoolean()) {
        LockSupport.park(pool);
        interrupted(); // an interrupt left behind by a part would keep the thread from ever parking again
        parked = true;
      }
      parked = false;
      pool.wakeOneIfShort();
    }
  }
}
