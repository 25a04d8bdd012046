package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Sums of products by labelled axes, written out in movement, sums, and products from left to right: of each operand the diagonals are
 * taken and what occurs nowhere else is summed; then each product sums what neither the result nor a later operand needs.
 */
final class Einsum {

  /** A tensor whose axes have labels, no two the same. */
  private record Term(Tensor value, String labels) {}

  private Einsum() {}

  static Tensor of(String text, Tensor... operands) {
    requireNumbers(operands);
    Subscripts subscripts = Subscripts.read(text, operands);
    List<Term> terms = new ArrayList<>();
    for (int i = 0; i < operands.length; i++) {
      terms.add(withoutRepeated(diagonal(operands[i], subscripts.operands().get(i)), subscripts));
    }
    String later = needed(terms.subList(1, terms.size()), subscripts);
    Term product = summed(terms.getFirst(), later);
    for (int i = 1; i < terms.size(); i++) {
      later = needed(terms.subList(i + 1, terms.size()), subscripts);
      product = product(product, summed(terms.get(i), product.labels + later), later);
    }
    return permuted(product, subscripts.result());
  }

  private static void requireNumbers(Tensor... operands) {
    if (operands.length == 0) {
      throw new InvalidArgumentException("einsum", "no tensors given", "The result's type would be unknown.");
    }
    for (Tensor operand : operands) {
      if (operand.dtype() != operands[0].dtype()) {
        throw new DTypeMismatchException("einsum", "element types differ: " + operands[0].type() + " and " + operand.type(),
            "Types never mix silently: cast one of them.");
      }
      if (!operand.dtype().isFloating() && !operand.dtype().isInteger()) {
        throw new DTypeMismatchException("einsum", "not defined for " + operand.type(), "Cast to a number first.");
      }
    }
  }

  private static String needed(List<Term> later, Subscripts subscripts) {
    return later.stream().map(Term::labels).collect(Collectors.joining()) + subscripts.result();
  }

  // --- one operand -------------------------------------------------------------------------------------------------------------------

  /** Each label once: of two axes with one label, [n, n], the elements (i, i) are every (n + 1)-th. */
  private static Term diagonal(Tensor x, String labels) {
    Term term = new Term(x, labels);
    while (term.labels.chars().distinct().count() < term.labels.length()) {
      String all = term.labels;
      int first = (int) all.chars().takeWhile(c -> all.indexOf(c) == all.lastIndexOf(c)).count();
      int second = all.indexOf(all.charAt(first), first + 1);
      Tensor value = term.value;
      int[] rest = axes(all, i -> i != first && i != second);
      long n = value.dim(first);
      Shape kept = sizes(value, rest);
      Tensor rows = permuted(value, rest, new int[] {first, second}).reshape(kept.concat(Shape.of(n * n)));
      List<Op.Range> ranges = new ArrayList<>();
      for (long size : kept.dims()) {
        ranges.add(new Op.Range(0, size, 1));
      }
      ranges.add(new Op.Range(0, n, n + 1));
      term = new Term(rows.slice(ranges), chosen(all, rest) + all.charAt(first));
    }
    return term;
  }

  /** Without the axes of size 1 that others have longer: a product broadcasts to what it lacks. */
  private static Term withoutRepeated(Term x, Subscripts subscripts) {
    int[] kept = axes(x.labels, i -> x.value.dim(i) == subscripts.size(x.labels.charAt(i)));
    return new Term(x.value.reshape(sizes(x.value, kept)), chosen(x.labels, kept));
  }

  /** Without the axes that nobody needs. In its own type, u8 too. */
  private static Term summed(Term x, String needed) {
    int[] kept = axes(x.labels, i -> needed.indexOf(x.labels.charAt(i)) >= 0);
    int[] gone = axes(x.labels, i -> needed.indexOf(x.labels.charAt(i)) < 0);
    return gone.length == 0 ? x : new Term(x.value.sum(gone).cast(x.value.dtype()), chosen(x.labels, kept));
  }

  // --- two operands ------------------------------------------------------------------------------------------------------------------

  private static Term product(Term x, Term y, String later) {
    int[] batchX = axes(x.labels, i -> later.indexOf(x.labels.charAt(i)) >= 0 && y.labels.indexOf(x.labels.charAt(i)) >= 0);
    int[] summedX = axes(x.labels, i -> later.indexOf(x.labels.charAt(i)) < 0);
    int[] rows = axes(x.labels, i -> y.labels.indexOf(x.labels.charAt(i)) < 0);
    int[] columns = axes(y.labels, i -> x.labels.indexOf(y.labels.charAt(i)) < 0);
    int[] batchY = places(chosen(x.labels, batchX), y.labels);
    int[] summedY = places(chosen(x.labels, summedX), y.labels);
    Shape batch = sizes(x.value, batchX);
    Shape left = sizes(x.value, rows);
    Shape right = sizes(y.value, columns);
    long inner = sizes(x.value, summedX).elements();
    Tensor a = permuted(x.value, batchX, rows, summedX).reshape(batch.concat(Shape.of(left.elements(), inner)));
    Tensor b = permuted(y.value, batchY, summedY, columns).reshape(batch.concat(Shape.of(inner, right.elements())));
    Tensor product = summedX.length == 0 ? a.mul(b) : Precision.lowered(MatrixProduct::dot, a, b);
    return new Term(product.reshape(batch.concat(left).concat(right)),
        chosen(x.labels, batchX) + chosen(x.labels, rows) + chosen(y.labels, columns));
  }

  // --- axes and labels ---------------------------------------------------------------------------------------------------------------

  private static int[] axes(String labels, IntPredicate which) {
    return IntStream.range(0, labels.length()).filter(which).toArray();
  }

  private static String chosen(String labels, int[] axes) {
    var chosen = new StringBuilder();
    for (int axis : axes) {
      chosen.append(labels.charAt(axis));
    }
    return chosen.toString();
  }

  private static int[] places(String wanted, String labels) {
    return wanted.chars().map(labels::indexOf).toArray();
  }

  private static Shape sizes(Tensor x, int[] axes) {
    long[] sizes = new long[axes.length];
    for (int i = 0; i < axes.length; i++) {
      sizes[i] = x.dim(axes[i]);
    }
    return Shape.of(sizes);
  }

  private static Tensor permuted(Term x, String order) {
    return permuted(x.value, places(order, x.labels));
  }

  private static Tensor permuted(Tensor x, int[]... groups) {
    int[] order = Arrays.stream(groups).flatMapToInt(Arrays::stream).toArray();
    return Arrays.equals(order, IntStream.range(0, x.rank()).toArray()) ? x : x.permute(order);
  }
}
