package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.device.Memory;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Source;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the driver refuses or the GPU breaks off ends in an exception that says so, with variables whole or unusable, never wrong. */
class FailuresTest {

  private static final double[] START = {1, 2, 3};

  @AfterEach
  void restoreTheMachine() {
    OnTheStandIn.standIn().set("memory", 2L << 30);
  }

  private static Variable variable(String name) {
    return Variable.of(name, HostArray.ofDoubles(TensorType.of(DType.F32, 3), START), true);
  }

  private static Step doubling(Variable... variables) {
    return Step.training(_ -> {
      for (Variable variable : variables) {
        variable.assign(variable.value().mul(2));
      }
      return List.of();
    });
  }

  @Test
  void anAllocationThatFailsOnceIsAskedForAgain() {
    OnTheStandIn.with(device -> {
      device.allocate(1000).free();
      assertEquals(1024, device.machine().memory().keptBytes());
      OnTheStandIn.standIn().fail("alloc", 1);
      Memory memory = device.allocate(5000);
      assertEquals(0, device.machine().memory().keptBytes(), "what was kept was not given back first");
      memory.free();
    });
  }

  /** Whatever wants memory of the driver's: what is kept goes back, and once more it is asked. */
  @ParameterizedTest
  @ValueSource(strings = {"alloc", "pinned", "module", "graph memory"})
  void whatFailsOnceForWantOfMemoryIsAskedForAgain(String kind, @TempDir Path cubins) {
    OnTheStandIn.with(new Settings(true, false, false, cubins), device -> {
      Variable variable = variable("w");
      Step step = doubling(variable);
      long replays = OnTheStandIn.standIn().count("replays");
      if (kind.equals("graph memory")) {
        step.run();
      }
      device.allocate(1 << 20).free();
      assertTrue(device.machine().memory().keptBytes() >= 1 << 20);
      OnTheStandIn.standIn().fail(kind, 1);
      step.run();
      if (kind.equals("alloc")) {
        device.allocate(3 << 20).free();
        assertEquals(3 << 20, device.machine().memory().keptBytes(), "what was kept before went back");
      } else if (kind.equals("pinned")) {
        device.machine().context().run(() -> HostData.pinned(device.machine().context(), 4096));
      }
      assertTrue(kind.equals("alloc") || device.machine().memory().keptBytes() < 1 << 20, "what was kept was not given back first");
      step.run();
      step.run();
      int runs = kind.equals("graph memory") ? 4 : 3;
      double factor = 1 << runs;
      assertArrayEquals(new double[] {factor, 2 * factor, 3 * factor}, variable.value().toDoubleArray());
      assertEquals(runs - 1, OnTheStandIn.standIn().count("replays") - replays, "all but the first run are graphs");
    });
  }

  @Test
  void modulesThatTheDeviceHasNoMemoryForAreReportedByPath(@TempDir Path cubins) {
    OnTheStandIn.with(new Settings(true, false, false, cubins), _ -> {
      Variable variable = variable("w");
      Step step = doubling(variable);
      OnTheStandIn.standIn().fail("module", -4); // a plan without kernels is tried again when the collector has run
      String full = assertThrows(DeviceOutOfMemoryException.class, step::run).getMessage();
      assertTrue(full.contains("cuModuleLoadData gave CUDA_ERROR_OUT_OF_MEMORY (2)"), full);
      assertTrue(full.contains("the run needs "), full);
      OnTheStandIn.standIn().fail("module", 1);
      step.run();
      assertArrayEquals(new double[] {2, 4, 6}, variable.value().toDoubleArray());
    });
  }

  /** A library that is left out for want of memory would change bits by what else is on the GPU. */
  @ParameterizedTest
  @ValueSource(strings = {"products memory", "convolutions memory"})
  void aLibraryWithoutMemoryIsAskedAgainAndNotLeftOut(String kind) {
    OnTheStandIn.standIn().fail(kind, 1);
    OnTheStandIn.with(device -> assertTrue(device.machine().products().isPresent() && device.machine().convolutions().isPresent()));
    OnTheStandIn.standIn().fail(kind, -2);
    assertThrows(DeviceOutOfMemoryException.class, () -> OnTheStandIn.open(OnTheStandIn.usual()));
    OnTheStandIn.assertNothingLeft();
  }

  @Test
  void moreThanTheDeviceHasIsRefusedWithAReportAndChangesNothing() {
    OnTheStandIn.with(device -> {
      Variable variable = variable("w");
      Step step = doubling(variable);
      step.run();
      OnTheStandIn.standIn().set("memory", 1L << 20);
      DeviceOutOfMemoryException full = assertThrows(DeviceOutOfMemoryException.class, () -> device.allocate(8L << 20));
      assertTrue(full.getMessage().startsWith("[cuda:0] 8,388,608 bytes are not to be had: "), full.getMessage());
      assertTrue(full.getMessage().contains("of the GPU's 1,048,576 are free"), full.getMessage());
      var large = assertThrows(DeviceOutOfMemoryException.class, () -> Tensor.ones(TensorType.of(DType.F32, 1 << 20)).add(1).eval());
      assertTrue(large.getMessage().contains("\n  the run needs 4,194,304 bytes: temporaries 0, variables 0, inputs 0, results 4,194,304\n"),
          large.getMessage());
      assertArrayEquals(new double[] {2, 4, 6}, variable.value().toDoubleArray());
      OnTheStandIn.standIn().set("memory", 2L << 30);
      step.run();
      assertArrayEquals(new double[] {4, 8, 12}, variable.value().toDoubleArray());
    });
  }

  @Test
  void aLaunchThatIsRefusedSpoilsWhatTheRunWritesAndNothingElse() {
    OnTheStandIn.with(new Settings(false, false, false, OnTheStandIn.usual().cubins()), _ -> {
      Variable written = variable("written");
      Variable other = variable("other");
      Step step = doubling(written);
      doubling(other).run();
      step.run();
      OnTheStandIn.standIn().fail("launch", 1);
      DeviceUnavailableException refused = assertThrows(DeviceUnavailableException.class, step::run);
      assertTrue(refused.getMessage().contains("cuLaunchKernel gave CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701)"), refused.getMessage());
      assertThrows(RuntimeException.class, () -> written.value().toDoubleArray());
      assertArrayEquals(new double[] {2, 4, 6}, other.value().toDoubleArray());
      written.assign(Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, 3), START)));
      step.run();
      assertArrayEquals(new double[] {2, 4, 6}, written.value().toDoubleArray());
    });
  }

  @Test
  void aGraphThatCannotBeMadeLeavesTheRunToLaunches() {
    OnTheStandIn.with(_ -> {
      Variable variable = variable("w");
      Step step = doubling(variable);
      step.run();
      OnTheStandIn.standIn().fail("graph", 1);
      long replays = OnTheStandIn.standIn().count("replays");
      step.run();
      step.run();
      assertArrayEquals(new double[] {8, 16, 24}, variable.value().toDoubleArray());
      assertEquals(replays, OnTheStandIn.standIn().count("replays"));
    });
  }

  @Test
  void anErrorThatSurfacesLaterLosesTheDevice() {
    losing("async", "cuEventSynchronize gave CUDA_ERROR_LAUNCH_FAILED (719)");
  }

  @Test
  void aLostDeviceLosesWhatLayOnIt() {
    losing("lost", "gave CUDA_ERROR_UNKNOWN (999)");
  }

  private static void losing(String failure, String named) {
    OnTheStandIn.with(_ -> {
      Variable written = variable("written");
      Variable other = variable("other");
      Variable untouched = variable("untouched");
      Step step = doubling(written);
      doubling(other).run();
      step.run();
      OnTheStandIn.standIn().fail(failure, 1);
      DeviceUnavailableException first = assertThrows(DeviceUnavailableException.class, () -> {
        step.run();
        written.toHostArray();
      });
      assertTrue(first.getMessage().contains(named), first.getMessage());
      assertTrue(first.getMessage().contains("the GPU is lost"), first.getMessage());
      assertTrue(first.getMessage().contains("--sync"), first.getMessage());
      assertNamed(named, assertThrows(RuntimeException.class, () -> written.value().toDoubleArray()));
      assertNamed(named, assertThrows(RuntimeException.class, () -> other.value().toDoubleArray()));
      assertNamed(named, assertThrows(RuntimeException.class, () -> doubling(other).run()));
      assertArrayEquals(START, untouched.toHostArray().toDoubleArray());
    });
    OnTheStandIn.with(_ -> assertEquals(6, Tensor.of(new float[] {1, 2, 3}).sum().item(), "after it was opened again"));
  }

  /** The first cause is in the message or below it. */
  private static void assertNamed(String named, Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (String.valueOf(cause.getMessage()).contains(named)) {
        return;
      }
    }
    throw new AssertionError(named + " is not named", thrown);
  }

  @Test
  void withSyncTheKernelThatFailsIsNamed() {
    Settings usual = OnTheStandIn.usual();
    OnTheStandIn.with(new Settings(true, true, false, usual.cubins()), _ -> {
      Tensor.of(new float[] {1, 2, 3}).add(1).eval();
      OnTheStandIn.standIn().fail("async", 1);
      DeviceUnavailableException failed =
          assertThrows(DeviceUnavailableException.class, () -> Tensor.of(new float[] {1, 2, 3}).add(1).eval());
      assertTrue(failed.getMessage().matches("(?s).*cuStreamSynchronize gave .*, in kernel \\w+.*"), failed.getMessage());
    });
  }

  @Test
  void anAddressWithoutMemoryBehindItIsRefused() {
    OnTheStandIn.with(device -> {
      Context context = device.machine().context();
      Memory memory = device.allocate(4096);
      long address = CudaMemory.of(memory).address();
      var failed = assertThrows(DeviceUnavailableException.class, () -> context.run(() -> {
        context.driver().cuMemsetD32Async(address + (1L << 34), 0, 1, device.machine().streams().compute());
        context.driver().cuStreamSynchronize(device.machine().streams().compute());
      }));
      assertTrue(failed.getMessage().contains("cuMemsetD32Async gave CUDA_ERROR_INVALID_VALUE"), failed.getMessage());
      assertFalse(context.isLost());
      memory.free();
    });
  }

  /** What lies behind the address was given back to the driver; the kernel starts, and the GPU finds out. */
  @Test
  void aKernelWithTheAddressOfMemoryThatWasFreedLosesTheDevice() {
    var kernel = new Source("touch", "KERNEL(256) void touch(GLOBAL u8 *b0, i64 o0) {\n  b0[o0] = 1;\n}\n");
    OnTheStandIn.with(device -> {
      Machine machine = device.machine();
      machine.modules().require(List.of(kernel));
      var failed = assertThrows(DeviceUnavailableException.class, () -> machine.context().run(() -> {
        DriverSetup.DeviceMemory memory = machine.context().setup().cuMemAlloc(4096);
        machine.context().setup().cuMemFree(memory);
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment arguments = arena.allocateFrom(ValueLayout.JAVA_LONG, memory.address(), 0);
          MemorySegment table = arena.allocateFrom(ValueLayout.JAVA_LONG, arguments.address(), arguments.address() + Long.BYTES);
          machine.context().driver().cuLaunchKernel(machine.modules().function(kernel), 1, 256, machine.streams().compute(), table.address());
        }
        machine.context().driver().cuStreamSynchronize(machine.streams().compute());
      }));
      assertTrue(failed.getMessage().contains("cuStreamSynchronize gave CUDA_ERROR_ILLEGAL_ADDRESS (700)"), failed.getMessage());
      assertTrue(machine.context().isLost());
    });
  }

  /** As programs do; a closed device has given everything back. */
  @Test
  void whatIsLeftAtTheEndOfTheProcessIsSeen() throws IOException {
    assertTrue(outputOf().contains("stand-in: at exit there are 2 pieces of memory"), outputOf());
    assertFalse(outputOf("close").contains("stand-in: at exit"), outputOf("close"));
  }

  /** As on a machine that mounts /tmp noexec, or has it full. */
  @Test
  void aFolderForTemporaryFilesThatIsOfNoUseToJCudaIsNamed(@TempDir Path folder) throws IOException {
    Path none = Files.writeString(folder.resolve("file"), "no folder");
    String said = outputOf(List.of("-Djava.io.tmpdir=" + none), "refused");
    assertTrue(said.contains("refused: [cuda:0] JCuda's library cannot be opened from " + none), said);
    assertTrue(said.contains("-Djava.io.tmpdir=") && said.contains("noexec"), said);
    assertEquals(2, said.lines().filter(line -> line.startsWith("refused: [cuda:0] JCuda's library")).count(), said);
  }

  private static String outputOf(String... arguments) throws IOException {
    return outputOf(List.of(), arguments);
  }

  private static String outputOf(List<String> options, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(options);
    command.addAll(List.of(
        "--enable-native-access=ALL-UNNAMED", "-Dchainrule.cuda.libraries=" + OnTheStandIn.standIn().folder(), "-cp",
        System.getProperty("java.class.path"), ForgetfulProcess.class.getName()));
    command.addAll(List.of(arguments));
    return StandIn.run(Path.of("").toAbsolutePath(), command);
  }

  @Test
  void afterTheEndNothingCanBeAsked() {
    CudaDevice device = OnTheStandIn.open(OnTheStandIn.usual());
    OnTheStandIn.run(device, () -> assertEquals(3, Tensor.of(new float[] {1, 2}).sum().item()));
    device.close();
    device.close();
    OnTheStandIn.assertNothingLeft();
    OnTheStandIn.run(device, () -> assertThrows(DeviceUnavailableException.class, () -> Tensor.of(new float[] {1, 2}).sum().eval()));
  }
}
