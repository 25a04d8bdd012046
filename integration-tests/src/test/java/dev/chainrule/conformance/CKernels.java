package dev.chainrule.conformance;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/** The generated kernels of a schedule as functions of C in one library. */
final class CKernels implements PlainDevice.Generation {

  private static final FunctionDescriptor TYPE =
      FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.ADDRESS);

  /** As {@code kernels.h} names it. */
  private static final long DIVIDED_BY_ZERO = -2;

  private final Map<GeneratedKernel, MethodHandle> functions = new LinkedHashMap<>();

  @SuppressWarnings("restricted") // the functions have been written for this type
  private CKernels(Schedule schedule) {
    Map<GeneratedKernel, String> names = new LinkedHashMap<>();
    collect(schedule.instructions(), names);
    if (!names.isEmpty()) {
      var source = new StringBuilder(head());
      names.forEach((kernel, name) -> source.append('\n').append(CKernelSource.of(name, kernel)));
      SymbolLookup library = CCompiler.compile(source.toString());
      names.forEach((kernel, name) -> functions.put(kernel, Linker.nativeLinker().downcallHandle(library.findOrThrow(name), TYPE)));
    }
  }

  /** A device that computes generated kernels in C and has the interpreter compute the other operations. */
  static PlainDevice device() {
    return new PlainDevice("c", "generated kernels in C", (_, result) -> result, schedule -> Optional.of(new CKernels(schedule)));
  }

  private static void collect(List<Instruction> instructions, Map<GeneratedKernel, String> names) {
    for (Instruction instruction : instructions) {
      switch (instruction) {
        case Instruction.Compute compute -> names.putIfAbsent(compute.kernel(), "kernel_" + names.size());
        case Instruction.Group(var kernels) -> kernels.forEach(each -> names.putIfAbsent(each.kernel(), "kernel_" + names.size()));
        case Instruction.WithEpilogue(_, var epilogue) -> names.putIfAbsent(epilogue.kernel(), "kernel_" + names.size());
        case Instruction.Call _ -> {}
        case Instruction.Loop _, Instruction.While _, Instruction.Cond _ -> instruction.bodies().forEach(body -> collect(body, names));
      }
    }
  }

  private static String head() {
    try (InputStream head = Objects.requireNonNull(CKernels.class.getResourceAsStream("kernels.h"))) {
      return new String(head.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public int run(List<Instruction.Compute> kernels, Function<BufferRef, PlainExecutable.Window> memory) {
    int first = -1;
    int before = 0;
    for (Instruction.Compute compute : kernels) {
      int failed = run(compute, memory);
      first = first < 0 && failed >= 0 ? before + failed : first;
      before += compute.checks().size();
    }
    return first;
  }

  private int run(Instruction.Compute compute, Function<BufferRef, PlainExecutable.Window> memory) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = addresses(compute.arguments(), memory, arena);
      MemorySegment out = addresses(compute.outputs(), memory, arena);
      long outcome = (long) Objects.requireNonNull(functions.get(compute.kernel())).invokeExact(in, out);
      if (outcome == DIVIDED_BY_ZERO) {
        throw new InvalidArgumentException("generated kernel", "an integer divided by 0", "");
      }
      return Math.toIntExact(outcome);
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(compute + " could not be called", e);
    }
  }

  private static MemorySegment addresses(List<Operand> operands, Function<BufferRef, PlainExecutable.Window> memory, Arena arena) {
    MemorySegment addresses = arena.allocate(ValueLayout.ADDRESS, operands.size());
    for (int i = 0; i < operands.size(); i++) {
      PlainExecutable.Window buffer = memory.apply(operands.get(i).buffer());
      MemorySegment segment = buffer.segment().isNative() ? buffer.segment() : copied(buffer.segment(), arena);
      addresses.setAtIndex(ValueLayout.ADDRESS, i, MemorySegment.ofAddress(segment.address() + buffer.byteOffset()));
    }
    return addresses;
  }

  /** Constants and Java numbers lie in the heap, and are only read. */
  private static MemorySegment copied(MemorySegment segment, Arena arena) {
    return arena.allocate(segment.byteSize(), Schedule.ALIGNMENT).copyFrom(segment);
  }
}
