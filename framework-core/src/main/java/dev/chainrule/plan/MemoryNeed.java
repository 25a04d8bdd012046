package dev.chainrule.plan;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.device.Device;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/** What a run needs of a device's memory and which modules need it, for the error of a device that has too little. */
final class MemoryNeed {

  /** Modules that are named; the others are added up. */
  private static final int MOST = 10;

  private MemoryNeed() {}

  /** Calls what takes memory for a run, and has the error of too little tell what the run needs. */
  static <T> T reported(Schedule schedule, Device device, Supplier<T> taking) {
    try {
      return taking.get();
    } catch (DeviceOutOfMemoryException e) {
      throw e.reporting(of(schedule, device));
    }
  }

  private static String of(Schedule schedule, Device device) {
    long variables = schedule.states().stream().mapToLong(TensorType::bytes).sum();
    long inputs = inputBytes(schedule, device);
    long results = schedule.outputs().stream().mapToLong(Engine::resultBytes).sum();
    String need = String.format(Locale.ROOT, "the run needs %,d bytes: temporaries %,d, variables %,d, inputs %,d, results %,d",
        schedule.arenaBytes() + variables + inputs + results, schedule.arenaBytes(), variables, inputs, results);
    List<String> holders = holders(ArenaPeak.byPath(schedule));
    return holders.isEmpty() ? need : need + "; of the temporaries at their peak: " + String.join(", ", holders);
  }

  /** Memory for the inputs of a run, if all come from the host. */
  static long inputBytes(Schedule schedule, Device device) {
    long each = schedule.inputs().stream().mapToLong(TensorType::bytes).sum();
    return device.queue().stagesInputs() ? 2 * each : each;
  }

  private static List<String> holders(Map<String, Long> bytesByPath) {
    List<String> holders = new ArrayList<>();
    long others = 0;
    for (Map.Entry<String, Long> holder : bytesByPath.entrySet()) {
      if (holders.size() < MOST) {
        holders.add(held(holder.getKey().isEmpty() ? "outside modules" : holder.getKey(), holder.getValue()));
      } else {
        others += holder.getValue();
      }
    }
    if (others > 0) {
      holders.add(held("others", others));
    }
    return holders;
  }

  private static String held(String holder, long bytes) {
    return String.format(Locale.ROOT, "%s %,d", holder, bytes);
  }
}
