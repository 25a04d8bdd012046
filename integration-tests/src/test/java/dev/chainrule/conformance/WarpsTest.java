package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.kernels.Dialect;
import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What warps do together is on the host what the PTX ISA says, "Matrix Fragments for mma.m16n8k16 with floating point type". */
class WarpsTest {

  private static final int THREADS = 256;
  private static final int LANES = 32;
  private static final int ROWS = 16;
  private static final int COLUMNS = 8;
  private static final int DEPTH = 16;

  private static final String KERNEL = """
      KERNEL(256) void warps(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), NUMBERS) {
        u32 left[4];
        f32 sums[4];
        for (int i = 0; i < 4; i++) {
          left[i] = AT(const u32, 0)[THREAD * 4 + i];
          sums[i] = AT(f32, 2)[THREAD * 4 + i];
        }
        multiply_tiles(sums, left, AT(const u32, 1)[THREAD * 2], AT(const u32, 1)[THREAD * 2 + 1]);
        for (int i = 0; i < 4; i++) {
          AT(f32, 2)[THREAD * 4 + i] = sums[i];
        }
        AT(f32, 3)[THREAD] = across(THREAD, 2);
        AT(i32, 4)[2 * THREAD] = any_of_group(THREAD == 77);
        AT(i32, 4)[2 * THREAD + 1] = any_of_group(THREAD == 256);
      }
      """;

  private final float[][][] a = random(ROWS, DEPTH, 1);
  private final float[][][] b = random(DEPTH, COLUMNS, 2);
  private final float[][][] c = random(ROWS, COLUMNS, 3);

  /** For each warp a matrix of integers that bf16 holds, so that sums are exact in any order. */
  private static float[][][] random(int rows, int columns, long seed) {
    var random = new SplittableRandom(seed);
    float[][][] all = new float[THREADS / LANES][rows][columns];
    for (float[][] matrix : all) {
      for (float[] row : matrix) {
        for (int i = 0; i < columns; i++) {
          row[i] = random.nextInt(-100, 101);
        }
      }
    }
    return all;
  }

  private static short bf16(float x) {
    return (short) (Float.floatToIntBits(x) >>> Short.SIZE);
  }

  @Test
  @SuppressWarnings("restricted") // the function has been written for this type
  void aWarpMultipliesTilesWhoseFragmentsLieAsInTheInstructionSet() throws Throwable {
    CppCompiler.require();
    SymbolLookup library = CppCompiler.compile(Dialect.HOST.head(true) + CompiledExecutable.threads() + KERNEL + CompiledExecutable.call("warps", 5));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment left = arena.allocate(ValueLayout.JAVA_SHORT, THREADS * 8);
      MemorySegment right = arena.allocate(ValueLayout.JAVA_SHORT, THREADS * 4);
      MemorySegment sums = arena.allocate(ValueLayout.JAVA_FLOAT, THREADS * 4);
      MemorySegment others = arena.allocate(ValueLayout.JAVA_FLOAT, THREADS);
      MemorySegment any = arena.allocate(ValueLayout.JAVA_INT, THREADS * 2);
      for (int thread = 0; thread < THREADS; thread++) {
        int warp = thread / LANES;
        int groupId = thread % LANES >> 2;
        int threadInGroup = thread % LANES % 4;
        for (int i = 0; i < 8; i++) {
          int row = (0 <= i && i < 2) || (4 <= i && i < 6) ? groupId : groupId + 8;
          int column = i < 4 ? threadInGroup * 2 + (i & 1) : threadInGroup * 2 + (i & 1) + 8;
          left.setAtIndex(ValueLayout.JAVA_SHORT, thread * 8L + i, bf16(a[warp][row][column]));
        }
        for (int i = 0; i < 4; i++) {
          int row = i < 2 ? threadInGroup * 2 + (i & 1) : threadInGroup * 2 + (i & 1) + 8;
          right.setAtIndex(ValueLayout.JAVA_SHORT, thread * 4L + i, bf16(b[warp][row][groupId]));
          sums.setAtIndex(ValueLayout.JAVA_FLOAT, thread * 4L + i, c[warp][i < 2 ? groupId : groupId + 8][threadInGroup * 2 + (i & 1)]);
        }
      }
      run(library, arena, left, right, sums, others, any, arena.allocate(1));
      for (int thread = 0; thread < THREADS; thread++) {
        int groupId = thread % LANES >> 2;
        for (int i = 0; i < 4; i++) {
          assertEquals(product(thread / LANES, i < 2 ? groupId : groupId + 8, thread % LANES % 4 * 2 + (i & 1)),
              sums.getAtIndex(ValueLayout.JAVA_FLOAT, thread * 4L + i), "thread " + thread + ", element " + i);
        }
        assertEquals(thread ^ 2, others.getAtIndex(ValueLayout.JAVA_FLOAT, thread));
        assertEquals(1, any.getAtIndex(ValueLayout.JAVA_INT, 2L * thread));
        assertEquals(0, any.getAtIndex(ValueLayout.JAVA_INT, 2L * thread + 1));
      }
    }
  }

  private float product(int warp, int row, int column) {
    float sum = c[warp][row][column];
    for (int k = 0; k < DEPTH; k++) {
      sum += a[warp][row][k] * b[warp][k][column];
    }
    return sum;
  }

  @SuppressWarnings("restricted")
  private static void run(SymbolLookup library, Arena arena, MemorySegment... buffers) throws Throwable {
    MemorySegment addresses = arena.allocate(ValueLayout.JAVA_LONG, buffers.length);
    for (int i = 0; i < buffers.length; i++) {
      addresses.setAtIndex(ValueLayout.JAVA_LONG, i, buffers[i].address());
    }
    int outcome = (int) Linker.nativeLinker().downcallHandle(library.findOrThrow("run_kernel"), CompiledExecutable.RUN)
        .invokeExact(library.findOrThrow("call_warps"), 1L, 1, addresses, arena.allocate(ValueLayout.JAVA_LONG, buffers.length));
    assertEquals(0, outcome);
  }
}
