package dev.chainrule.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.io.Json;
import dev.chainrule.io.Safetensors;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineTest {

  @TempDir
  private Path folder;

  private record Outcome(int code, String out, String err) {}

  private static Outcome run(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    int code = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err)).execute(arguments);
    return new Outcome(code, out.toString(), err.toString());
  }

  private static Outcome run(List<String> fixed, String... more) {
    return run(Stream.concat(fixed.stream(), Arrays.stream(more)).toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
      "train nosuch                                    | 2 | unknown name 'nosuch'",
      "train                                           | 2 | Missing required parameter",
      "train mnist --optimizer lion                    | 2 | unknown name 'lion'",
      "train mnist --schedule steep                    | 2 | unknown name 'steep'",
      "train mnist --precision fp8                     | 2 | unknown name 'fp8'",
      "train mnist --activation zig                    | 2 | unknown activation \"zig\"",
      "train mnist --epochs -3                         | 2 | [--epochs] -3, expected 1 or more",
      "train mnist --epochs many                       | 2 | Invalid value for option '--epochs': 'many' is not an int",
      "train mnist --batch-size 0                      | 2 | [--batch-size] 0, expected 1 or more",
      "train mnist --max-steps 0                       | 2 | [--max-steps] 0, expected 1 or more",
      "train mnist --threads 0                         | 2 | [--threads] 0, expected 1 or more",
      "train mnist --threads all                       | 2 | Invalid value for option '--threads': 'all' is not an int",
      "train mnist --layers 0,3                        | 2 | [--layers]",
      "train mnist --learning-rate -1                  | 2 | [--learning-rate] -1.0",
      "train mnist --learning-rate NaN                 | 2 | [--learning-rate] NaN",
      "train mnist --frobnicate                        | 2 | Unknown option: '--frobnicate'",
      "train mnist --backend tpu                       | 3 | [tpu] unknown backend",
      "train mnist --backend cpu:9                     | 3 | there is no device 9",
      "train mnist --backend cpu:x                     | 3 | not a device name",
      "train mnist --save /no/such/folder/file         | 2 | [/no/such/folder/file] cannot be written",
      "train mnist --profile /no/such/folder/file      | 2 | [/no/such/folder/file] cannot be written",
      "train mnist --summary /                         | 2 | [/] cannot be written",
      "train mnist --data /no/such/folder              | 4 | /no/such/folder",
      "parity --backends tpu                           | 3 | [tpu] unknown backend",
      "parity --optimizer lion --backends cpu          | 2 | unknown name 'lion'",
      "parity --steps -1 --backends cpu                | 2 | [parity] -1 steps",
      "tune --backend cpu                              | 2 | [tune] cpu:0 has no variants",
      "tune --backend cpu --sizes 16,0                 | 2 | [--sizes] 0, expected 1 or more",
      "evaluate /no/such/file                          | 4 | cannot read /no/such/file",
      "train mnist --optimizer sgd --learning-rate 1e30 --max-steps 9 | 5 | [loss] step 2: loss is not finite, first at",
  })
  void badInputEndsWithAMessageAndACodeAndNoStackTrace(String line, int code, String message) {
    Outcome outcome = run(line.split(" +"));

    assertEquals(code, outcome.code(), outcome.err());
    assertTrue(outcome.err().contains(message), outcome.err());
    assertFalse(outcome.err().contains("\tat "), outcome.err());
  }

  @Test
  void threadsOfTheCpuAreAnOption() {
    Devices.open("cpu").close();
    try {
      Outcome outcome = run("train", "mnist", "--backend", "cpu", "--threads", "3", "--max-steps", "1");
      assertEquals(0, outcome.code(), outcome.err());
      assertTrue(outcome.out().contains("(3 threads, "), outcome.out());
    } finally {
      System.clearProperty("chainrule.cpu.threads");
      Devices.open("cpu").close();
    }
  }

  @Test
  void helpVersionAndDevicesPrintAndSucceed() {
    assertTrue(run("--help").out().contains("train"));
    assertTrue(run("train", "--help").out().contains("--learning-rate"));
    assertTrue(run("--version").out().startsWith("chainrule "));
    Outcome devices = run("devices");
    assertEquals(0, devices.code());
    assertTrue(devices.out().lines().anyMatch(line -> line.startsWith("cpu:0")), devices.out());
    assertTrue(devices.out().lines().anyMatch(line -> line.startsWith("opencl")), devices.out());
  }

  private static final List<String> SHORT = List.of("train", "mnist", "--max-steps", "40", "--layers", "32", "--seed", "7");

  @Test
  void aSummarySaysWhatHappened() {
    Path file = folder.resolve("summary.json");
    Outcome outcome = run(SHORT, "--summary", file.toString());

    assertEquals(0, outcome.code(), outcome.err());
    Json.Obj summary = (Json.Obj) Json.read(file);
    for (String key : List.of("recipe", "backend", "device", "seed", "epochs", "steps", "samplesPerSecond", "finalLoss", "losses",
        "testAccuracy", "peakMemoryBytes", "wallSeconds")) {
      assertTrue(summary.get(key).isPresent(), key);
    }
    assertEquals(new Json.Int(40), summary.get("steps").orElseThrow());
    assertEquals(new Json.Int(7), summary.get("seed").orElseThrow());
    Json.Arr losses = (Json.Arr) summary.get("losses").orElseThrow();
    assertEquals(40, losses.elements().size());
    assertEquals(summary.get("finalLoss").orElseThrow(), losses.elements().getLast());
    assertTrue(summary.get("peakMemoryBytes").orElseThrow().asDouble().orElseThrow() > 0);
  }

  @Test
  void savedWeightsEvaluateToTheAccuracyThatTrainingReported() {
    Path file = folder.resolve("weights.safetensors");
    Outcome trained = run(SHORT, "--save", file.toString());
    Outcome evaluated = run("evaluate", file.toString());

    assertEquals(0, evaluated.code(), evaluated.err());
    assertEquals(trained.out().lines().toList().getLast(), evaluated.out().strip());
    assertTrue(evaluated.out().matches("test accuracy 0\\.\\d{4}\\R"), evaluated.out());
  }

  @Test
  void twoRunsWithOneSeedHaveTheSameLossesBitForBit() {
    Path one = folder.resolve("one.json");
    Path two = folder.resolve("two.json");
    Path other = folder.resolve("other.json");
    run(SHORT, "--summary", one.toString());
    run(SHORT, "--summary", two.toString());
    run("train", "mnist", "--max-steps", "40", "--layers", "32", "--seed", "8", "--summary", other.toString());

    assertEquals(losses(one), losses(two));
    assertFalse(losses(one).equals(losses(other)));
  }

  @Test
  void theExplainedPlanIsPrintedBeforeTheTrainingAndChangesNothing() {
    Path one = folder.resolve("one.json");
    Path two = folder.resolve("two.json");
    run(SHORT, "--summary", one.toString());
    Outcome explained = run(SHORT, "--explain", "--summary", two.toString());

    assertEquals(losses(one), losses(two));
    List<String> lines = explained.out().lines().toList();
    int table = lines.indexOf(lines.stream().filter(line -> line.startsWith("kernel ")).findFirst().orElseThrow());
    assertTrue(lines.get(table - 1).startsWith("mnist: "), explained.out());
    assertTrue(lines.stream().skip(table).anyMatch(line -> line.contains("f32[784,32]")), explained.out());
    assertTrue(lines.stream().skip(table).anyMatch(line -> line.startsWith("trained ")), explained.out());
  }

  @Test
  void aProfileOfTheTrainingIsWritten() {
    Path file = folder.resolve("trace.json");
    Path summary = folder.resolve("summary.json");
    Path plain = folder.resolve("plain.json");
    run(SHORT, "--summary", plain.toString());
    Outcome outcome = run(SHORT, "--profile", file.toString(), "--summary", summary.toString());

    assertEquals(0, outcome.code(), outcome.err());
    assertEquals(losses(plain), losses(summary));
    long runs = ((Json.Arr) Json.read(file)).elements().stream().map(Json.Obj.class::cast)
        .filter(event -> event.get("name").equals(Optional.of(new Json.Str("run")))).count();
    assertEquals(40, runs);
  }

  @Test
  void theDoctorSaysWhatIsHereAndWhatWouldBeChosen() {
    Outcome outcome = run("doctor");

    assertEquals(0, outcome.code(), outcome.err());
    assertTrue(outcome.out().contains("cpu:0: "), outcome.out());
    assertTrue(outcome.out().lines().anyMatch(line -> line.matches("java +ok +the Vector API")), outcome.out());
    assertTrue(outcome.out().lines().toList().getLast().matches("choice +ok +[a-z]+:0 without --backend"), outcome.out());
  }

  @Test
  void theCpuIsAtParityWithItself() {
    Path file = folder.resolve("parity.json");
    Outcome outcome = run("parity", "--backends", "cpu", "--steps", "3", "--json", file.toString());

    assertEquals(0, outcome.code(), outcome.err());
    assertTrue(outcome.out().startsWith("cpu:0 against cpu:0"), outcome.out());
    assertTrue(outcome.out().strip().endsWith("parity holds"), outcome.out());
    Json report = ((Json.Arr) ((Json.Obj) Json.read(file)).get("reports").orElseThrow()).elements().getFirst();
    // Before the first step, a loss and six gradients, six parameters with two moments each and a counter; three losses; bits of four runs.
    assertEquals(7 + 19 + 3 + 8, ((Json.Arr) ((Json.Obj) report).get("findings").orElseThrow()).elements().size());
  }

  private static Json losses(Path file) {
    return ((Json.Obj) Json.read(file)).get("losses").orElseThrow();
  }

  @Test
  void everyMismatchOfALoadedModelIsNamedAtOnce() {
    Path file = folder.resolve("odd.safetensors");
    SequencedMap<String, HostArray> tensors = new LinkedHashMap<>();
    tensors.put("1/weight", HostArray.ofFloats(TensorType.of(DType.F32, 2, 2), 1, 2, 3, 4));
    tensors.put("1/bias", HostArray.ofLongs(TensorType.of(DType.I64, 3), 1, 2, 3));
    tensors.put("9/extra", HostArray.ofFloats(TensorType.of(DType.F32, 1), 1));
    Safetensors.write(file, tensors, Map.of("format", "chainrule-mnist", "hidden", "3", "activation", "relu"));
    Outcome outcome = run("evaluate", file.toString());

    assertEquals(4, outcome.code());
    for (String name : List.of("1/weight", "1/bias", "3/weight", "3/bias", "9/extra")) {
      assertTrue(outcome.err().contains(name), name + " in " + outcome.err());
    }
  }

  @Test
  void aForeignOrBrokenWeightFileIsRefused() throws IOException {
    Path foreign = folder.resolve("foreign.safetensors");
    Safetensors.write(foreign, Map.of(), Map.of());
    Path lying = folder.resolve("lying.safetensors");
    Files.write(lying, ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(1 << 20).array());

    assertEquals(4, run("evaluate", foreign.toString()).code());
    Outcome outcome = run("evaluate", lying.toString());
    assertEquals(4, outcome.code());
    assertTrue(outcome.err().contains("header length 1048576"), outcome.err());
  }
}
