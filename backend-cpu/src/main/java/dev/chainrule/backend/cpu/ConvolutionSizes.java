package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import java.util.List;
import java.util.stream.LongStream;

/**
 * The numbers of a convolution: x[batch, channels, in...] * w[filters, channels / groups, kernel...] -> [batch, filters, out...]. For one
 * sample and group it is a matrix product: weights [filters / groups, taps] times the unfolded input [taps, positions], where a tap is a
 * channel of the group and a place in the kernel.
 */
final class ConvolutionSizes {

  private final List<Op.Spatial> axes;
  private final long[] in;
  private final long[] kernel;
  private final long[] out;
  private final long batch;
  private final int groups;
  private final int groupChannels;
  private final int groupFilters;
  private final int taps;
  private final int positions;
  private final long groupInput;

  ConvolutionSizes(Op.Geometry geometry, Shape x, Shape w, Shape result) {
    this.axes = geometry.axes();
    this.in = x.slice(2, x.rank()).dims();
    this.kernel = w.slice(2, w.rank()).dims();
    this.out = result.slice(2, result.rank()).dims();
    this.batch = x.dim(0);
    this.groups = geometry.groups();
    this.groupChannels = Math.toIntExact(w.dim(1));
    this.groupFilters = Math.toIntExact(w.dim(0) / groups);
    this.taps = Math.toIntExact(w.slice(1, w.rank()).elements());
    this.positions = Math.toIntExact(result.slice(2, result.rank()).elements());
    this.groupInput = groupChannels * x.slice(2, x.rank()).elements();
  }

  /** How the kernel moves along each spatial axis. */
  List<Op.Spatial> axes() {
    return axes;
  }

  /** Spatial sizes of the input. */
  long[] in() {
    return in.clone();
  }

  /** Spatial sizes of the weights. */
  long[] kernel() {
    return kernel.clone();
  }

  /** Spatial sizes of the result. */
  long[] out() {
    return out.clone();
  }

  long batch() {
    return batch;
  }

  int groups() {
    return groups;
  }

  int groupChannels() {
    return groupChannels;
  }

  int groupFilters() {
    return groupFilters;
  }

  /** Rows of the unfolded input. */
  int taps() {
    return taps;
  }

  /** Columns of the unfolded input. */
  int positions() {
    return positions;
  }

  /** Elements of the group's channels of one sample. */
  long groupInput() {
    return groupInput;
  }

  /** Elements of the group's filters of one sample of the result. */
  long groupOutput() {
    return (long) groupFilters * positions;
  }

  /** Elements of the group's weights. */
  long groupWeights() {
    return (long) groupFilters * taps;
  }

  /** Where a sample's group begins in the input. */
  long inputOffset(long sample, long group) {
    return (sample * groups + group) * groupInput;
  }

  /** Where a sample's group begins in the result. */
  long outputOffset(long sample, long group) {
    return (sample * groups + group) * groupOutput();
  }

  /** A pass of so many samples, as oneDNN sees it. */
  DnnlPass.Shape passOf(DnnlPass.Kind kind, DType dtype, long samples) {
    List<Long> weights = groups > 1
        ? dims(List.of((long) groups, (long) groupFilters, (long) groupChannels), kernel)
        : dims(List.of((long) groupFilters, (long) groupChannels), kernel);
    return new DnnlPass.Shape(kind, dtype, dims(List.of(samples, (long) groups * groupChannels), in), weights,
        dims(List.of(samples, (long) groups * groupFilters), out), axes);
  }

  private static List<Long> dims(List<Long> outer, long[] spatial) {
    return LongStream.concat(outer.stream().mapToLong(Long::longValue), LongStream.of(spatial)).boxed().toList();
  }
}
