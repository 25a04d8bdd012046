package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Kernels with random domains, folded axes, layouts and values; the same for the same seed. */
final class RandomKernels {

  private static final long[] SIZES = {1, 1, 2, 3, 4, 5, 7, 10, 15, 16, 17, 33, 64, 65, 100};
  private static final List<Op.Unary> REAL_UNARY = List.of(new Op.Neg(), new Op.Abs(), new Op.Floor(), new Op.Exp(), new Op.Tanh());
  private static final List<Op.Binary> REAL_BINARY = List.of(new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Div(), new Op.Max(),
      new Op.Min());
  private static final List<Op.Binary> INTEGER_BINARY = List.of(new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Max(), new Op.Min(),
      new Op.Xor());
  private static final List<Op.Binary> BOOL_BINARY = List.of(new Op.And(), new Op.Or(), new Op.Xor());

  private final Random random;
  private final Shape domain;
  private final Axes folded;
  private final DType dtype;
  private final WrittenKernel kernel;

  private RandomKernels(long seed, DType dtype) {
    this.random = new Random(seed);
    this.dtype = dtype;
    long[] dims = new long[1 + random.nextInt(4)];
    do {
      Arrays.setAll(dims, _ -> SIZES[random.nextInt(SIZES.length)]);
    } while (Shape.of(dims).elements() > 20_000);
    this.domain = Shape.of(dims);
    this.folded = Axes.of(IntStream.range(0, dims.length).filter(_ -> random.nextInt(2) == 0).toArray());
    this.kernel = new WrittenKernel(domain, folded);
  }

  static WrittenKernel of(long seed, DType dtype) {
    return new RandomKernels(seed, dtype).kernel();
  }

  private WrittenKernel kernel() {
    for (int i = 0; i < 1 + random.nextInt(3); i++) {
      load(random.nextInt(5) == 0 ? other() : dtype);
    }
    int operations = 2 + random.nextInt(12);
    while (operations-- > 0) {
      operation();
    }
    int last = kernel.values.size() - 1;
    store(last);
    for (int i = 0; i < random.nextInt(3); i++) {
      store(random.nextInt(last + 1));
    }
    return kernel;
  }

  private DType other() {
    return DType.values()[random.nextInt(DType.values().length)];
  }

  private void operation() {
    int x = any();
    DType type = kernel.dtype(x);
    switch (random.nextInt(9)) {
      case 0 -> load(dtype);
      case 1 -> kernel.index(dtype == DType.BOOL ? DType.I32 : dtype, random.nextInt(domain.rank()));
      case 2 -> kernel.apply(new Op.Cast(random.nextInt(3) == 0 ? other() : dtype), x);
      case 3, 4, 5 -> {
        if (folded.count() > 0) {
          kernel.fold(Op.Fold.values()[random.nextInt(4)], x);
        }
      }
      case 6 -> {
        int condition = kernel.apply(new Op.Less(), x, like(x));
        kernel.apply(new Op.Where(), condition, x, like(x));
      }
      default -> {
        if (type.isFloating() && random.nextInt(3) == 0) {
          kernel.apply(REAL_UNARY.get(random.nextInt(REAL_UNARY.size())), x);
        } else {
          List<Op.Binary> ops = type.isFloating() ? REAL_BINARY : type == DType.BOOL ? BOOL_BINARY : INTEGER_BINARY;
          kernel.apply(ops.get(random.nextInt(ops.size())), x, like(x));
        }
      }
    }
  }

  private int any() {
    return random.nextInt(kernel.values.size());
  }

  /** A value of the same type. */
  private int like(int x) {
    int y = any();
    while (kernel.dtype(y) != kernel.dtype(x)) {
      y = any();
    }
    return y;
  }

  private int load(DType type) {
    return load(kernel, type, random, random.nextInt(3) == 0);
  }

  /** Dense, or broadcast, permuted, flipped and with gaps. */
  static int load(WrittenKernel kernel, DType type, Random random, boolean dense) {
    Shape domain = kernel.domain;
    if (dense) {
      return kernel.load(Samples.plainArray(type, random.nextInt(1000), domain.elements()), Layout.dense(domain));
    }
    int rank = domain.rank();
    List<Integer> order = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    Collections.shuffle(order, random);
    long[] sizes = new long[rank];
    List<Op.Range> ranges = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      long dim = random.nextInt(3) == 0 ? 1 : domain.dim(order.get(i));
      long step = random.nextInt(3) == 0 ? 2 : 1;
      sizes[i] = dim * step;
      ranges.add(random.nextInt(4) == 0 ? new Op.Range(sizes[i] - 1, dim, -step) : new Op.Range(0, dim, step));
    }
    Axes back = Axes.of(order.stream().mapToInt(axis -> axis).toArray()).inverse();
    Layout layout = Layout.dense(Shape.of(sizes)).slice(ranges).permute(back).expand(domain);
    return kernel.load(Samples.plainArray(type, random.nextInt(1000), Shape.of(sizes).elements()), layout);
  }

  private void store(int value) {
    boolean once = kernel.kernel().uniform().get(value) && random.nextInt(3) > 0;
    int rank = domain.rank();
    List<Integer> order = new ArrayList<>(IntStream.range(0, rank).boxed().toList());
    if (random.nextInt(2) == 0) {
      Collections.shuffle(order, random);
    }
    Shape kept = once ? domain.keeping(folded) : domain;
    long[] sizes = new long[rank];
    List<Op.Range> ranges = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      long dim = kept.dim(order.get(i));
      long step = random.nextInt(4) == 0 ? 2 : 1;
      sizes[i] = dim * step;
      ranges.add(new Op.Range(0, dim, step));
    }
    Axes back = Axes.of(order.stream().mapToInt(axis -> axis).toArray()).inverse();
    Layout layout = Layout.dense(Shape.of(sizes)).slice(ranges).permute(back).expand(domain);
    kernel.result(value, layout, Shape.of(sizes).elements());
  }
}
