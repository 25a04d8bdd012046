package dev.chainrule.graph;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;

/**
 * How the floats of one array are written, as NumPy 2.4 writes them: all in one notation and with their points in one column. Each has
 * as many digits as tell it from its neighbours in its type, at most eight behind the point.
 *
 * @param scientific {@code 1.5e-07} instead of {@code 0.5}
 * @param left characters before the point, the sign included
 * @param right characters behind the point in positional notation, digits behind the point in scientific
 * @param exponent digits of the exponent, at least 2; 0 in positional notation
 */
record FloatFormat(DType dtype, boolean scientific, int left, int right, int exponent) {

  private static final int PRECISION = 8;

  /** {@code -0.}, {@code 1.25}, {@code 1.5e-07}: the sign and the digits before the point, those behind it, the exponent's. */
  private record Parts(String whole, String fraction, int exponent) {}

  /** The format for an array with these elements. */
  static FloatFormat of(DType dtype, double... elements) {
    double[] finite = Arrays.stream(elements).filter(Double::isFinite).toArray();
    boolean scientific = isScientific(dtype, Arrays.stream(finite).map(Math::abs).filter(x -> x != 0).toArray());
    List<Parts> parts = Arrays.stream(finite).mapToObj(x -> scientific ? scientific(dtype, x, 0) : positional(dtype, x)).toList();
    int left = parts.stream().mapToInt(p -> p.whole.length()).max().orElse(0);
    int right = parts.stream().mapToInt(p -> p.fraction.length()).max().orElse(0);
    int exponent = scientific ? parts.stream().mapToInt(p -> exponentDigits(p.exponent).length()).max().orElse(0) : 0;
    var format = new FloatFormat(dtype, scientific, left, right, exponent);
    return finite.length == elements.length ? format : format.widenedFor(elements);
  }

  /**
   * Whether numbers are large, small or far apart. As in NumPy the bounds are compared in the array's type, and from as many digits on
   * as it can be trusted with a number is large, but from 1e8 on at the latest.
   */
  private static boolean isScientific(DType dtype, double... magnitudes) {
    double max = Arrays.stream(magnitudes).max().orElse(1);
    double min = Arrays.stream(magnitudes).min().orElse(1);
    double large = switch (dtype) {
      case F16 -> 1e3;
      case BF16 -> 1e2;
      case F32 -> 1e6;
      case F64, I32, I64, U8, BOOL -> 1e8;
    };
    return max >= large || min < ShortestDecimal.rounded(dtype, 1e-4) || ShortestDecimal.rounded(dtype, max / min) > 1000;
  }

  /** Room for {@code nan}, {@code inf} or {@code -inf}, which stand at the right. */
  private FloatFormat widenedFor(double... elements) {
    boolean negative = Arrays.stream(elements).anyMatch(x -> x == Double.NEGATIVE_INFINITY);
    int needed = (negative ? 4 : 3) - (width() - left);
    return new FloatFormat(dtype, scientific, Math.max(left, needed), right, exponent);
  }

  private int width() {
    return left + 1 + right + (scientific ? 2 + exponent : 0);
  }

  /** One element. */
  String text(double element) {
    if (!Double.isFinite(element)) {
      return padded(Double.isNaN(element) ? "nan" : element > 0 ? "inf" : "-inf", width());
    }
    if (scientific) {
      Parts parts = scientific(dtype, element, right);
      String power = exponentDigits(parts.exponent);
      return padded(parts.whole, left) + "." + parts.fraction
          + (parts.exponent < 0 ? "e-" : "e+") + "0".repeat(exponent - power.length()) + power;
    }
    Parts parts = positional(dtype, element);
    return padded(parts.whole, left) + "." + parts.fraction + " ".repeat(right - parts.fraction.length());
  }

  private static String padded(String text, int width) {
    return " ".repeat(Math.max(0, width - text.length())) + text;
  }

  private static String exponentDigits(int exponent) {
    String digits = Integer.toString(Math.abs(exponent));
    return digits.length() < 2 ? "0" + digits : digits;
  }

  private static Parts positional(DType dtype, double x) {
    BigDecimal shortest = ShortestDecimal.of(dtype, Math.abs(x));
    // Where digits are cut the number itself is rounded, not its shortest form.
    BigDecimal shown = shortest.scale() <= PRECISION ? shortest : new BigDecimal(Math.abs(x)).setScale(PRECISION, RoundingMode.HALF_EVEN);
    String text = shown.setScale(PRECISION).toPlainString();
    int point = text.indexOf('.');
    return new Parts(sign(x) + text.substring(0, point), withoutZeros(text.substring(point + 1)), 0);
  }

  /** With at least {@code digits} behind the point: those beyond the shortest form are the number's own, not zeros. */
  private static Parts scientific(DType dtype, double x, int digits) {
    BigDecimal exact = new BigDecimal(Math.abs(x));
    BigDecimal shortest = ShortestDecimal.of(dtype, Math.abs(x));
    int wanted = digits == 0 ? Math.min(shortest.precision(), PRECISION + 1) : digits + 1;
    BigDecimal shown = shortest.precision() == wanted ? shortest : exact.round(new MathContext(wanted, RoundingMode.HALF_EVEN));
    String text = shown.unscaledValue().toString();
    String fraction = withoutZeros(text.substring(1));
    return new Parts(sign(x) + text.charAt(0), fraction + "0".repeat(Math.max(0, digits - fraction.length())),
        shown.signum() == 0 ? 0 : shown.precision() - shown.scale() - 1);
  }

  private static String withoutZeros(String fraction) {
    int end = fraction.length();
    while (end > 0 && fraction.charAt(end - 1) == '0') {
      end--;
    }
    return fraction.substring(0, end);
  }

  private static String sign(double x) {
    return Double.doubleToRawLongBits(x) < 0 ? "-" : "";
  }
}
