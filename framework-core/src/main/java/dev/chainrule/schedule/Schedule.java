package dev.chainrule.schedule;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.List;

/**
 * A whole step as a device runs it: no call returns to the host in between.
 *
 * @param instructions in order of execution
 * @param constants the literals
 * @param inputs types of what comes from outside
 * @param states types of the variables
 * @param outputs types of the results
 * @param parameters types of the Java numbers
 * @param temporaryBytes size of each temporary
 * @param temporaryOffsets byte offset of each temporary in the arena
 * @param slices how many moving parts there are, {@link BufferRef.Slice}
 * @param arenaBytes what the temporaries need together
 */
public record Schedule(
    List<Instruction> instructions,
    List<HostArray> constants,
    List<TensorType> inputs,
    List<TensorType> states,
    List<TensorType> outputs,
    List<DType> parameters,
    List<Long> temporaryBytes,
    List<Long> temporaryOffsets,
    int slices,
    long arenaBytes) {

  /** Distance between two parameters, whatever their type. */
  public static final int PARAMETER_BYTES = 8;

  /** Alignment of every temporary, a cache line. */
  public static final int ALIGNMENT = 64;

  /** Copies the lists. */
  public Schedule {
    instructions = List.copyOf(instructions);
    constants = List.copyOf(constants);
    inputs = List.copyOf(inputs);
    states = List.copyOf(states);
    outputs = List.copyOf(outputs);
    parameters = List.copyOf(parameters);
    temporaryBytes = List.copyOf(temporaryBytes);
    temporaryOffsets = List.copyOf(temporaryOffsets);
  }

  /** Byte offset of a temporary in the arena. */
  public long offset(BufferRef.Temporary temporary) {
    return temporaryOffsets.get(temporary.id());
  }
}
