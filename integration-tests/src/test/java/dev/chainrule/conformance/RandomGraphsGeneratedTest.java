package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.backend.cpu.CpuDevice;
import dev.chainrule.backend.cpu.Generation;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.HostArray;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.Evaluator;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The CPU gives the same bits whether its kernels are interpreted or generated, whatever it computes. */
class RandomGraphsGeneratedTest {

  private static final int GRAPHS = 400;

  @Test
  @Tag("S19.13")
  void generatedCodeGivesTheInterpretersBits() {
    Logger.getLogger("dev.chainrule.plan.Replay").setLevel(Level.WARNING);
    int computed = 0;
    try (var interpreted = new CpuDevice(1, Generation.OFF); var generated = new CpuDevice(2, Generation.EAGER)) {
      for (long seed = 1; seed <= GRAPHS; seed++) {
        Optional<List<HostArray>> expected = outputs(seed, interpreted);
        Optional<List<HostArray>> found = outputs(seed, generated);
        assertEquals(expected.isPresent(), found.isPresent(), "one of them faults on seed " + seed);
        for (int i = 0; expected.isPresent() && i < expected.get().size(); i++) {
          assertEquals("", Comparison.differingBits(found.get().get(i), expected.get().get(i)), "output " + i + " of seed " + seed);
        }
        computed += expected.isPresent() ? 1 : 0;
      }
    }
    assertTrue(computed > GRAPHS * 3 / 4, "only " + computed + " of " + GRAPHS + " do not fault");
  }

  /** Drawn anew for each device: its variables move to the one that reads them. */
  private static Optional<List<HostArray>> outputs(long seed, Device device) {
    return Devices.with(device, () -> {
      RandomGraph graph = RandomGraph.of(Choices.drawn(seed));
      try {
        return Optional.of(Evaluator.compute(graph.outputs()).stream().map(Engine::read).toList());
      } catch (ChainruleException fault) {
        return Optional.empty();
      }
    });
  }
}
