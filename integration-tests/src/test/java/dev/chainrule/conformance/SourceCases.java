package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Philox;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** What has no inputs: literals, numbers, data, variables, indices, random bits. */
final class SourceCases {

  private final List<Case> cases = new ArrayList<>();

  private SourceCases() {}

  static List<Case> all() {
    var all = new SourceCases();
    for (DType dtype : Samples.ALL) {
      all.data(dtype);
    }
    for (DType dtype : Samples.NUMERIC) {
      all.iotas(dtype);
    }
    all.sequences();
    all.randomBits();
    all.distributions();
    all.fills();
    return all.cases;
  }

  private void source(Class<? extends Op> of, String name, Supplier<Tensor> source) {
    source(of, name, Bound.EXACT, source);
  }

  private void source(Class<? extends Op> of, String name, Bound bound, Supplier<Tensor> source) {
    cases.add(new Case(of, name, List.of(), _ -> List.of(source.get()), Case.Oracle.SAME_TYPES, bound));
  }

  private void data(DType dtype) {
    HostArray specials = Samples.specials(dtype);
    source(Op.Const.class, dtype + " as it is", Bound.SAME_BITS, () -> Tensor.constant(specials));
    source(Op.Const.class, dtype + " of nothing", Bound.SAME_BITS, () -> Tensor.constant(Samples.plain(dtype, 1, 0, 2)));
    source(Op.Const.class, dtype + " moved", Bound.SAME_BITS, () -> Tensor.constant(Samples.anyBits(dtype, 2, 5, 7)).transpose());
    source(Op.Const.class, dtype + " in an operation", () -> Tensor.constant(specials).maximum(Tensor.constant(specials).flip(0)));
    source(Op.Input.class, dtype + " as it is", Bound.SAME_BITS, () -> Tensor.of(specials));
    source(Op.Input.class, dtype + " twice", Bound.SAME_BITS, () -> Tensor.concat(0, Tensor.of(specials), Tensor.of(specials)));
    source(Op.Input.class, dtype + " large", Bound.SAME_BITS, () -> Tensor.of(Samples.anyBits(dtype, 3, Samples.LARGE)));
    source(Op.State.class, dtype + " as it is", Bound.SAME_BITS, () -> variable(specials).value());
    source(Op.State.class, dtype + " moved", Bound.SAME_BITS, () -> variable(Samples.anyBits(dtype, 4, 6, 5)).value().transpose());
    source(Op.State.class, dtype + " in an operation", () -> {
      Tensor value = variable(specials).value();
      return value.maximum(value.flip(0));
    });
    for (long number : new long[] {0, 1}) {
      source(Op.Scalar.class, dtype + " " + number, () -> Tensor.scalar(dtype, number));
      source(Op.Scalar.class, dtype + " " + number + " in an operation", () -> Tensor.of(specials).maximum(Tensor.scalar(dtype, number)));
    }
    if (dtype.isFloating()) {
      for (double number : new double[] {0.1, -0.0, 1e-40, 1e30, Double.NaN, Double.NEGATIVE_INFINITY}) {
        source(Op.Scalar.class, dtype + " " + number, () -> Tensor.scalar(dtype, number));
        source(Op.Scalar.class, dtype + " " + number + " in an operation", () -> Tensor.of(specials).less(Tensor.scalar(dtype, number)));
      }
    }
    source(Op.Scalar.class, dtype + " two that are equal", () -> Tensor.scalar(dtype, 1).equal(Tensor.scalar(dtype, 1)));
    if (dtype == DType.I64) {
      source(Op.Scalar.class, "i64 beyond a double", () -> Tensor.scalar(dtype, Long.MAX_VALUE).sub(Tensor.scalar(dtype, (1L << 53) + 1)));
    }
  }

  private static Variable variable(HostArray value) {
    return Variable.of("v", value, false);
  }

  private void iotas(DType dtype) {
    for (long[] dims : new long[][] {{0}, {1}, {17}, {3, 5}, {4, 3, 5}, {300, 257}}) {
      for (int axis = 0; axis < dims.length; axis++) {
        TensorType type = TensorType.of(dtype, dims);
        int along = axis;
        source(Op.Iota.class, type + " along " + axis, () -> Tensor.indices(type, along));
        source(Op.Iota.class, type + " along " + axis + " in an operation", () -> Tensor.indices(type, along).mul(Tensor.indices(type, 0)));
        source(Op.Iota.class, type + " along " + axis + " moved", () -> Tensor.indices(type, along).flip(along).copy());
      }
    }
  }

  private void sequences() {
    for (DType dtype : Samples.INTEGER) {
      source(Op.Iota.class, "arange " + dtype, () -> Tensor.arange(dtype, 200, 3, -7));
      source(Op.Iota.class, "arange to the end of " + dtype, () -> Tensor.arange(dtype, 250, 256, 5));
    }
    source(Op.Iota.class, "arange of all i64", () -> Tensor.arange(DType.I64, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE / 3));
    for (DType dtype : Samples.FLOATING) {
      source(Op.Iota.class, "arange " + dtype, () -> Tensor.arange(dtype, -3, 4.05, 0.1));
      source(Op.Iota.class, "large arange " + dtype, () -> Tensor.arange(dtype, 0, Samples.LARGE * 0.3, 0.3));
      for (long count : new long[] {0, 1, 2, 17, Samples.LARGE}) {
        source(Op.Iota.class, "linspace " + dtype + " " + count, () -> Tensor.linspace(dtype, -0.1, 70, count));
      }
    }
    for (DType dtype : Samples.ALL) {
      for (long[] size : new long[][] {{0, 3}, {1, 1}, {5, 7}, {300, 257}}) {
        source(Op.Iota.class, "eye " + TensorType.of(dtype, size), () -> Tensor.eye(dtype, size[0], size[1]));
      }
    }
  }

  // --- random bits -------------------------------------------------------------------------------------------------------------------

  private void randomBits() {
    for (long[] dims : new long[][] {{}, {0}, {1}, {3}, {4}, {5}, {8}, {3, 5}, {Samples.LARGE}}) {
      bits(Shape.of(dims), 7, 42, 0, 0);
    }
    bits(Shape.of(37), -1, -1, 1, 0);
    bits(Shape.of(37), Long.MIN_VALUE, Long.MAX_VALUE, 3, 5);
    bits(Shape.of(37), 1L << 40, 1L << 33, (1L << 32) + 9, (1L << 32) + 11);
    source(Op.PhiloxBits.class, "of a split stream", () -> RandomStream.of(5).split(3).split(1).bits(Shape.of(21)));
    source(Op.PhiloxBits.class, "of one stream twice", () -> {
      Tensor bits = RandomStream.of(5).bits(Shape.of(21));
      return bits.equal(RandomStream.of(5).bits(Shape.of(21)));
    });
  }

  private void bits(Shape shape, long stream, long seed, long run, long iteration) {
    source(Op.PhiloxBits.class, shape + " stream " + stream + " seed " + seed + " run " + run + " iteration " + iteration,
        () -> PointwiseCases.apply(new Op.PhiloxBits(shape, stream), number(seed), number(run), number(iteration)));
  }

  private static Tensor number(long value) {
    return Tensor.of(Ops.scalar(DType.I64, value));
  }

  private void distributions() {
    Shape shape = Shape.of(997);
    source(Op.PhiloxBits.class, "uniform", () -> RandomStream.of(1).uniform(shape));
    for (double probability : new double[] {0, 0.1, 0.5, 1}) {
      source(Op.PhiloxBits.class, "bernoulli " + probability, () -> RandomStream.of(2).bernoulli(probability, shape));
    }
    // The method of Box and Muller again, in f64 on the bits that the f32 one starts from.
    HostArray first = partOfNormal(0, shape);
    HostArray second = partOfNormal(1, shape);
    cases.add(new Case(Op.PhiloxBits.class, "normal", List.of(first, second),
        in -> List.of(in.get(0).dtype() == DType.F32 ? RandomStream.of(3).normal(shape) : normal(in)),
        Case.Oracle.IN_F64, Bounds.normal(SourceCases::radius)).shows("S13.8", "S18.9"));
  }

  private void fills() {
    Shape shape = Shape.of(33, 31);
    source(Op.PhiloxBits.class, "uniform on an interval", () -> RandomStream.of(1).uniform(shape, -0.1, 1e6));
    source(Op.PhiloxBits.class, "uniform on a narrow interval", () -> RandomStream.of(1).uniform(shape, 1, 1.0000005));
    long[][] ranges = {{0, 1}, {0, 200}, {-9, 1000}, {Integer.MIN_VALUE, 1L << 31}, {Long.MAX_VALUE - 1000, Long.MAX_VALUE}};
    for (long[] range : ranges) {
      String name = "integers in [" + range[0] + ", " + range[1] + ") as ";
      source(Op.PhiloxBits.class, name + "i64", () -> RandomStream.of(4).integers(new TensorType(DType.I64, shape), range[0], range[1]));
      if (range[1] <= 1L << 31) {
        source(Op.PhiloxBits.class, name + "i32", () -> RandomStream.of(4).integers(new TensorType(DType.I32, shape), range[0], range[1]));
      }
    }
    source(Op.PhiloxBits.class, "integers as u8", () -> RandomStream.of(4).integers(new TensorType(DType.U8, shape), 3, 256));
    for (long n : new long[] {0, 1, 2, 1000, Samples.LARGE}) {
      source(Op.Sort.class, "permutation of " + n, () -> RandomStream.of(5).permutation(n));
    }
    // As the normal itself (4 ulp are at most 8u of the radius), times the deviation, which rounds, as do product and sum.
    HostArray first = partOfNormal(0, shape);
    HostArray second = partOfNormal(1, shape);
    cases.add(new Case(Op.PhiloxBits.class, "normal, moved and scaled", List.of(first, second),
        in -> List.of(in.get(0).dtype() == DType.F32 ? RandomStream.of(3).normal(shape, -2.5, 0.1) : normal(in).mul(0.1).add(-2.5)),
        Case.Oracle.IN_F64, Bound.ulps(1).and(8 + 4 * Math.PI + 10 + 2, in -> radius(in).mul(0.1))));
  }

  /** f32 numbers in [0, 2^24), as {@link RandomStream#uniform} has them before it divides, of what the normal of seed 3 draws. */
  private static HostArray partOfNormal(int i, Shape shape) {
    var op = new Op.PhiloxBits(shape, Philox.mix(Philox.stream("normal", i)));
    Tensor bits = PointwiseCases.apply(op, number(3), number(0), number(0));
    return Exact.evaluate(List.of(bits.shiftRightLogical(8).cast(DType.F32))).getFirst();
  }

  private static Tensor normal(List<Tensor> in) {
    return radius(in).mul(in.get(1).mul(0x1p-24).mul(2 * Math.PI).cos());
  }

  private static Tensor radius(List<Tensor> in) {
    return in.get(0).add(1).mul(0x1p-24).log().mul(-2).sqrt();
  }
}
