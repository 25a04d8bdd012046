package dev.chainrule.benchmarks.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that measures, on the CPU: its figures mean nothing, but it runs. */
class GpuBenchmarkTest {

  private static final String OURS = "{\"parameters\":9,\"firstLoss\":2.0,\"lastLoss\":1.0,\"stepSeconds\":[0.002,0.001,0.003],"
      + "\"operations\":4e9,\"floorSeconds\":0.0005,\"peakBytes\":2000000,\"kernels\":7,\"contender\":\"chainrule\"}";

  private static String peer(String contender, double... seconds) {
    return "{\"contender\":\"" + contender + "\",\"firstLoss\":2.1,\"stepSeconds\":" + Arrays.toString(seconds) + "}";
  }

  @Test
  void aWorkloadIsMeasuredOnceAndGivesARow(@TempDir Path folder) throws IOException {
    GpuWorkload workload = GpuWorkload.titled("small-mlp-8-f32");
    String row = GpuBenchmark.row("cpu", workload, folder, 1);
    assertTrue(row.startsWith("| small-mlp-8-f32 | "), row);
    Path samples = folder.resolve("samples-cpu-small-mlp-8-f32.jsonl");
    String once = Files.readString(samples);
    assertTrue(once.contains("\"contender\":\"chainrule\""), once);
    boolean withTorch = once.contains("\"contender\":\"eager\"");
    assertEquals(!withTorch, row.contains("NOT RUN PyTorch on small-mlp-8-f32: "), row);
    GpuBenchmark.row("cpu", workload, folder, 1);
    assertEquals(once, Files.readString(samples), "what is there is not measured again");
  }

  @Test
  void theTableComparesMedians(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("samples.jsonl");
    Files.write(file, List.of(OURS, peer("eager", 0.01), peer("compile", 0.004, 0.003, 0.005), peer("eager", 0.02, 0.006)));
    String row = GpuTable.row(GpuWorkload.titled("small-mlp-8-f32"), new Samples(file), List.of("eager", "compile", "cuda-graph"));
    assertEquals("| small-mlp-8-f32 | 2.000 (1.000, 3.000) | 4000 | 2.00 | 0.25 | 2 | 7 | 0.952 | 5.00 | 2.00 (compile) |", row);
  }
}
