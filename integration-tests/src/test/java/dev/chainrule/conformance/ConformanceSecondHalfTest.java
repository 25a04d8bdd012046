package dev.chainrule.conformance;

import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The cases that {@link ConformanceTest} leaves to a second process. */
@EnabledIfSystemProperty(named = CaseShare.SHARES, matches = "2", disabledReason = "ConformanceTest has all cases here")
class ConformanceSecondHalfTest extends ConformanceSuite {

  ConformanceSecondHalfTest() {
    super(CaseShare.second().orElseThrow());
  }
}
