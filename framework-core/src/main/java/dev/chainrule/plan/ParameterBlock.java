package dev.chainrule.plan;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** A run's Java numbers as devices are given them. */
final class ParameterBlock {

  private ParameterBlock() {}

  static MemorySegment of(List<ScalarValue> scalars, Arena host) {
    MemorySegment block = host.allocate(Math.max(1, scalars.size()) * (long) Schedule.PARAMETER_BYTES, Schedule.PARAMETER_BYTES);
    for (int i = 0; i < scalars.size(); i++) {
      ScalarValue scalar = scalars.get(i);
      long at = (long) i * Schedule.PARAMETER_BYTES;
      if (scalar.dtype() == DType.F32) {
        block.set(ValueLayout.JAVA_FLOAT, at, scalar.number().floatValue());
      } else {
        MemorySegment.copy(scalar.toArray().segment(), 0, block, at, scalar.dtype().bytes());
      }
    }
    return block;
  }
}
