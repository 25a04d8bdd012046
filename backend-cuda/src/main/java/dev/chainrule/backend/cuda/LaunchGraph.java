package dev.chainrule.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Launches as one graph of the driver's, each a node after the one before. Addresses are part of a graph: of a launch whose addresses are
 * others than the last time the node's parameters are set anew, so that fresh memory for a result costs a call and no new graph. Of the
 * context's thread alone.
 */
final class LaunchGraph implements AutoCloseable {

  private final Driver driver;
  private final long graph;
  private final long executable;
  private final List<Node> nodes = new ArrayList<>();
  private long[] memories;

  /** A kernel in the graph, with the addresses that it will be launched with. */
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
    void take(PreparedLaunch launch);
  }

  /** Gives its launches to somebody, in order. */
  @FunctionalInterface
  interface Launches {
    void give(Taker taker);
  }

  /**
   * @param memories the table that the launches are bound to now
   * @throws CudaException if the driver makes no graph of them
   */
  LaunchGraph(Driver driver, Launches launches, long... memories) {
    this.driver = driver;
    this.memories = memories.clone();
    this.graph = driver.cuGraphCreate();
    try (Arena once = Arena.ofConfined()) {
      MemorySegment description = once.allocate(PreparedLaunch.NODE_BYTES, Long.BYTES);
      launches.give(launch -> {
        launch.describe(description);
        long before = nodes.isEmpty() ? 0 : nodes.getLast().handle;
        nodes.add(new Node(driver.cuGraphAddKernelNode(graph, before, description.address()), launch.addresses()));
      });
      this.executable = driver.cuGraphInstantiateWithFlags(graph);
    } catch (CudaException e) {
      if (!e.isFatal()) {
        driver.cuGraphDestroy(graph);
      }
      throw e;
    }
  }

  /** Enqueues all launches, the same as those it was made of, with addresses as they are now. */
  void launch(long stream, Launches launches, long... present) {
    if (!Arrays.equals(memories, present)) {
      long[] bound = present.clone(); // launches in loops move slices on
      update(launches);
      memories = bound;
    }
    driver.cuGraphLaunch(executable, stream);
  }

  private void update(Launches launches) {
    try (Arena once = Arena.ofConfined()) {
      MemorySegment description = once.allocate(PreparedLaunch.NODE_BYTES, Long.BYTES);
      var next = nodes.iterator();
      launches.give(launch -> {
        Node node = next.next();
        long[] addresses = launch.addresses();
        if (!Arrays.equals(addresses, node.addresses)) {
          launch.describe(description);
          driver.cuGraphExecKernelNodeSetParams(executable, node.handle, description.address());
          node.addresses = addresses;
        }
      });
    }
  }

  /** What was launched must have been done. */
  @Override
  public void close() {
    driver.cuGraphExecDestroy(executable);
    driver.cuGraphDestroy(graph);
  }
}
