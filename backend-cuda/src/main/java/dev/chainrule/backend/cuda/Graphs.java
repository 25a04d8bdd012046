package dev.chainrule.backend.cuda;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;

/**
 * The graphs of a plan, each for the memories of one run: addresses are part of a graph. A run whose memories were those of a run before
 * becomes a graph, and is launched as one from then on. Of the context's thread alone.
 */
final class Graphs {

  /** More are forgotten, the one not used for longest first: results take turns in a few pieces of memory. */
  private static final int MOST = 4;

  private final Driver driver;
  private final Deque<Entry> entries = new ArrayDeque<>();

  /** Memories that a run had, and a graph once it was made. */
  private static final class Entry {
    private final long[] memories;
    private long executable;

    Entry(long... memories) {
      this.memories = memories;
    }
  }

  Graphs(Driver driver) {
    this.driver = driver;
  }

  /**
   * The graph for these memories; empty if they are new, or if the driver makes no graph of the run.
   *
   * @param run enqueues the run on the stream
   */
  Optional<Long> graph(long stream, Runnable run, long... memories) {
    for (Entry entry : entries) {
      if (Arrays.equals(entry.memories, memories)) {
        entries.remove(entry);
        entries.addFirst(entry);
        if (entry.executable == 0) {
          entry.executable = captured(stream, run);
        }
        return Optional.of(entry.executable);
      }
    }
    entries.addFirst(new Entry(memories.clone()));
    if (entries.size() > MOST) {
      destroy(entries.removeLast());
    }
    return Optional.empty();
  }

  private long captured(long stream, Runnable run) {
    driver.cuStreamBeginCapture(stream);
    long graph;
    try {
      run.run();
      graph = driver.cuStreamEndCapture(stream);
    } catch (CudaException e) {
      abandon(stream);
      throw e;
    }
    try {
      return driver.cuGraphInstantiateWithFlags(graph);
    } finally {
      driver.cuGraphDestroy(graph);
    }
  }

  /** What is enqueued has to reach the device again, whatever went wrong. */
  private void abandon(long stream) {
    try {
      driver.cuGraphDestroy(driver.cuStreamEndCapture(stream));
    } catch (CudaException _) {
      // the capture is over already
    }
  }

  private void destroy(Entry entry) {
    if (entry.executable != 0) {
      driver.cuGraphExecDestroy(entry.executable);
    }
  }

  void close() {
    entries.forEach(this::destroy);
    entries.clear();
  }
}
