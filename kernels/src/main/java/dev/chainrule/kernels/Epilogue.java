package dev.chainrule.kernels;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What becomes of each element of a product before it is stored: a generated kernel without folds ({@link Instruction.WithEpilogue}) as a
 * function that is given the element where the kernel would have loaded it. The element has been rounded to its type, so that the bits are
 * those of a kernel that comes afterwards.
 *
 * @param label for people who read profiles
 * @param function its text; it has the end of the kernel's name in its own
 * @param buffers of the generated kernel, arguments and results
 * @param places of these
 * @param geometry sizes and strides, which come before those of the product
 */
record Epilogue(String label, String function, int buffers, List<Place> places, long... geometry) {

  /** Copies the list. */
  Epilogue {
    places = List.copyOf(places);
  }

  /**
   * Of a call and the kernel that goes along.
   *
   * @param stored whether the call's own result is stored as well
   * @param code number of the instruction, from 1
   */
  static Epilogue of(Instruction.WithEpilogue both, boolean stored, int code, Bases bases) {
    Instruction.Compute compute = both.epilogue();
    GeneratedKernel kernel = compute.kernel();
    Operand result = both.result();
    List<Integer> given = IntStream.range(0, compute.arguments().size()).boxed()
        .filter(i -> compute.arguments().get(i).buffer().equals(result.buffer())).toList();
    List<Layout> layouts = new ArrayList<>();
    List<Integer> indexed = new ArrayList<>();
    GeneratedSource.operands(kernel, layouts, indexed);
    Traversal traversal = Traversal.of(kernel.domain(), kernel.folded(), layouts, indexed);
    var values = new KernelValues(kernel, traversal).given(given);
    String before = stored ? "  ((GLOBAL mem_%1$s *)p%2$d)[row] = STORE_%1$s(total);\n".formatted(result.dtype(), given.getFirst()) : "";
    var writer = new KernelWriter(values, traversal);
    String parameters = IntStream.range(0, values.buffers()).mapToObj(", GLOBAL u8 *p%d"::formatted).collect(Collectors.joining());
    String function = "DEVICE void epilogue_%s(acc_%s total, i64 row, GLOBAL const i64 *g, GLOBAL u32 *faults%s) {\n%s%s"
        .formatted(Source.ID, result.dtype(), parameters, before, writer.elementBody());
    List<Place> places = Stream.concat(compute.arguments().stream(), compute.outputs().stream()).map(o -> bases.place(o.buffer())).toList();
    return new Epilogue(GeneratedSource.label(kernel), function, values.buffers(), places,
        GeneratedSource.geometry(traversal, layouts, List.of((long) code, 0L, traversal.rows(), 1L, 0L, 0L)));
  }

  /**
   * A call of the function, where {@code total} is the element and {@code at} its number.
   *
   * @param first the kernel's first buffer that is the epilogue's; its last is the word of faults
   */
  String call(int first) {
    String arguments = IntStream.range(first, first + buffers).mapToObj(i -> ", b%1$d + o%1$d".formatted(i)).collect(Collectors.joining());
    return "epilogue_%s(total, at, numbers + first, AT(u32, %d)%s);".formatted(Source.ID, first + buffers, arguments);
  }
}
