package dev.chainrule.graph;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import java.util.ArrayList;
import java.util.List;

/** Types of what holds bodies: loops, conditionals, composites. */
final class ControlTypes {

  private ControlTypes() {}

  static List<TensorType> loop(Op.Loop op, Node[] in) {
    List<TensorType> arguments = new ArrayList<>(List.of(TensorType.scalar(DType.I64)));
    for (int i = 0; i < in.length; i++) {
      TensorType type = in[i].type();
      boolean sliced = i >= op.carries() && i < op.carries() + op.sliced();
      if (sliced && (type.rank() == 0 || type.shape().dim(0) != op.length())) {
        throw new ShapeMismatchException(op.label(), "sliced input " + type + " has no leading axis of " + op.length(), "");
      }
      arguments.add(sliced ? type.withShape(type.shape().slice(1, type.rank())) : type);
    }
    fit(op, op.body(), arguments);
    List<TensorType> results = new ArrayList<>(op.body().resultTypes());
    if (results.size() < op.carries()) {
      throw new InvalidArgumentException(op.label(), "the body gives " + results.size() + " results for " + op.carries() + " carries", "");
    }
    for (int i = 0; i < results.size(); i++) {
      if (i < op.carries()) {
        if (!results.get(i).equals(in[i].type())) {
          throw new ShapeMismatchException(op.label(), "carry " + i + " starts as " + in[i].type() + " and becomes " + results.get(i), "");
        }
      } else {
        results.set(i, results.get(i).withShape(Shape.of(op.length()).concat(results.get(i).shape())));
      }
    }
    return List.copyOf(results);
  }

  static List<TensorType> repeat(Op.While op, Node[] in) {
    List<TensorType> arguments = typesOf(in);
    fit(op, op.condition(), arguments);
    fit(op, op.body(), arguments);
    if (!op.condition().resultTypes().equals(List.of(TensorType.scalar(DType.BOOL)))) {
      throw new DTypeMismatchException(op.label(), "the condition gives " + op.condition().resultTypes() + ", expected one bool[]", "");
    }
    if (op.carries() < 1 || op.carries() > in.length || !op.body().resultTypes().equals(arguments.subList(0, op.carries()))) {
      throw new ShapeMismatchException(op.label(),
          op.carries() + " carries of " + arguments + " become " + op.body().resultTypes(), "At least one, and each keeps its type.");
    }
    return op.body().resultTypes();
  }

  static List<TensorType> cond(Op.Cond op, Node[] in) {
    if (!in[0].type().equals(TensorType.scalar(DType.BOOL))) {
      throw new DTypeMismatchException(op.label(), "predicate is " + in[0].type() + ", expected bool[]", "");
    }
    List<TensorType> arguments = typesOf(in).subList(1, in.length);
    fit(op, op.then(), arguments);
    fit(op, op.otherwise(), arguments);
    if (!op.then().resultTypes().equals(op.otherwise().resultTypes())) {
      throw new ShapeMismatchException(op.label(),
          "branches differ: " + op.then().resultTypes() + " and " + op.otherwise().resultTypes(), "");
    }
    return op.then().resultTypes();
  }

  static List<TensorType> composite(Op.Composite op, Node[] in) {
    List<TensorType> parameters = op.body().parameterTypes();
    boolean fits = parameters.size() == in.length;
    for (int i = 0; fits && i < in.length; i++) {
      fits = parameters.get(i).equals(in[i].type());
    }
    if (!fits) {
      fit(op, op.body(), typesOf(in));
    }
    return op.body().resultTypes();
  }

  static List<TensorType> typesOf(Node[] in) {
    List<TensorType> types = new ArrayList<>(in.length);
    for (Node node : in) {
      types.add(node.type());
    }
    return List.copyOf(types);
  }

  private static void fit(Op op, Body body, List<TensorType> arguments) {
    if (!body.parameterTypes().equals(arguments)) {
      throw new ShapeMismatchException(op.label(), "the body takes " + body.parameterTypes() + ", got " + arguments, "");
    }
  }
}
