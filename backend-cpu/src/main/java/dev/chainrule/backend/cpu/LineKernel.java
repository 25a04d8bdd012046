package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A generated kernel on dense lines of floats, and on numbers that are the same for all, that a kernel of the device runs in between on
 * what it has in scratch memory. It folds each line and leaves the last value where the first argument was. Its bits are those of the same
 * operations in a plan.
 */
final class LineKernel {

  private final int lines;
  private final RangeKernel loop;

  /** Where the arguments are, for each part of the loop that runs this. */
  private final Frame[] frames;

  /**
   * @param lines at most
   * @param operands first those of lines, then {@code numbers} that are one for all; they are the first arguments
   * @param values what is computed of the operands; an argument is the number of an operand or, behind these, of a value
   */
  LineKernel(int lines, int length, int operands, int numbers, List<KernelExpression> values, Parts parts, VectorSwitch vectors) {
    this.lines = lines;
    Shape domain = Shape.of(lines, length);
    List<KernelExpression> all = new ArrayList<>();
    List<Operand> arguments = new ArrayList<>();
    for (int i = 0; i < operands + numbers; i++) {
      Layout layout = i < operands ? Layout.dense(domain) : Layout.dense(Shape.of()).expand(domain);
      all.add(new KernelExpression.Load(i, DType.F32, layout));
      arguments.add(new Operand(new BufferRef.Input(i), DType.F32, layout));
    }
    all.addAll(values);
    var kernel = new GeneratedKernel(domain, Axes.of(1), all,
        List.of(new GeneratedKernel.Result(all.size() - 1, Layout.dense(domain))), List.of());
    List<TensorType> types = Collections.nCopies(arguments.size(), TensorType.of(DType.F32, lines, length));
    var bases = new Bases(new Schedule(List.of(), List.of(), types, List.of(), List.of(), List.of(), List.of(), List.of(), 0, 0));
    this.loop = new GeneratedKernels(bases, parts, vectors)
        .loop(new Instruction.Compute(kernel, arguments, List.of(arguments.getFirst()), List.of(), List.of()));
    this.frames = new Frame[parts.most()];
    Arrays.setAll(frames, _ -> new Frame(bases.count()));
  }

  /** Where the part of the loop that has these registers finds an argument from now on. */
  void bind(Registers registers, int argument, long address) {
    frames[registers.part].bind(Bases.INPUTS + argument, address);
  }

  /** Runs on the first {@code count} lines; what comes of those behind them is not defined. */
  void run(Registers registers, int count) {
    loop.range(frames[registers.part], registers, 0, Math.ceilDiv(count * loop.items(), lines));
  }
}
