package dev.chainrule.plan;

import dev.chainrule.device.Fault;
import dev.chainrule.device.Queue;
import dev.chainrule.device.events.RunEvent;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A run that has been queued, until somebody has waited for its end. Its assignments count as committed from the beginning; when it turns
 * out that they were not, they are taken back. Guarded by the engine's lock.
 */
final class PendingRun {

  private @Nullable Work work;
  private final List<RunResult> small = new ArrayList<>();
  private volatile @Nullable RuntimeException failure;

  /**
   * What is forgotten at the end. The device knows only memory: whoever owns it has to stay reachable.
   *
   * @param explanation makes an error for users of a fault, while variables are as they were before the run
   */
  private record Work(StepGraph graph, Schedule schedule, List<?> owners, Queue.Completion completion, Optional<RunEvent> event,
      Function<FaultedRun, ? extends RuntimeException> explanation) {}

  PendingRun(StepGraph graph, Schedule schedule, List<?> owners, Queue.Completion completion, Optional<RunEvent> event,
      Function<FaultedRun, ? extends RuntimeException> explanation) {
    this.work = new Work(graph, schedule, owners, completion, event, explanation);
    graph.assignments().forEach(a -> a.expected().slot().committed());
  }

  private Work work() {
    if (work == null) {
      throw new IllegalStateException("the run has ended");
    }
    return work;
  }

  boolean hasEnded() {
    return work == null;
  }

  /** A result that comes to the host by itself. */
  void bringing(RunResult result) {
    small.add(result);
  }

  /** Waits for the device. */
  Fault await(String device) {
    Fault fault = work().completion.await();
    work().event.ifPresent(e -> e.ended(device, work().schedule.instructions().size(), fault.occurred()));
    return fault;
  }

  /** It has ended well. */
  void ended() {
    small.forEach(result -> result.arrive(true));
    small.clear();
    work = null;
  }

  /** Nothing was committed: variables have the versions again that the run has read. */
  void takeBack() {
    small.forEach(result -> result.arrive(false));
    small.clear();
    work().graph.assignments().forEach(a -> a.expected().slot().takenBack(a.expected().number()));
  }

  /** Whatever breaks a run off may have come between two commits: the variables it writes are then good for nothing. */
  void broken(Throwable cause) {
    work().graph.assignments().forEach(a -> a.expected().slot().broken(cause));
    failed(cause instanceof RuntimeException thrown ? thrown : new IllegalStateException(cause));
  }

  /** The error for users, of a fault of this run's. */
  RuntimeException explained(Fault fault) {
    Instruction instruction = work().schedule.instructions().get(fault.instruction());
    return work().explanation.apply(new FaultedRun(instruction, checkNumber(instruction, fault), fault.detail()));
  }

  /** Which of the graph's checks has failed; -1 if it was none of them. */
  private static int checkNumber(Instruction instruction, Fault fault) {
    return instruction.checks().isEmpty() ? -1 : instruction.checks().get(Math.toIntExact(fault.detail()));
  }

  /** All uses of its results throw this from now on. */
  void failed(RuntimeException cause) {
    failure = cause;
    small.clear();
    work = null;
  }

  /** @throws RuntimeException the first cause, if its results are good for nothing */
  void requireGood() {
    RuntimeException cause = failure;
    if (cause != null) {
      throw cause;
    }
  }
}
