package dev.chainrule.conformance;

/** The same as {@link ConformanceTest} for loops, functions of several operations, layers, and gradients. */
class FunctionConformanceTest extends ConformanceSuite {

  FunctionConformanceTest() {
    super(Cases.ofFunctions());
  }
}
