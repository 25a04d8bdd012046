package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.plan.StepGraph;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A perceptron with one hidden layer, trained by Adam in one Step; the same numbers in f32 and f64. */
final class TrainedPerceptron {

  private static final long BATCH = 16;
  private static final long IN = 20;
  private static final long HIDDEN = 12;
  private static final long CLASSES = 5;

  private final DType dtype;
  private final List<Variable> parameters;
  private final Adam adam;
  private final Step step = Step.training(this::losses);

  TrainedPerceptron(DType dtype) {
    this.dtype = dtype;
    this.parameters = List.of(parameter("w1", 31, IN, HIDDEN), parameter("b1", 32, HIDDEN), parameter("w2", 33, HIDDEN, CLASSES),
        parameter("b2", 34, CLASSES));
    // With the usual 1e-8 an update is the sign of the gradient, however small that is, and so of its rounding errors.
    this.adam = new Adam(parameters, Schedule.constant(1e-2)).withEpsilon(0.1);
  }

  private Variable parameter(String name, long seed, long... dims) {
    return Variable.of(name, values(seed, dims), true);
  }

  /** Numbers of f32, in the type. */
  private HostArray values(long seed, long... dims) {
    return HostArray.ofDoubles(TensorType.of(dtype, dims), Samples.between(DType.F32, -0.5, 0.5, seed, dims).toDoubleArray());
  }

  private List<Tensor> losses(List<Tensor> in) {
    Tensor hidden = in.get(0).matmul(parameters.get(0).value()).add(parameters.get(1).value()).relu();
    Tensor loss = Losses.crossEntropy(hidden.matmul(parameters.get(2).value()).add(parameters.get(3).value()), in.get(1));
    adam.minimise(loss);
    return List.of(loss);
  }

  private Tensor[] batch(long number) {
    return new Tensor[] {Tensor.of(values(40 + number, BATCH, IN)),
        Tensor.of(Samples.indices(DType.I32, Math.toIntExact(CLASSES), 60 + number, BATCH))};
  }

  /** One step; the loss before it, the parameters and Adam's state after it. */
  List<HostArray> train(long number) {
    List<HostArray> all = new ArrayList<>(List.of(step.run(batch(number)).getFirst().toHostArray()));
    Stream.concat(parameters.stream(), adam.state().values().stream()).map(Variable::toHostArray).forEach(all::add);
    return all;
  }

  /** {@link Bounds#composition} of so many steps. */
  Bound bound(long steps) {
    StepGraph graph = Trace.record(Mode.TRAINING, 0, 0, false, () -> losses(List.of(batch(0)))).graph();
    List<Node> roots = new ArrayList<>(graph.outputs());
    graph.assignments().forEach(assignment -> roots.add(assignment.value()));
    return Bound.normwise(steps * Bounds.composition(Graphs.topological(roots)).normwise());
  }
}
