package dev.chainrule.backend.cuda;

import org.jspecify.annotations.Nullable;

/**
 * Launches that follow one another without a question to the device in between. They are enqueued one by one the first time, when the
 * driver may still have to load them, and as one graph from then on. Of the context's thread alone.
 */
final class Stretch implements Actions.Action {

  /** More launches make no graph: it would take more time and memory than it saves. */
  private static final long MOST = 20_000;

  private final Machine machine;
  private final LaunchGraph.Taker enqueue;
  private final LaunchGraph.Launches launches;
  private final long[] memories;
  private boolean graphWanted;
  private boolean ran;
  private @Nullable LaunchGraph graph;

  /**
   * @param enqueue gives the device one launch
   * @param count of the launches
   * @param memories the table of the run's memories, with which the launches are bound
   */
  Stretch(Machine machine, LaunchGraph.Taker enqueue, LaunchGraph.Launches launches, long count, long... memories) {
    this.machine = machine;
    this.enqueue = enqueue;
    this.launches = launches;
    this.memories = memories;
    this.graphWanted = count <= MOST && machine.settings().graphs() && !machine.settings().synchronous();
  }

  @Override
  public void run() {
    if (graph != null && !isBound(graph)) {
      graph = null;
    }
    if (ran && graphWanted && graph == null) {
      graph = made();
    }
    ran = true;
    if (graph != null) {
      graph.launch();
    } else {
      launches.give(enqueue);
    }
  }

  /** A graph whose nodes the driver does not change, since a library does something else there now, say, makes room for a new one. */
  private boolean isBound(LaunchGraph made) {
    try {
      made.bind(launches, memories);
      return true;
    } catch (CudaException e) {
      if (e.isFatal()) {
        throw e;
      }
      machine.context().driver().cuStreamSynchronize(machine.streams().compute());
      made.close();
      return false;
    }
  }

  private @Nullable LaunchGraph made() {
    try {
      return machine.context().taking(() -> new LaunchGraph(machine.context().driver(), machine.streams().compute(), launches, memories));
    } catch (CudaException e) {
      if (e.isFatal()) {
        throw e;
      }
      System.getLogger(Stretch.class.getName()).log(System.Logger.Level.WARNING, "A plan runs without a graph: " + e.problem());
      graphWanted = false;
      return null;
    }
  }

  /** What was enqueued must have been done. */
  void close() {
    if (graph != null) {
      graph.close();
    }
  }
}
