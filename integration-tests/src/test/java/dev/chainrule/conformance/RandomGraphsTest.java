package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.chainrule.conformance.TestedDevices.TestedDevice;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Devices and the interpreter agree on random graphs. The property {@code chainrule.randomgraphs.count} says on how many, and
 * {@code chainrule.randomgraphs.seed} from which seed on.
 */
class RandomGraphsTest {

  private static final String DEVICES = "dev.chainrule.conformance.TestedDevices#stream";
  private static final long FIRST = Long.getLong("chainrule.randomgraphs.seed", 1);
  private static final int COUNT = Integer.getInteger("chainrule.randomgraphs.count", 2_500);

  @ParameterizedTest
  @MethodSource(DEVICES)
  void devicesAgreeWithTheInterpreterOnRandomGraphs(TestedDevice tested) {
    var graphs = new RandomGraphs(tested.device());
    for (long seed = FIRST; seed < FIRST + COUNT; seed++) {
      long failing = seed;
      graphs.check(seed).ifPresent(failure -> fail("seed %d on %s: %s%nagain: %s".formatted(failing, tested, failure, again(failing))));
    }
    System.out.println(graphs.summary());
    if (tested.device().info().backend().equals("cpu")) {
      assertEquals(0, graphs.refused());
    }
  }

  private static String again(long seed) {
    return "mvn -pl integration-tests -am test -Dtest=RandomGraphsTest -Dsurefire.failIfNoSpecifiedTests=false"
        + " -Dchainrule.randomgraphs.count=1 -Dchainrule.randomgraphs.seed=" + seed;
  }
}
