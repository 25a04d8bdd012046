package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import java.util.ArrayList;
import java.util.List;

/**
 * A device's result beside the exact one.
 *
 * @param complaints the first elements that lie too far off, and how many there are
 * @param worst the largest error met, in ulps of the exact value
 */
record Comparison(List<String> complaints, double worst) {

  private static final int SHOWN = 5;

  /**
   * @param exact of the same shape; its floating type may be wider
   * @param sizes what the bound's roundings are multiplied with, element by element
   */
  static Comparison of(HostArray actual, HostArray exact, double[] sizes, Bound bound) {
    if (!actual.type().shape().equals(exact.type().shape())) {
      return new Comparison(List.of("is " + actual.type() + ", expected the shape of " + exact.type()), 0);
    }
    return actual.type().dtype().isFloating() ? floating(actual, exact, sizes, bound) : integral(actual, exact);
  }

  /**
   * The first element with other bits, or nothing. One NaN is as good as another: which operand's bits an operation on two of them
   * passes on is for the processor to say.
   */
  static String differingBits(HostArray actual, HostArray expected) {
    if (actual.equals(expected)) {
      return "";
    }
    if (!actual.type().equals(expected.type())) {
      return actual.type() + " instead of " + expected.type();
    }
    boolean floating = actual.type().dtype().isFloating();
    for (long i = 0; i < actual.elements(); i++) {
      if (floating ? Double.compare(actual.doubleAt(i), expected.doubleAt(i)) != 0 : actual.longAt(i) != expected.longAt(i)) {
        return "element %d is %a instead of %a".formatted(i, actual.doubleAt(i), expected.doubleAt(i));
      }
    }
    return "";
  }

  private static Comparison integral(HostArray actual, HostArray exact) {
    List<String> wrong = new ArrayList<>();
    long count = 0;
    for (long i = 0; i < actual.elements(); i++) {
      if (actual.longAt(i) != exact.longAt(i) && count++ < SHOWN) {
        wrong.add("element " + i + " is " + actual.longAt(i) + ", expected " + exact.longAt(i));
      }
    }
    return new Comparison(counted(wrong, count, actual), 0);
  }

  private static Comparison floating(HostArray actual, HostArray exact, double[] sizes, Bound bound) {
    DType dtype = actual.type().dtype();
    FloatFormat format = FloatFormat.of(dtype);
    double largest = 0;
    for (long i = 0; bound.normwise() != 0 && i < exact.elements(); i++) {
      largest = Math.max(largest, Math.abs(exact.doubleAt(i)));
    }
    List<String> wrong = new ArrayList<>();
    long count = 0;
    double worst = 0;
    for (int i = 0; i < actual.elements(); i++) {
      double is = actual.doubleAt(i);
      double should = exact.doubleAt(i);
      double rounded = format.round(should);
      if (Double.compare(is, rounded) == 0) {
        continue;
      }
      double error = Math.abs(finite(is, format) - should);
      worst = Math.max(worst, error / format.ulp(should));
      double allowed = bound.isExact() ? -1 : bound.allowed(dtype, should, sizes.length == 0 ? Math.abs(should) : sizes[i], largest);
      boolean sameKind = !Double.isNaN(is) && Double.isFinite(should) && (Double.isFinite(is) || dtype != DType.F64);
      if (!(sameKind && error <= allowed) && count++ < SHOWN) {
        wrong.add("element %d is %s (%a), exactly %s (%a): off by %.3g ulp, allowed %.3g"
            .formatted(i, is, is, should, should, error / format.ulp(should), Math.max(0, allowed) / format.ulp(should)));
      }
    }
    return new Comparison(counted(wrong, count, actual), worst);
  }

  /** An infinity stands for the first number beyond the largest. */
  private static double finite(double value, FloatFormat format) {
    return Double.isInfinite(value) && format.dtype() != DType.F64
        ? Math.copySign(format.largest() + format.ulp(format.largest()), value) : value;
  }

  private static List<String> counted(List<String> wrong, long count, HostArray actual) {
    if (count > SHOWN) {
      wrong.add("and " + (count - SHOWN) + " more of " + actual.elements());
    }
    return wrong;
  }
}
