package dev.chainrule.benchmarks.kernels;

import dev.chainrule.graph.HostArray;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A function as a Step whose operands lie on the device and that leaves its results where those of the last run lie, as those of the middle
 * of a training do. An input would be copied from the host each time, and a result that is returned would have fresh memory, whose pages the
 * operating system clears first.
 */
final class Placed {

  private final Step step;

  /** The function of these operands. */
  Placed(Function<List<Tensor>, List<Tensor>> function, Tensor... operands) {
    List<Variable> held = Arrays.stream(operands).map(Placed::held).toList();
    List<Variable> results = new ArrayList<>();
    this.step = Step.training(_ -> {
      List<Tensor> values = function.apply(held.stream().map(Variable::value).toList());
      if (results.isEmpty()) {
        values.forEach(value -> results.add(Variable.of("result " + results.size(), HostArray.zeros(value.type()), true)));
      }
      IntStream.range(0, values.size()).forEach(i -> results.get(i).assign(values.get(i)));
      return List.of();
    });
  }

  /** One run, its results in place. */
  List<Tensor> run() {
    return step.run();
  }

  private static Variable held(Tensor operand) {
    return Variable.of("operand", operand.toHostArray(), false);
  }
}
