package dev.chainrule.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Launches as one graph of the driver's, each a node after the one before; a library's work is a graph in it, captured from the stream. Addresses are part of a graph: of a launch whose addresses are
 * others than the last time the node's parameters are set anew, so that fresh memory for a result costs a call and no new graph. Of the
 * context's thread alone.
 */
final class LaunchGraph implements AutoCloseable {

  private final Driver driver;
  private final long stream;
  private final long graph;
  private final long executable;
  private final List<Node> nodes = new ArrayList<>();
  private static final long[] UNKNOWN = {-1};

  private long[] memories;

  /** A kernel or a captured graph in the graph, with the addresses that it will be launched with. */
  private static final class Node {
    private final long handle;
    private long[] addresses;

    Node(long handle, long... addresses) {
      this.handle = handle;
      this.addresses = addresses;
    }
  }

  /** Takes launches, bound to their addresses, one after the other. */
  @FunctionalInterface
  interface Taker {
    void take(Prepared work);
  }

  /** Gives its launches to somebody, in order. */
  @FunctionalInterface
  interface Launches {
    void give(Taker taker);
  }

  /**
   * @param stream to capture from; what is enqueued there already is not touched
   * @param memories the table that the launches are bound to now
   * @throws CudaException if the driver makes no graph of them
   */
  LaunchGraph(Driver driver, long stream, Launches launches, long... memories) {
    this.driver = driver;
    this.stream = stream;
    this.memories = memories.clone();
    this.graph = driver.cuGraphCreate();
    try (Arena once = Arena.ofConfined()) {
      MemorySegment description = once.allocate(PreparedLaunch.NODE_BYTES, Long.BYTES);
      launches.give(work -> {
        long before = nodes.isEmpty() ? 0 : nodes.getLast().handle;
        nodes.add(new Node(added(work, before, description), work.addresses()));
      });
      this.executable = driver.cuGraphInstantiateWithFlags(graph);
    } catch (CudaException e) {
      if (!e.isFatal()) {
        driver.cuGraphDestroy(graph);
      }
      throw e;
    }
  }

  private long added(Prepared work, long before, MemorySegment description) {
    return switch (work) {
      case PreparedLaunch launch -> {
        launch.describe(description);
        yield driver.cuGraphAddKernelNode(graph, before, description.address());
      }
      case LibraryWork library -> {
        long captured = captured(library);
        try {
          yield driver.cuGraphAddChildGraphNode(graph, before, captured);
        } finally {
          driver.cuGraphDestroy(captured);
        }
      }
    };
  }

  private long captured(Prepared work) {
    driver.cuStreamBeginCapture(stream);
    try {
      work.enqueue(driver, stream);
    } catch (CudaException e) {
      abandon();
      throw e;
    }
    return driver.cuStreamEndCapture(stream);
  }

  /** What is enqueued has to reach the device again, whatever went wrong. */
  private void abandon() {
    try {
      driver.cuGraphDestroy(driver.cuStreamEndCapture(stream));
    } catch (CudaException _) {
      // the capture is over already
    }
  }

  /**
   * Puts addresses as they are now into it.
   *
   * @param launches the same as those it was made of
   * @throws CudaException if the driver refuses to change a node; it is of no use then
   */
  void bind(Launches launches, long... present) {
    if (!Arrays.equals(memories, present)) {
      long[] bound = present.clone(); // launches in loops move slices on
      memories = UNKNOWN; // until all nodes have been set: what follows may fail half-way
      update(launches);
      memories = bound;
    }
  }

  /** Enqueues all launches. */
  void launch() {
    driver.cuGraphLaunch(executable, stream);
  }

  private void update(Launches launches) {
    try (Arena once = Arena.ofConfined()) {
      MemorySegment description = once.allocate(PreparedLaunch.NODE_BYTES, Long.BYTES);
      var next = nodes.iterator();
      launches.give(work -> {
        Node node = next.next();
        long[] addresses = work.addresses();
        if (!Arrays.equals(addresses, node.addresses)) {
          set(node, work, description);
          node.addresses = addresses;
        }
      });
    }
  }

  private void set(Node node, Prepared work, MemorySegment description) {
    switch (work) {
      case PreparedLaunch launch -> {
        launch.describe(description);
        driver.cuGraphExecKernelNodeSetParams(executable, node.handle, description.address());
      }
      case LibraryWork library -> {
        long captured = captured(library);
        try {
          driver.cuGraphExecChildGraphNodeSetParams(executable, node.handle, captured);
        } finally {
          driver.cuGraphDestroy(captured);
        }
      }
    }
  }

  /** What was launched must have been done. */
  @Override
  public void close() {
    driver.cuGraphExecDestroy(executable);
    driver.cuGraphDestroy(graph);
  }
}
