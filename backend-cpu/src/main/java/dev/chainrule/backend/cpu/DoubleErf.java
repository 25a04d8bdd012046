package dev.chainrule.backend.cpu;

/**
 * The error function in double: polynomials through Chebyshev points, for erf(x)/x in x^2 below 1 and for erfc(x) exp(x^2) beyond, each
 * in the distance from the middle of its interval. Error below 2 units in the last place.
 */
final class DoubleErf {

  /** erf(6) rounds to 1. */
  private static final double IS_ONE = 6;

  private static final double[] BELOW_1 = {
    0.9654687386698673, -0.1405360890227171, 0.019852496688984218, -0.0022854855611440855, 0.00021751715603563488, -1.75371694412802e-05,
    1.2233827638093572e-06, -7.51156925108609e-08, 4.115751500265885e-09, -2.035231956483527e-10, 9.21125018742823e-12,
    -3.80659122412214e-13
  };
  private static final double[] FROM_1_TO_2 = {
    0.3215854164543175, -0.08181145886628002, 0.01903775996386935, -0.004116363162445659, 0.0008360838095667121, -0.0001608111733699307,
    2.947085745299996e-05, -5.171328672722121e-06, 8.72304473829848e-07, -1.4191186135917107e-07, 2.2328417586062252e-08,
    -3.405938587821499e-09, 5.04654734183512e-10, -7.257032617086992e-11, 1.0201594788774491e-11, -1.512018061489917e-12,
    2.0206514750441873e-13
  };
  private static final double[] FROM_2_TO_3_5 = {
    0.19366209627906866, -0.04742822817047613, 0.011114208555372547, -0.0025035488002965733, 0.0005440864558202282,
    -0.0001144271539438872, 2.3347542710787384e-05, -4.631705362630414e-06, 8.950228299200691e-07, -1.6874296710210136e-07,
    3.108847874611232e-08, -5.602221787184144e-09, 9.830016377967729e-10, -1.7015215137129228e-10, 3.2417475610132607e-11,
    -5.385460413068287e-12
  };
  private static final double[] BEYOND_3_5 = {
    0.11630270721024731, -0.029379310745626844, 0.007283322451087076, -0.0017736307163308072, 0.00042462966062041876,
    -0.00010002328335594576, 2.319751473934044e-05, -5.301943316242496e-06, 1.1941610716084708e-06, -2.626177941164997e-07,
    5.759771586731814e-08, -1.4597587104997326e-08, 3.1092000105334345e-09
  };

  private DoubleErf() {}

  static double erf(double x) {
    double size = Math.abs(x);
    if (size < 1) {
      return x * polynomial(BELOW_1, 2 * size * size - 1);
    }
    return size < IS_ONE ? Math.copySign(1 - complement(size), x) : Double.isNaN(x) ? x : Math.signum(x);
  }

  private static double complement(double x) {
    double scaled = x < 2 ? polynomial(FROM_1_TO_2, 2 * x - 3)
        : x < 3.5 ? polynomial(FROM_2_TO_3_5, (x - 2.75) / 0.75)
        : polynomial(BEYOND_3_5, (x - 4.75) / 1.25);
    return scaled * Math.exp(-x * x);
  }

  private static double polynomial(double[] coefficients, double x) {
    double p = 0;
    for (int i = coefficients.length - 1; i >= 0; i--) {
      p = Math.fma(p, x, coefficients[i]);
    }
    return p;
  }
}
