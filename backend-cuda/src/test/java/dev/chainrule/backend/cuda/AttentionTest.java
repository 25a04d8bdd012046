package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** GPUs from compute capability 8.0 on have attention of bf16 on tensor cores, older ones in the tiles of all. */
class AttentionTest {

  private static final Pattern KERNELS = Pattern.compile("KERNEL\\(256\\) void (attention\\w*)_[0-9a-f]{16}\\(");

  /** What the two ways may differ by: a unit in the last place of bf16, of numbers below 4. */
  private static final float ROUNDING = 0x1p-6f;

  /** A compiler that remembers which kernels of attention it was given. */
  private record Remembering(KernelCompiler compiler, Set<String> kernels) implements KernelCompiler {
    @Override
    public String version() {
      return compiler.version() + "-remembered-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    }

    @Override
    public List<String> options() {
      return compiler.options();
    }

    @Override
    public byte[] compile(String source, String architecture) {
      KERNELS.matcher(source).results().forEach(kernel -> kernels.add(kernel.group(1)));
      return compiler.compile(source, architecture);
    }
  }

  @AfterEach
  void giveTheCardBack() {
    OnTheStandIn.standIn().set("capability", 90);
  }

  private static Tensor random(long seed, long... dims) {
    var random = new SplittableRandom(seed);
    TensorType type = TensorType.of(DType.F32, dims);
    return Tensor.of(HostArray.ofDoubles(type, random.doubles(type.elements(), -1, 1).toArray())).cast(DType.BF16);
  }

  /** Result and gradients. */
  private static List<float[]> computed(int capability, Set<String> kernels) {
    OnTheStandIn.standIn().set("capability", capability);
    Installation found = OnTheStandIn.standIn().installation();
    var compiler = new Remembering(found.compiler().orElseThrow(), kernels);
    List<float[]> results = new ArrayList<>();
    try (CudaDevice device = CudaDevice.open(new CudaBackend(() -> found).discover().getFirst(), found.cards().getFirst(),
        found.driver().orElseThrow(), compiler, found.libraries(), OnTheStandIn.usual())) {
      OnTheStandIn.run(device, () -> {
        List<Tensor> in = List.of(random(1, 2, 40, 2, 64).permute(0, 2, 1, 3), random(2, 2, 2, 50, 64), random(3, 2, 2, 50, 64));
        Tensor result = Attention.CAUSAL.apply(in.get(0), in.get(1), in.get(2));
        List<Tensor> all = new ArrayList<>(List.of(result.cast(DType.F32)));
        Gradients.of(result.mul(random(4, 2, 2, 40, 64)).sum(), in).forEach(gradient -> all.add(gradient.cast(DType.F32)));
        Tensor.eval(all.toArray(Tensor[]::new));
        all.forEach(x -> results.add(x.toFloatArray()));
      });
    }
    OnTheStandIn.assertNothingLeft();
    return results;
  }

  @Test
  void tensorCoresAndTilesAgree() {
    Set<String> onNew = new TreeSet<>();
    Set<String> onOld = new TreeSet<>();
    List<float[]> actual = computed(80, onNew);
    List<float[]> expected = computed(75, onOld);
    assertEquals(Set.of("attention_mma", "attention_mma_queries", "attention_mma_keys"), onNew);
    assertEquals(Set.of("attention", "attention_queries", "attention_keys"), onOld);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i), actual.get(i), ROUNDING);
    }
  }
}
