package dev.chainrule.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorFunctionTest {

  /** Twenty digits by mpmath 1.3 at 50 digits of precision. */
  @ParameterizedTest
  @CsvSource({
    "1e-300, 1.1283791670955126022e-300",
    "1e-10, 1.128379167095512615e-10",
    "0.001, 0.0011283787909692364034",
    "0.1, 0.1124629160182848984",
    "0.5, 0.52049987781304653768",
    "0.9, 0.79690821242283213966",
    "1, 0.84270079294971486934",
    "1.4, 0.9522851197626487964",
    "1.5, 0.96610514647531072707",
    "2, 0.99532226501895273416",
    "3, 0.99997790950300141456",
    "4, 0.99999998458274209972",
    "5.5, 0.99999999999999264215"
  })
  @Tag("S5.11")
  void agreesWithTablesToFifteenDigits(double x, double expected) {
    assertEquals(expected, ErrorFunction.erf(x), 1e-15 * expected);
    assertEquals(-expected, ErrorFunction.erf(-x), 1e-15 * expected);
  }

  @Test
  @Tag("S5.11")
  void keepsSignedZeroNaNAndReachesOne() {
    assertEquals(0.0, ErrorFunction.erf(0.0));
    assertEquals(-0.0, ErrorFunction.erf(-0.0));
    assertEquals(Double.NaN, ErrorFunction.erf(Double.NaN));
    assertEquals(1, ErrorFunction.erf(Double.POSITIVE_INFINITY));
    assertEquals(-1, ErrorFunction.erf(Double.NEGATIVE_INFINITY));
    assertEquals(1, ErrorFunction.erf(30));
  }

  /** The two expansions agree where they meet: erf's slope at 1.5 is 2/sqrt(pi) exp(-2.25) = 0.119. */
  @Test
  void isContinuousWhereTheExpansionsMeet() {
    double below = ErrorFunction.erf(Math.nextDown(1.5));
    double at = ErrorFunction.erf(1.5);
    assertEquals(at, below, 4e-16);
  }
}
