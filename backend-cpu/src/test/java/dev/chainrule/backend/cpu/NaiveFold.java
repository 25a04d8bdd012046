package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Binary16;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/** The fold's tree as it is defined, written down as recursion over lists: slow, and without a thought of registers or threads. */
final class NaiveFold {

  private NaiveFold() {}

  /** The values of a dense {@code x} over {@code domain} combined along {@code folded}, in the domain's order without those axes. */
  static HostArray of(Op.Fold fold, HostArray x, Shape domain, Axes folded, DType result) {
    int last = -1;
    for (int axis = 0; axis < domain.rank(); axis++) {
      last = folded.contains(axis) && domain.dim(axis) > 1 ? axis : last;
    }
    long width = last < 0 ? 1 : domain.slice(last + 1, domain.rank()).elements();
    List<List<Number>> rows = new ArrayList<>();
    long kept = domain.keeping(folded).elements();
    for (long i = 0; i < kept; i++) {
      rows.add(new ArrayList<>());
    }
    DType type = x.type().dtype();
    long[] strides = domain.keeping(folded).strides();
    for (long i = 0; i < x.elements(); i++) {
      long rest = i;
      long place = 0;
      for (int axis = domain.rank() - 1; axis >= 0; axis--) {
        place += folded.contains(axis) ? 0 : rest % domain.dim(axis) * strides[axis];
        rest /= domain.dim(axis);
      }
      rows.get(Math.toIntExact(place)).add(element(fold, result, type.isFloating() ? (Number) x.doubleAt(i) : (Number) x.longAt(i)));
    }
    BinaryOperator<Number> combine = operator(fold, rows.getFirst().getFirst());
    List<Number> folds = rows.stream().map(row -> tree(blocks(row, width, combine), combine)).toList();
    return result.isFloating()
        ? HostArray.ofDoubles(TensorType.of(result, kept), folds.stream().mapToDouble(n -> round(result, n)).toArray())
        : HostArray.ofLongs(TensorType.of(result, kept), folds.stream().mapToLong(Number::longValue).toArray());
  }

  private static double round(DType result, Number n) {
    return result == DType.F16 ? Binary16.toFloat(Binary16.fromDouble(n.doubleValue())) : n.doubleValue();
  }

  private static Number element(Op.Fold fold, DType result, Number x) {
    if (!result.isFloating()) {
      return result == DType.I32 ? (Number) x.intValue() : (Number) x.longValue();
    }
    return result == DType.F64 || fold == Op.Fold.PROD ? (Number) x.doubleValue() : (Number) x.floatValue();
  }

  private static BinaryOperator<Number> operator(Op.Fold fold, Number kind) {
    return (a, b) -> switch (kind) {
      case Float _ -> switch (fold) {
        case SUM -> a.floatValue() + b.floatValue();
        case PROD -> a.floatValue() * b.floatValue();
        case MAX -> Math.max(a.floatValue(), b.floatValue());
        case MIN -> Math.min(a.floatValue(), b.floatValue());
      };
      case Double _ -> switch (fold) {
        case SUM -> a.doubleValue() + b.doubleValue();
        case PROD -> a.doubleValue() * b.doubleValue();
        case MAX -> Math.max(a.doubleValue(), b.doubleValue());
        case MIN -> Math.min(a.doubleValue(), b.doubleValue());
      };
      case Integer _ -> switch (fold) {
        case SUM -> a.intValue() + b.intValue();
        case PROD -> a.intValue() * b.intValue();
        case MAX -> Math.max(a.intValue(), b.intValue());
        case MIN -> Math.min(a.intValue(), b.intValue());
      };
      default -> switch (fold) {
        case SUM -> a.longValue() + b.longValue();
        case PROD -> a.longValue() * b.longValue();
        case MAX -> Math.max(a.longValue(), b.longValue());
        case MIN -> Math.min(a.longValue(), b.longValue());
      };
    };
  }

  private static List<Number> blocks(List<Number> row, long width, BinaryOperator<Number> combine) {
    int size = width == 1 ? 1024 : 16;
    List<Number> blocks = new ArrayList<>();
    for (int at = 0; at < row.size(); at += size) {
      List<Number> block = row.subList(at, Math.min(row.size(), at + size));
      blocks.add(width == 1 ? halves(lanes(block, combine), combine) : block.stream().reduce(combine).orElseThrow());
    }
    return blocks;
  }

  private static List<Number> lanes(List<Number> block, BinaryOperator<Number> combine) {
    List<Number> lanes = new ArrayList<>();
    for (int lane = 0; lane < Math.min(64, block.size()); lane++) {
      Number sum = block.get(lane);
      for (int i = lane + 64; i < block.size(); i += 64) {
        sum = combine.apply(sum, block.get(i));
      }
      lanes.add(sum);
    }
    return lanes;
  }

  private static Number halves(List<Number> lanes, BinaryOperator<Number> combine) {
    if (lanes.size() == 1) {
      return lanes.getFirst();
    }
    int half = (lanes.size() + 1) / 2;
    List<Number> joined = new ArrayList<>(lanes.subList(0, half));
    for (int i = half; i < lanes.size(); i++) {
      joined.set(i - half, combine.apply(joined.get(i - half), lanes.get(i)));
    }
    return halves(joined, combine);
  }

  /** The largest power of two first, then the tree of the others. */
  private static Number tree(List<Number> blocks, BinaryOperator<Number> combine) {
    int first = Integer.highestOneBit(blocks.size());
    Number whole = whole(blocks.subList(0, first), combine);
    return first == blocks.size() ? whole : combine.apply(whole, tree(blocks.subList(first, blocks.size()), combine));
  }

  private static Number whole(List<Number> blocks, BinaryOperator<Number> combine) {
    int half = blocks.size() / 2;
    return half == 0
        ? blocks.getFirst()
        : combine.apply(whole(blocks.subList(0, half), combine), whole(blocks.subList(half, blocks.size()), combine));
  }
}
