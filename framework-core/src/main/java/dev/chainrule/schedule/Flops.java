package dev.chainrule.schedule;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** How many scalar operations the graph's operations take, by the convention of {@link Work#flops}. */
final class Flops {

  private Flops() {}

  static long of(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    long results = outputs.isEmpty() ? 0 : outputs.getFirst().elements();
    return switch (op) {
      case Op.Pointwise _ -> results;
      case Op.Dot _ -> 2 * results * inputs.getFirst().shape().dim(-1);
      // Both gradients make the same products as the convolution: one for each element of the result and of a filter.
      case Op.Conv _ -> 2 * results * perFilter(inputs.get(1));
      case Op.ConvInputGradient _ -> 2 * inputs.getFirst().elements() * perFilter(inputs.get(1));
      case Op.ConvWeightGradient _ -> 2 * inputs.getFirst().elements() * perFilter(outputs.getFirst());
      case Op.Reduce _, Op.ArgReduce _, Op.Cumulate _, Op.Overlap _ -> inputs.getFirst().elements();
      case Op.ScatterAdd _ -> inputs.get(2).elements();
      case Op.Loop loop -> loop.length() * of(loop.body());
      case Op.While loop -> of(loop.condition()) + of(loop.body());
      case Op.Cond(Body then, Body otherwise) -> Math.max(of(then), of(otherwise));
      case Op.Composite composite -> of(composite.body());
      case Op.Source _, Op.Movement _, Op.PhiloxBits _, Op.Gather _, Op.Sort _, Op.Result _, Op.Copy _, Op.Barrier _ -> 0;
    };
  }

  private static long perFilter(TensorType weights) {
    return weights.shape().dim(0) == 0 ? 0 : weights.elements() / weights.shape().dim(0);
  }

  private static long of(Body body) {
    return Graphs.topological(body.results()).stream()
        .mapToLong(node -> of(node.op(), node.inputs().stream().map(Node::type).toList(), node.types())).sum();
  }

  /** What is the same at all indices, or at all along the folded axes, is computed once for them. */
  static long of(GeneratedKernel kernel) {
    List<BitSet> varying = varying(kernel);
    long flops = 0;
    for (int i = 0; i < varying.size(); i++) {
      flops += switch (kernel.values().get(i)) {
        case KernelExpression.Load _, KernelExpression.Index _ -> 0;
        case KernelExpression.Apply _ -> places(kernel, varying.get(i));
        case KernelExpression.Fold _ -> kernel.domain().elements();
      };
    }
    return flops;
  }

  private static long places(GeneratedKernel kernel, BitSet varying) {
    if (varying.isEmpty()) {
      return Math.min(1, kernel.domain().elements());
    }
    boolean alongFolded = varying.stream().anyMatch(kernel.folded()::contains);
    return (alongFolded ? kernel.domain() : kernel.domain().keeping(kernel.folded())).elements();
  }

  /** The axes along which each value changes. */
  private static List<BitSet> varying(GeneratedKernel kernel) {
    List<BitSet> varying = new ArrayList<>();
    for (KernelExpression value : kernel.values()) {
      var axes = new BitSet();
      switch (value) {
        case KernelExpression.Load load -> {
          for (int axis = 0; axis < kernel.domain().rank(); axis++) {
            axes.set(axis, load.layout().stride(axis) != 0);
          }
        }
        case KernelExpression.Index index -> axes.set(index.axis());
        case KernelExpression.Apply apply -> apply.arguments().forEach(argument -> axes.or(varying.get(argument)));
        case KernelExpression.Fold fold -> {
          axes.or(varying.get(fold.argument()));
          for (int i = 0; i < kernel.folded().count(); i++) {
            axes.clear(kernel.folded().get(i));
          }
        }
      }
      varying.add(axes);
    }
    return varying;
  }
}
