package dev.chainrule.kernels;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A generated kernel in the dialect, and its geometry: sizes and strides are data, so that the text depends on operations, types and the
 * number of axes alone, and few texts do for many shapes.
 *
 * <p>Without folds each thread computes elements of its own, by {@link Packs} where they lie without gaps. With folds of up to
 * {@value #SERIAL} elements each thread computes a row: it goes through the elements for the folds that need no others, then for those that
 * need these, and so on, and at the end once more for the results. Longer folds are shared by {@value #LANES} threads, eight rows to a
 * group. Rows of up to a chunk that are gone through more than once are kept in registers ({@link Held}). Traffic: operands once; longer
 * rows once for each time that they are gone through.
 *
 * <p>The tree of a fold depends on its length alone. Up to {@value #SERIAL} elements: in order. Longer ones in chunks of {@value #CHUNK}:
 * lane i combines elements i, i + {@value #LANES}, ... in order, then the upper half of the lanes joins the lower until one is left; the
 * chunks are combined in order. Where there are few long rows, the chunks are shared out as well, and a second kernel combines them: the
 * same tree. Folds that need these follow in two more kernels, and what is stored at each element in a last one, chunk by chunk, too.
 *
 * @param label for people who read profiles
 * @param body of the kernel, which names its buffers {@code p0}, {@code p1}, ..., its geometry {@code g}, its number among the groups that
 *     share the work {@code group} and their count {@code groups}
 * @param buffers the arguments, the results, numbers of chunks if there are any, and the word of faults
 * @param geometry sizes and strides
 * @param wantedGroups how many groups of threads there are if each thread has one thing to do
 * @param partialBytes of the memory for chunks' numbers, which comes after the results; 0 if there is none
 */
record GeneratedSource(String label, String body, int buffers, long[] geometry, long wantedGroups, long partialBytes) {

  /** Elements that one thread combines alone. */
  static final int SERIAL = 16;

  /** Threads that share a longer row. */
  static final int LANES = 32;

  /** Elements that lanes go through before they are combined. */
  static final int CHUNK = 2048;

  /** Beyond it a row is walked by index types of 64 bits. */
  static final long MOST_SMALL = Integer.MAX_VALUE;

  /** Groups beyond these have no more effect: threads go on to further rows. */
  static final long MOST_GROUPS = 32_768;

  /** Rows that keep a device busy without sharing out their chunks. */
  private static final long MANY_ROWS = 4096;

  /** Chunks of a row for which more kernels than two are no loss: what several folds, or elements, need. */
  private static final long MANY_CHUNKS = 4;

  /** Names of operations in the kernel's. */
  private static final int NAMED = 4;

  /** How rows are given to threads. */
  enum Form {
    /** There are no folds. */
    ELEMENTS,
    /** Each row to one. */
    SERIAL_ROWS,
    /** Each row to the lanes. */
    SHARED_ROWS,
    /** Each chunk to the lanes: some folds' numbers of it. */
    CHUNKS,
    /** Each row to one: what folds have of its chunks, combined. */
    JOINED_CHUNKS,
    /** Each chunk to the lanes: what is stored or checked at its elements. */
    ELEMENTS_OF_CHUNKS
  }

  /**
   * A kernel of those that run one after the other.
   *
   * @param depth of the folds that it is about
   */
  record Stage(Form form, int depth) {

    /** Whether chunks are shared out, or have been. */
    boolean isStaged() {
      return form == Form.CHUNKS || form == Form.JOINED_CHUNKS || form == Form.ELEMENTS_OF_CHUNKS;
    }

    /** Whether the lanes share a row or a chunk. */
    boolean isShared() {
      return form == Form.SHARED_ROWS || isOfChunks();
    }

    boolean isOfChunks() {
      return form == Form.CHUNKS || form == Form.ELEMENTS_OF_CHUNKS;
    }
  }

  /**
   * What a text may make use of; the results' bits are the same.
   *
   * @param packs all buffers begin where packs of 16 bytes may
   * @param rows in registers
   */
  record Means(boolean packs, boolean rows) {

    /** Whatever pays. */
    static final Means ALL = new Means(true, true);
  }

  /**
   * The texts and geometries for a kernel, to run one after the other.
   *
   * @param code number of the instruction, from 1
   * @param gated whether it does nothing once something has faulted
   * @param checks how many checks the instruction's kernels before this one make
   * @param means what the texts may make use of
   */
  static List<GeneratedSource> of(GeneratedKernel given, int code, boolean gated, int checks, Means means) {
    GeneratedKernel kernel = onlyMoves(given) ? moved(given) : given;
    List<Layout> layouts = new ArrayList<>();
    List<Integer> indexed = new ArrayList<>();
    operands(kernel, layouts, indexed);
    Traversal traversal = Traversal.of(kernel.domain(), kernel.folded(), layouts, indexed);
    var values = new KernelValues(kernel, traversal);
    List<GeneratedSource> sources = new ArrayList<>();
    for (Stage stage : stages(kernel, traversal, values)) {
      Held held = means.rows && stage.form == Form.SHARED_ROWS ? Held.of(values, traversal.length()) : Held.NONE;
      int packed = means.packs ? Packs.length(kernel, traversal, layouts) : 1;
      var writer = new KernelWriter(values, traversal, stage, held, packed, Math.max(traversal.rows(), traversal.length()) > MOST_SMALL);
      boolean neighbours = stage.isShared() && rowsAreNeighbours(kernel, traversal);
      sources.add(new GeneratedSource(label(kernel), writer.body(), writer.buffers(),
          geometry(traversal, layouts,
              List.of((long) code, gated ? 1L : 0L, traversal.rows(), traversal.length(), neighbours ? 1L : 0L, (long) checks)),
          Math.ceilDiv(wantedGroups(stage, traversal), packed), stage.isStaged() ? partialBytes(traversal, values) : 0));
    }
    return sources;
  }

  /** Lists the layouts of what is loaded, then stored, and the axes whose index is asked for. */
  static void operands(GeneratedKernel kernel, List<Layout> layouts, List<Integer> indexed) {
    for (KernelExpression value : kernel.values()) {
      if (value instanceof KernelExpression.Load load) {
        layouts.add(load.layout());
      } else if (value instanceof KernelExpression.Index index) {
        indexed.add(index.axis());
      }
    }
    kernel.results().forEach(result -> layouts.add(result.layout()));
  }

  /** How many groups to start alone. */
  long groups() {
    return Math.min(MOST_GROUPS, wantedGroups);
  }

  /** How a kernel begins. */
  static String signature(int buffers) {
    String parameters = IntStream.range(0, buffers).mapToObj(i -> "BUFFER(%d), ".formatted(i)).collect(Collectors.joining());
    return "REGISTER_KERNEL(%d) void %s(%sNUMBERS) {\n".formatted(Source.THREADS, Source.NAME, parameters);
  }

  /** A kernel of its own, whose parameters are the buffers, each with its offset in bytes, then the geometry with its offset in numbers. */
  Source source() {
    var text = new StringBuilder(signature(buffers));
    text.append("""
          const i64 group = GROUP;
          const i64 groups = GROUPS;
          GLOBAL const i64 *g = numbers + first;
        """);
    IntStream.range(0, buffers).forEach(i -> text.append("  GLOBAL u8 *const p%1$d = b%1$d + o%1$d;\n".formatted(i)));
    return Source.named(label, text + body);
  }

  private static List<Stage> stages(GeneratedKernel kernel, Traversal traversal, KernelValues values) {
    if (kernel.folded().count() == 0) {
      return List.of(new Stage(Form.ELEMENTS, 0));
    }
    if (traversal.length() <= SERIAL) {
      return List.of(new Stage(Form.SERIAL_ROWS, 0));
    }
    boolean two = values.depth() == 1 && !values.hasElements();
    if (traversal.rows() >= MANY_ROWS || traversal.length() <= CHUNK || (!two && chunks(traversal) < MANY_CHUNKS)) {
      return List.of(new Stage(Form.SHARED_ROWS, 0));
    }
    List<Stage> stages = new ArrayList<>();
    for (int depth = 0; depth < values.depth(); depth++) {
      stages.add(new Stage(Form.CHUNKS, depth));
      stages.add(new Stage(Form.JOINED_CHUNKS, depth));
    }
    if (values.hasElements()) {
      stages.add(new Stage(Form.ELEMENTS_OF_CHUNKS, values.depth()));
    }
    return stages;
  }

  private static long wantedGroups(Stage stage, Traversal traversal) {
    long items = stage.isOfChunks() ? Math.multiplyExact(traversal.rows(), chunks(traversal)) : traversal.rows();
    return Math.ceilDiv(items, stage.isShared() ? Source.THREADS / LANES : Source.THREADS);
  }

  private static long chunks(Traversal traversal) {
    return Math.ceilDiv(traversal.length(), CHUNK);
  }

  /** For the folds of one depth the numbers of chunks, for all of them those of rows. */
  private static long partialBytes(Traversal traversal, KernelValues values) {
    return (values.mostFolds() * chunks(traversal) + values.folds().size()) * traversal.rows() * Long.BYTES;
  }

  static long[] geometry(Traversal traversal, List<Layout> layouts, List<Long> header) {
    List<Long> geometry = new ArrayList<>(header);
    geometry.addAll(traversal.outer());
    geometry.addAll(traversal.inner());
    for (int i = 0; i < layouts.size(); i++) {
      geometry.add(layouts.get(i).offset());
      for (long stride : traversal.strides().get(i)) {
        geometry.add(stride);
      }
    }
    return geometry.stream().mapToLong(Long::longValue).toArray();
  }

  /** Whether what is loaded lies closer from row to row than within a row: then neighbouring threads take neighbouring rows. */
  private static boolean rowsAreNeighbours(GeneratedKernel kernel, Traversal traversal) {
    long within = 0;
    long across = 0;
    int layout = 0;
    for (KernelExpression value : kernel.values()) {
      if (value instanceof KernelExpression.Load) {
        long[] strides = traversal.strides().get(layout++);
        long inner = Math.abs(strides[strides.length - 1]);
        long outer = Math.abs(strides[traversal.outer().size() - 1]);
        within += inner == 1 ? 1 : 0;
        across += outer == 1 && inner != 1 ? 1 : 0;
      }
    }
    return across > within;
  }

  /** Whether it only loads and stores: then bits count, not numbers. */
  private static boolean onlyMoves(GeneratedKernel kernel) {
    return kernel.checks().isEmpty() && kernel.values().stream().allMatch(KernelExpression.Load.class::isInstance);
  }

  /** The same with types that stand for all of their size. */
  private static GeneratedKernel moved(GeneratedKernel kernel) {
    List<KernelExpression> values = new ArrayList<>();
    for (KernelExpression value : kernel.values()) {
      var load = (KernelExpression.Load) value;
      values.add(new KernelExpression.Load(load.argument(), ElementType.moved(load.dtype()), load.layout()));
    }
    return new GeneratedKernel(kernel.domain(), Axes.NONE, values, kernel.results(), List.of());
  }

  static String label(GeneratedKernel kernel) {
    List<String> names = kernel.values().stream().map(GeneratedSource::name).flatMap(Optional::stream).toList();
    String few = names.stream().limit(NAMED).collect(Collectors.joining("_"));
    return names.isEmpty() ? kernel.checks().isEmpty() ? "copy" : "check" : few;
  }

  private static Optional<String> name(KernelExpression value) {
    return switch (value) {
      case KernelExpression.Load _ -> Optional.empty();
      case KernelExpression.Index _ -> Optional.of("index");
      case KernelExpression.Apply apply -> Optional.of(apply.op().label());
      case KernelExpression.Fold fold -> Optional.of(fold.fold().toString().toLowerCase(Locale.ROOT));
    };
  }

  /** The types that it computes with. */
  static Stream<DType> types(GeneratedKernel kernel) {
    return onlyMoves(kernel) ? Stream.of() : kernel.values().stream().map(KernelExpression::dtype);
  }
}
