package dev.chainrule.plan;

import dev.chainrule.Stability;
import dev.chainrule.device.Device;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.schedule.Work;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;

/**
 * What a plan will do, known before it runs: its kernels, what they move and compute, and the memory that a run needs.
 *
 * @param device the device that it is for, such as {@code cpu:0}
 * @param kernels in order of execution; a loop is one, with its kernels in it
 * @param arenaBytes memory for temporaries, which all plans of a device share
 * @param planBytes what the device holds for the plan as long as it is kept: literals, numbers
 * @param stateBytes the variables that it reads or writes
 * @param inputBytes what it is given, twice where the next run's may arrive while this one still reads its own
 * @param outputBytes memory for its results
 * @param temporariesAtPeak bytes of temporaries by the module path that made them, at the moment when the most of them are in use; the
 *     most first, what was made outside modules under the empty path
 */
@Stability(Stability.Level.API)
public record PlanReport(String device, List<Work> kernels, long arenaBytes, long planBytes, long stateBytes, long inputBytes,
    long outputBytes, SequencedMap<String, Long> temporariesAtPeak) {

  /** Copies list and map. */
  public PlanReport {
    Objects.requireNonNull(device, "device");
    kernels = List.copyOf(kernels);
    temporariesAtPeak = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(temporariesAtPeak));
  }

  static PlanReport of(Device device, Plan plan) {
    Schedule schedule = plan.schedule();
    return new PlanReport(device.info().id(), schedule.instructions().stream().map(Work::of).toList(), schedule.arenaBytes(),
        plan.executable().bytes(), schedule.states().stream().mapToLong(TensorType::bytes).sum(), MemoryNeed.inputBytes(schedule, device),
        schedule.outputs().stream().mapToLong(Engine::resultBytes).sum(), ArenaPeak.byPath(schedule));
  }

  /** Device memory that a run needs in all, if nothing of it is there yet. */
  public long peakBytes() {
    return arenaBytes + planBytes + stateBytes + inputBytes + outputBytes;
  }

  /** What the kernels read, see {@link Work#bytesRead}. */
  public long bytesRead() {
    return kernels.stream().mapToLong(Work::bytesRead).sum();
  }

  /** What the kernels write. */
  public long bytesWritten() {
    return kernels.stream().mapToLong(Work::bytesWritten).sum();
  }

  /** What the kernels compute, counted as {@link Work#flops} says. */
  public long flops() {
    return kernels.stream().mapToLong(Work::flops).sum();
  }

  /** A table: a row for each kernel, then totals and memory. What a loop repeats is indented below it, with figures for one repetition. */
  @Override
  public String toString() {
    return PlanTable.of(this);
  }
}
