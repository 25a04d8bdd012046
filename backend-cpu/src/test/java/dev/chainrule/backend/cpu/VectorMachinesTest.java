package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Functions of floats in JVMs that stand for other machines: shorter vectors, and no Vector API at all. */
class VectorMachinesTest {

  private static final List<Op.Unary> FUNCTIONS = List.of(new Op.Exp(), new Op.Expm1(), new Op.Tanh(), new Op.Erf(), new Op.Log(),
      new Op.Log1p(), new Op.Sin(), new Op.Cos());

  /** Hashes what the loops make of many floats. */
  static final class SelfCheck {
    public static void main(String[] arguments) {
      float[] samples = FloatSamples.all(256);
      float[] x = new float[Registers.BLOCK];
      float[] y = new float[Registers.BLOCK];
      int hash = 0;
      for (Op.Unary op : FUNCTIONS) {
        for (int at = 0; at < samples.length; at += x.length) {
          int n = Math.min(x.length, samples.length - at);
          System.arraycopy(samples, at, x, 0, n);
          FloatLoops.unary(op).apply(y, x, n);
          for (int i = 0; i < n; i++) {
            hash = 31 * hash + Float.floatToIntBits(y[i]);
          }
        }
      }
      System.out.println(hash);
    }
  }

  /** Runs the loops until they allocate nothing any more, prints those that always do. */
  static final class AllocationCheck {
    public static void main(String[] arguments) {
      float[] x = new float[Registers.BLOCK];
      float[] y = new float[Registers.BLOCK];
      for (int i = 0; i < x.length; i++) {
        x[i] = i * 0.01f - 3;
      }
      for (Op.Unary op : FUNCTIONS) {
        Loops.Unary<float[]> loop = FloatLoops.unary(op);
        long end = System.nanoTime() + 30_000_000_000L;
        while (allocated(loop, y, x) > 0) {
          if (System.nanoTime() > end) {
            System.out.println(op + " allocates");
            break;
          }
        }
      }
      System.out.println(FloatVector.SPECIES_PREFERRED.length() + " lanes");
    }

    /** A vector that crosses a call costs some 100 bytes; 3,200 vectors or more are far above what the measuring itself takes. */
    private static long allocated(Loops.Unary<float[]> loop, float[] y, float[] x) {
      var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < 50; i++) {
        loop.apply(y, x, x.length);
      }
      return (threads.getCurrentThreadAllocatedBytes() - before) / 3_200;
    }
  }

  @Test
  @Tag("S19.11")
  void sameBitsWithVectorsOfAnyLengthAndWithoutThem() throws Exception {
    String plain = GemmMachinesTest.last(GemmMachinesTest.run(SelfCheck.class));
    for (int bytes : new int[] {16, 32, 64}) {
      List<String> vectors = GemmMachinesTest.run(SelfCheck.class, "--add-modules=jdk.incubator.vector", "-XX:MaxVectorSize=" + bytes);
      assertEquals(plain, GemmMachinesTest.last(vectors), () -> bytes + " bytes");
    }
  }

  /** Hashes what kernels with folds of rows and of columns come to. */
  static final class FoldCheck {
    public static void main(String[] arguments) {
      int hash = 0;
      try (CpuDevice device = new CpuDevice(1, Generation.EAGER)) {
        for (int n : new int[] {8, 16, 24, 32, 48, 64, 72, 100, 128, 256, 1024, 1048, 3000}) {
          for (Shape domain : List.of(Shape.of(67, n), Shape.of(n, 48))) {
            Axes axes = Axes.of(domain.dim(0) == n ? 0 : 1);
            for (WrittenKernel kernel : List.of(GeneratedKernelTest.softmax(domain, axes, DType.F32),
                GeneratedKernelTest.normalisation(domain, axes, DType.F32))) {
              for (HostArray output : kernel.fused().on(device).outputs()) {
                hash = 31 * hash + Arrays.hashCode(output.segment().toArray(ValueLayout.JAVA_BYTE));
              }
            }
          }
        }
      }
      System.out.println(hash);
    }
  }

  @Test
  @Tag("S19.11")
  void foldsHaveTheSameBitsWithVectorsOfAnyLengthAndWithoutThem() throws Exception {
    String plain = GemmMachinesTest.last(GemmMachinesTest.run(FoldCheck.class));
    for (int bytes : new int[] {16, 32, 64}) {
      List<String> vectors = GemmMachinesTest.run(FoldCheck.class, "--add-modules=jdk.incubator.vector", "-XX:MaxVectorSize=" + bytes);
      assertEquals(plain, GemmMachinesTest.last(vectors), () -> bytes + " bytes");
    }
  }

  @Test
  void loopsAllocateNothingOnceCompiled() throws Exception {
    List<String> output = GemmMachinesTest.run(AllocationCheck.class, "--add-modules=jdk.incubator.vector");
    assertEquals(List.of(FloatVector.SPECIES_PREFERRED.length() + " lanes"),
        output.stream().filter(line -> !line.startsWith("WARNING")).toList());
  }
}
