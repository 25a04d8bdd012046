package dev.chainrule.plan;

import dev.chainrule.DeviceMismatchException;
import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.events.PlanEvent;
import dev.chainrule.device.events.Recorder;
import dev.chainrule.device.events.RunEvent;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One open device with what outlives a run: the memory pool, the arena that all plans share, the staging memory for host inputs. Runs
 * are serialised by one lock, so many threads may use one engine.
 */
public final class Engine {

  private static final Map<Device, Engine> ENGINES = new ConcurrentHashMap<>();

  /** Results up to this size come back as host data at once; larger ones stay on the device. */
  private static final long HOST_RESULT_BYTES = 4096;

  private static final AtomicLong NUMBERS = new AtomicLong();

  /** The order in which a thread that needs several engines locks them. */
  private final long number = NUMBERS.getAndIncrement();

  private final Device device;
  private final Copies copies;
  private final MemoryPool pool;
  private final ReentrantLock lock = new ReentrantLock();
  private final RunMemory runMemory;
  private final RunsInFlight runs;
  private volatile boolean closed;

  private Engine(Device device) {
    this.device = device;
    this.copies = new Copies(device.queue());
    this.pool = new MemoryPool(this, device.info().memoryBytes(), this::giveBackIdle);
    this.runMemory = new RunMemory(pool);
    this.runs = new RunsInFlight(device);
  }

  /** The engine of a device, one for each. */
  public static Engine of(Device device) {
    return ENGINES.computeIfAbsent(device, Engine::opened);
  }

  private static Engine opened(Device device) {
    var engine = new Engine(device);
    device.lifetime().atEnd(engine::close);
    return engine;
  }

  /** Waits for all runs, then gives back all memory and closes all plans. */
  private void close() {
    ENGINES.remove(device, this);
    lock.lock();
    try {
      runs.settleAtEnd();
      closed = true;
      runMemory.giveBackIdle();
      pool.close();
    } finally {
      lock.unlock();
    }
  }

  /** Refuses to go on after the device has been closed. */
  void requireOpen() {
    if (closed) {
      throw device.lifetime().closed();
    }
  }

  /** The engine of this thread's current device. */
  public static Engine current() {
    return of(Devices.current());
  }

  Device device() {
    return device;
  }

  private void giveBackIdle() {
    runMemory.giveBackIdle();
  }

  /** Device memory in use: values, variables, arena, staging and what plans hold. */
  public long liveBytes() {
    lock.lock();
    try {
      return pool.liveBytes();
    } finally {
      lock.unlock();
    }
  }

  /** The most that {@link #liveBytes} has been. */
  public long peakBytes() {
    lock.lock();
    try {
      return pool.peakBytes();
    } finally {
      lock.unlock();
    }
  }

  /** A collection that the pool wants is asked for when other threads may run again. */
  private void unlock() {
    boolean collect = lock.getHoldCount() == 1 && pool.collectionDue();
    lock.unlock();
    if (collect) {
      System.gc();
    }
  }

  /**
   * Runs a graph by a plan that is kept, and waits for its end.
   *
   * @param cache where the plan is kept
   * @return the values of the graph's outputs
   * @throws FaultedRun when an instruction faulted; nothing has been committed
   */
  public List<Value> run(StepGraph graph, PlanCache cache) {
    return run(graph, cache, fault -> fault, false);
  }

  /**
   * Runs a graph by a plan that is kept. A device may still be at it on return, and at some runs before: who reads a result or a variable
   * waits.
   *
   * @param explanation makes an error of a fault, with variables as they were before the run. It is thrown at once, by whoever reads a
   *     result of the run or of a later one, or by a later run
   */
  public List<Value> run(StepGraph graph, PlanCache cache, Function<FaultedRun, ? extends RuntimeException> explanation) {
    if (device.queue().keepsFaults()) {
      return run(graph, cache, explanation, true);
    }
    try {
      return run(graph, cache);
    } catch (FaultedRun fault) {
      throw explanation.apply(fault);
    }
  }

  private List<Value> run(StepGraph graph, PlanCache cache, Function<FaultedRun, ? extends RuntimeException> explanation,
      boolean deferred) {
    lock.lock();
    try {
      requireOpen();
      if (deferred) {
        runs.makeRoom();
      } else {
        runs.settleAll();
      }
      pool.drain();
      var leaves = new Leaves();
      return run(graph, leaves, plan(graph, leaves, cache), explanation, deferred);
    } finally {
      // Without an owner the plan would be closed during its run.
      Reference.reachabilityFence(cache);
      unlock();
    }
  }

  /** The values of nodes, by a plan that is given up afterwards. */
  List<Value> compute(List<Node> nodes) {
    StepGraph graph = StepGraph.of(nodes);
    lock.lock();
    try {
      requireOpen();
      runs.settleAll();
      pool.drain();
      var leaves = new Leaves();
      try (Plan plan = plan(graph, leaves)) {
        return run(graph, leaves, plan, fault -> fault, false);
      }
    } finally {
      unlock();
    }
  }

  /**
   * What the plan of a graph will do. It is built, unless it is there already, and kept; it does not run.
   *
   * @param cache where the plan is kept
   */
  public PlanReport explain(StepGraph graph, PlanCache cache) {
    lock.lock();
    try {
      requireOpen();
      pool.drain();
      return PlanReport.of(device, plan(graph, new Leaves(), cache));
    } finally {
      Reference.reachabilityFence(cache);
      unlock();
    }
  }

  private Plan plan(StepGraph graph, Leaves leaves, PlanCache cache) {
    cache.ownedBy(pool);
    PlanKey key = PlanKey.of(graph, leaves, cache.latest());
    return cache.get(key, () -> plan(graph, leaves));
  }

  private Plan plan(StepGraph graph, Leaves leaves) {
    Optional<PlanEvent> event = Recorder.ifOn(() -> PlanEvent.begun());
    Schedule schedule = Planner.schedule(graph, leaves, device);
    Executable executable = MemoryNeed.reported(schedule, device, () -> linked(schedule));
    event.ifPresent(e -> e.ended(device.info().id(), graph::size, schedule));
    return new Plan(schedule, executable, pool);
  }

  private Executable linked(Schedule schedule) {
    Executable executable = pool.retried(() -> device.link(schedule));
    try {
      pool.charge(executable.bytes(), Plan.WHAT);
    } catch (DeviceOutOfMemoryException e) {
      executable.close();
      throw e;
    }
    return executable;
  }

  /**
   * Calls {@code body} while none of the engines runs anything.
   *
   * @throws RuntimeException instead if a run before that went wrong and nobody has been told so
   */
  static boolean locked(Collection<Engine> engines, BooleanSupplier body) {
    List<Engine> inOrder = engines.stream().sorted(Comparator.comparingLong(e -> e.number)).toList();
    inOrder.forEach(e -> e.lock.lock());
    try {
      inOrder.forEach(e -> e.runs.settleAll());
      return body.getAsBoolean();
    } finally {
      inOrder.forEach(e -> e.lock.unlock());
    }
  }

  /** Computes nodes and gives them their values; under the lock, so that no graph changes while a plan for it is made. */
  void evaluate(List<Node> nodes) {
    lock.lock();
    try {
      List<Value> values = compute(nodes);
      for (int i = 0; i < values.size(); i++) {
        nodes.get(i).evaluated(values.get(i));
      }
    } finally {
      unlock();
    }
  }

  private List<Value> run(StepGraph graph, Leaves leaves, Plan plan, Function<FaultedRun, ? extends RuntimeException> explanation,
      boolean deferred) {
    try {
      return MemoryNeed.reported(plan.schedule(), device, () -> results(graph, leaves, plan, explanation, deferred));
    } finally {
      runMemory.runEnded();
    }
  }

  private List<Value> results(StepGraph graph, Leaves leaves, Plan plan, Function<FaultedRun, ? extends RuntimeException> explanation,
      boolean deferred) {
    Schedule schedule = plan.schedule();
    List<DeviceValue> states = new ArrayList<>();
    for (StateSlot.Version version : leaves.states) {
      states.add(version.slot().on(this, version.number()));
    }
    List<Memory> inputs = new ArrayList<>();
    for (int i = 0; i < leaves.inputs.size(); i++) {
      inputs.add(input(leaves.inputs.get(i), i));
    }
    List<@Nullable DeviceValue> large = new ArrayList<>();
    List<Memory> outputs = new ArrayList<>();
    for (int i = 0; i < schedule.outputs().size(); i++) {
      TensorType type = schedule.outputs().get(i);
      DeviceValue value = staysOnDevice(type) ? pool.allocate(type) : null;
      large.add(value);
      outputs.add(value != null ? value.memory() : runMemory.result(i, HOST_RESULT_BYTES));
    }
    PendingRun run;
    try (Arena host = Arena.ofConfined()) {
      var bindings = new Queue.Bindings(runMemory.arena(schedule.arenaBytes()), inputs, states.stream().map(DeviceValue::memory).toList(),
          outputs, ParameterBlock.of(leaves.scalars, host));
      Optional<RunEvent> event = Recorder.ifOn(() -> RunEvent.begun());
      Queue.Completion completion = queued(graph, plan, bindings);
      run = new PendingRun(graph, schedule, List.of(leaves.inputs, states, large), completion, event, explanation);
    }
    runs.add(run);
    if (!deferred) {
      runs.settle(run);
    }
    List<Value> results = new ArrayList<>();
    for (int i = 0; i < outputs.size(); i++) {
      results.add(result(schedule.outputs().get(i), large.get(i), outputs.get(i), run));
    }
    return results;
  }

  private Value result(TensorType type, @Nullable DeviceValue large, Memory memory, PendingRun run) {
    if (large != null) {
      large.writtenBy(run);
      return large;
    }
    return run.hasEnded() ? download(memory, type) : new RunResult(type, this, run, copies.fetch(memory, type.bytes()));
  }

  private static boolean staysOnDevice(TensorType result) {
    return result.bytes() > HOST_RESULT_BYTES;
  }

  /** Memory for a result of a run. */
  static long resultBytes(TensorType result) {
    return staysOnDevice(result) ? result.bytes() : HOST_RESULT_BYTES;
  }

  /** Whatever breaks a run off may have come between two commits: the variables it writes are then good for nothing. */
  private Queue.Completion queued(StepGraph graph, Plan plan, Queue.Bindings bindings) {
    try {
      return device.queue().run(plan.executable(), bindings);
    } catch (Throwable cause) {
      graph.assignments().forEach(a -> a.expected().slot().broken(cause));
      runs.settleAfter(cause);
      throw cause;
    }
  }

  /**
   * Waits for a run.
   *
   * @throws RuntimeException if it, or one before it, went wrong
   */
  void settle(PendingRun run) {
    lock.lock();
    try {
      runs.settle(run);
    } finally {
      lock.unlock();
    }
  }

  private Memory input(Value value, int slot) {
    return switch (value) {
      case DeviceValue there when there.engine() == this -> there.memory();
      case DeviceValue elsewhere -> throw new DeviceMismatchException("run",
          "a tensor lives on " + elsewhere.engine().device.info().id() + ", the plan runs on " + device.info().id(),
          "Move it first with to(device).");
      default -> {
        HostArray array = read(value);
        long bytes = array.type().bytes();
        Memory memory = runMemory.input(slot, bytes);
        if (device.queue().stagesInputs()) {
          copies.toDevice(array.segment(), runMemory.arrival(slot, bytes), memory);
        } else {
          copies.toDevice(array.segment(), memory);
        }
        yield memory;
      }
    };
  }

  /** Host data moved to the device. */
  DeviceValue upload(HostArray array) {
    lock.lock();
    try {
      requireOpen();
      DeviceValue value = pool.allocate(array.type());
      copies.toDevice(array.segment(), value.memory());
      return value;
    } finally {
      unlock();
    }
  }

  /** The data of any value as host data; needs no device unless the data lies on one. */
  public static HostArray read(Value value) {
    return switch (value) {
      case HostArray array -> array;
      case ScalarValue scalar -> scalar.toArray();
      case RunResult result -> result.read();
      case DeviceValue there -> there.engine().download(there);
      case StateSlot.Version version -> version.content() instanceof DeviceValue there
          ? there.engine().snapshot(version) : read(version.content());
      default -> throw new IllegalStateException("a value of unknown kind: " + value.getClass());
    };
  }

  /** Read under the lock: no step may overwrite the variable meanwhile. */
  private HostArray snapshot(StateSlot.Version version) {
    lock.lock();
    try {
      runs.settleAll();
      return read(version.content());
    } finally {
      lock.unlock();
    }
  }

  private HostArray download(DeviceValue value) {
    lock.lock();
    try {
      value.settle(runs);
      return download(value.memory(), value.type());
    } finally {
      Reference.reachabilityFence(value);
      lock.unlock();
    }
  }

  private HostArray download(Memory memory, TensorType type) {
    lock.lock();
    try (Arena host = Arena.ofConfined()) {
      requireOpen();
      MemorySegment copy = host.allocate(Math.max(type.bytes(), 1), Schedule.ALIGNMENT);
      copies.toHost(memory, copy.asSlice(0, type.bytes()));
      return HostArray.copyOf(type, copy);
    } finally {
      lock.unlock();
    }
  }
}
