package dev.chainrule.graph;

/**
 * erf(x) = 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x, within a few units in the last place of a double.
 *
 * <p>Two classical expansions, both sums of positive terms, so that nothing cancels (NIST Digital Library of Mathematical Functions,
 * https://dlmf.nist.gov/7): the series 7.6.2 near 0, and 1 minus the continued fraction 7.9.1 beyond.
 */
final class ErrorFunction {

  private static final double TWO_OVER_SQRT_PI = 1.1283791670955126;

  /** Where the expansions take turns: erfc is 0.034 here, so its own error counts for little in 1 - erfc. */
  private static final double TURN = 1.5;

  private static final int SERIES_TERMS = 30;
  private static final int FRACTION_TERMS = 100;

  private ErrorFunction() {}

  static double erf(double x) {
    double size = Math.abs(x);
    return Math.copySign(size < TURN ? series(size) : 1 - complement(size), x);
  }

  /** 2/sqrt(pi) exp(-x^2) (x + 2x^3/3 + 4x^5/(3*5) + 8x^7/(3*5*7) + ...), summed from the smallest term. */
  private static double series(double x) {
    double sum = 1;
    for (int n = SERIES_TERMS; n >= 1; n--) {
      sum = 1 + sum * (2 * x * x / (2 * n + 1));
    }
    return TWO_OVER_SQRT_PI * x * (StrictMath.exp(-x * x) * sum);
  }

  /** erfc(x) = exp(-x^2)/sqrt(pi) * 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from the innermost fraction. */
  private static double complement(double x) {
    double fraction = x;
    for (int n = FRACTION_TERMS; n >= 1; n--) {
      fraction = x + n / 2.0 / fraction;
    }
    return TWO_OVER_SQRT_PI / 2 * StrictMath.exp(-x * x) / fraction;
  }
}
