package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import java.util.ArrayList;
import java.util.List;

/** Checks the operands of a convolution in the caller's terms and works out what the primitive wants to know of each axis. */
final class Convolution {

  private final SpatialAxes spatial;
  private final Tensor x;
  private final Tensor w;
  private final ConvOptions options;

  private Convolution(SpatialAxes spatial, Tensor x, Tensor w, ConvOptions options) {
    this.spatial = spatial;
    this.x = x;
    this.w = w;
    this.options = options;
  }

  /** x [batch, channels, ...] and w [filters, channels / groups, ...]. */
  static Tensor of(int axes, Tensor x, Tensor w, ConvOptions options) {
    var conv = new Convolution(SpatialAxes.of("conv", axes), x, w, options);
    conv.requireOperands("[filters, channels/groups, ");
    int groups = options.groups();
    if (x.dim(1) != w.dim(1) * groups) {
      throw conv.mismatch("weights " + w.type() + " are for " + w.dim(1) * groups + " channels" + conv.inGroups() + ", got " + x.type()
          + " with " + x.dim(1));
    }
    if (w.dim(0) % groups != 0) {
      throw conv.mismatch("the " + w.dim(0) + " filters of " + w.type() + " do not divide into " + groups + " groups");
    }
    return conv.node(new Op.Conv(conv.geometry()));
  }

  /** x [batch, channels, ...] and w [channels, filters / groups, ...]: the gradient of the convolution that has x as its result. */
  static Tensor transposed(int axes, Tensor x, Tensor w, ConvOptions options, List<Long> outputPadding) {
    var conv = new Convolution(SpatialAxes.of("convTranspose", axes), x, w, options);
    conv.requireOperands("[channels, filters/groups, ");
    int groups = options.groups();
    if (x.dim(1) != w.dim(0)) {
      throw conv.mismatch("weights " + w.type() + " are for " + w.dim(0) + " channels, got " + x.type() + " with " + x.dim(1));
    }
    if (x.dim(1) % groups != 0) {
      throw conv.mismatch("the " + x.dim(1) + " channels of " + x.type() + " do not divide into " + groups + " groups");
    }
    if (options.padding().isEmpty()) {
      throw new InvalidArgumentException(conv.spatial.operation(), "a transposed convolution has no same padding",
          "Give numbers: withPadding().");
    }
    long[] sizes = new long[axes + 2];
    sizes[0] = x.dim(0);
    sizes[1] = w.dim(1) * groups;
    for (int i = 0; i < axes; i++) {
      sizes[i + 2] = conv.transposedSize(i, conv.spatial.choose("output padding", outputPadding, i));
    }
    return conv.node(new Op.ConvInputGradient(conv.transposedGeometry(), Shape.of(sizes)));
  }

  private Tensor node(Op op) {
    return Precision.lowered(in -> Tensor.made(Ops.node(op, in.get(0).node(), in.get(1).node())), x, w);
  }

  // --- operands ----------------------------------------------------------------------------------------------------------------------

  private void requireOperands(String weights) {
    int rank = spatial.count() + 2;
    if (x.dtype() != w.dtype()) {
      throw new DTypeMismatchException(spatial.operation(), "element types differ: " + x.type() + " and weights " + w.type(),
          "Types never mix silently: cast one of them.");
    }
    spatial.requireFloating(x);
    if (x.rank() != rank) {
      throw new ShapeMismatchException(spatial.operation(), x.type() + ", expected [batch, channels, " + spatial.names() + "]",
          x.rank() == rank - 1 ? "unsqueeze(0) makes a batch of one." : "");
    }
    if (w.rank() != rank) {
      throw mismatch("weights " + w.type() + ", expected " + weights + spatial.names() + "]");
    }
    for (int i = 2; i < rank; i++) {
      if (w.dim(i) < 1) {
        throw mismatch("axis " + i + " of weights " + w.type() + " is empty");
      }
    }
  }

  private ShapeMismatchException mismatch(String problem) {
    return new ShapeMismatchException(spatial.operation(), problem, "");
  }

  private String inGroups() {
    return options.groups() == 1 ? "" : " in " + options.groups() + " groups";
  }

  // --- axes --------------------------------------------------------------------------------------------------------------------------

  private long stride(int axis) {
    return spatial.choose("stride", options.stride(), axis);
  }

  private long dilation(int axis) {
    return spatial.choose("dilation", options.dilation(), axis);
  }

  /** How far the kernel reaches. */
  private long span(int axis) {
    return (w.dim(axis + 2) - 1) * dilation(axis) + 1;
  }

  private Op.Geometry geometry() {
    List<Op.Spatial> axes = new ArrayList<>();
    for (int i = 0; i < spatial.count(); i++) {
      int axis = i;
      Op.Edge edge = options.padding().map(edges -> spatial.choose("padding", edges, axis)).orElseGet(() -> samePadding(axis));
      if (span(i) > x.dim(i + 2) + edge.low() + edge.high()) {
        String padded = x.dim(i + 2) + (edge.low() + edge.high() > 0 ? " + " + edge.low() + " + " + edge.high() : "");
        String kernel = "a kernel of " + w.dim(i + 2) + (dilation(i) > 1 ? " with dilation " + dilation(i) : "");
        throw spatial.doesNotFit(i + 2, kernel, x, padded);
      }
      axes.add(new Op.Spatial(stride(i), dilation(i), edge.low(), edge.high()));
    }
    return new Op.Geometry(axes, options.groups(), Precision.allowsTf32(x.dtype()));
  }

  private Op.Edge samePadding(int axis) {
    long length = x.dim(axis + 2);
    long results = Math.ceilDiv(length, stride(axis));
    long zeros = Math.max(0, (results - 1) * stride(axis) + span(axis) - length);
    return new Op.Edge(zeros / 2, zeros - zeros / 2);
  }

  // --- transposed --------------------------------------------------------------------------------------------------------------------

  private Op.Edge givenPadding(int axis) {
    return spatial.choose("padding", options.padding().orElseThrow(), axis);
  }

  private Op.Geometry transposedGeometry() {
    List<Op.Spatial> axes = new ArrayList<>();
    for (int i = 0; i < spatial.count(); i++) {
      axes.add(new Op.Spatial(stride(i), dilation(i), givenPadding(i).low(), givenPadding(i).high()));
    }
    return new Op.Geometry(axes, options.groups(), Precision.allowsTf32(x.dtype()));
  }

  /** A stride above 1 rounds several lengths to that of x: the output padding chooses among them. */
  private long transposedSize(int axis, long outputPadding) {
    if (outputPadding < 0 || outputPadding >= stride(axis)) {
      throw new InvalidArgumentException(spatial.operation(), "output padding " + outputPadding + " with stride " + stride(axis)
          + ", expected 0 to " + (stride(axis) - 1), "");
    }
    Op.Edge edge = givenPadding(axis);
    long size = (x.dim(axis + 2) - 1) * stride(axis) + span(axis) + outputPadding - edge.low() - edge.high();
    if (x.dim(axis + 2) < 1 || size < 1) {
      throw mismatch("axis " + (axis + 2) + " of " + x.type() + " becomes empty: a kernel of " + w.dim(axis + 2) + " with stride "
          + stride(axis) + ", " + edge.low() + " and " + edge.high() + " cut off");
    }
    return size;
  }
}
