package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Writes the text of one generated kernel; {@link GeneratedSource} says what it does. */
final class KernelWriter {

  private final KernelValues values;
  private final int outer;
  private final int inner;
  private final GeneratedSource.Stage stage;
  private final Held held;
  private final int packed;
  private final String index;
  private final StringBuilder text = new StringBuilder();
  private int indent;

  KernelWriter(KernelValues values, Traversal traversal, GeneratedSource.Stage stage, Held held, int packed, boolean wide) {
    this.values = values;
    this.outer = traversal.outer().size();
    this.inner = traversal.inner().size();
    this.stage = stage;
    this.held = held;
    this.packed = packed;
    this.index = wide ? "u64" : "u32";
  }

  /** Of single elements. */
  KernelWriter(KernelValues values, Traversal traversal) {
    this(values, traversal, new GeneratedSource.Stage(GeneratedSource.Form.ELEMENTS, 0), Held.NONE, 1, traversal.rows() > GeneratedSource.MOST_SMALL);
  }

  /** How many buffers it names: the last is the word of faults, before it numbers of chunks if there are stages. */
  int buffers() {
    return values.buffers() + (stage.isStaged() ? 2 : 1);
  }

  /** The text behind what says where buffers, numbers and groups are. */
  String body() {
    indent = 1;
    line("GLOBAL u32 *faults = (GLOBAL u32 *)p%d;".formatted(buffers() - 1));
    line("const i64 rows = g[1] != 0 && faults[0] != 0 ? 0 : g[2];");
    if (stage.isStaged()) {
      line("GLOBAL u8 *partials = p%d;".formatted(values.buffers()));
      line("const i64 chunks = (g[3] + %d) / %d;".formatted(GeneratedSource.CHUNK - 1, GeneratedSource.CHUNK));
    }
    switch (stage.form()) {
      case ELEMENTS, SERIAL_ROWS, JOINED_CHUNKS -> rows();
      case SHARED_ROWS -> sharedRows("rows", this::row);
      case CHUNKS -> sharedRows("rows * chunks", this::oneChunk);
      case ELEMENTS_OF_CHUNKS -> sharedRows("rows * chunks", this::elementsOfChunk);
    }
    close();
    return text.toString();
  }

  /** The body of a function that computes one element, {@code row}. */
  String elementBody() {
    indent = 1;
    split("row", 0, outer);
    row();
    close();
    return text.toString();
  }

  // --- rows ------------------------------------------------------------------------------------------------------------------------------

  private void rows() {
    if (packed > 1) {
      packs();
    }
    open("for (i64 row = %2$sgroup * %1$d + THREAD; row < rows; row += groups * %1$d)".formatted(Source.THREADS,
        packed > 1 ? "rows / %1$d * %1$d + ".formatted(packed) : ""));
    split("row", 0, outer);
    if (stage.form() == GeneratedSource.Form.JOINED_CHUNKS) {
      joinedChunks();
    } else {
      row();
    }
    close();
  }

  /** Elements by packs; single ones are left for the loop behind. */
  private void packs() {
    KernelValues elements = values.packed();
    List<Optional<Packs.Operand>> operands = elements.packs();
    Packs.types(operands, packed, this::line);
    open("for (i64 pack = group * %1$d + THREAD; pack < rows / %2$d; pack += groups * %1$d)".formatted(Source.THREADS, packed));
    Packs.load(operands, this::line);
    dividing(() -> {
      line("UNROLL");
      open("for (int k = 0; k < %d; k++)".formatted(packed));
      line("const i64 i0 = pack * %d + k;".formatted(packed));
      elements.all().forEach(this::line);
      elements.outcomes(false).forEach(this::line);
      close();
    });
    Packs.store(operands, this::line);
    close();
  }

  /** Several rows, or chunks of rows, for each group; a thread without one goes along with the last and stores nothing. */
  private void sharedRows(String items, Runnable body) {
    int together = Source.THREADS / GeneratedSource.LANES;
    for (DType dtype : stage.form() == GeneratedSource.Form.ELEMENTS_OF_CHUNKS ? Set.<DType>of() : values.accumulated()) {
      line("SHARED(acc_%1$s, shared_%1$s, %2$d);".formatted(dtype, Source.THREADS));
    }
    line("const int lane = g[4] != 0 ? THREAD / %d : THREAD %% %d;".formatted(together, GeneratedSource.LANES));
    line("const int place = g[4] != 0 ? THREAD %% %d : THREAD / %d;".formatted(together, GeneratedSource.LANES));
    open("for (i64 start = group * %1$d; start < %2$s; start += groups * %1$d)".formatted(together, items));
    line("const int active = start + place < %s;".formatted(items));
    line("const i64 item = active ? start + place : %s - 1;".formatted(items));
    line(stage.isOfChunks() ? "const i64 row = item / chunks;" : "const i64 row = item;");
    split("row", 0, outer);
    body.run();
    close();
  }

  private void row() {
    dividing(() -> {
      if (stage.form() == GeneratedSource.Form.ELEMENTS) {
        values.all().forEach(this::line);
        outcomes(false, "");
        return;
      }
      held.inOrder().forEach(value -> line("%s h%d[%d];".formatted(values.type(value), value, held.perLane())));
      for (int depth = 0; depth <= values.depth(); depth++) {
        values.uniform(depth).forEach(this::line);
        folds(values.folds(depth), depth);
      }
      outcomes(true, stage.isShared() ? "active && lane == 0" : "");
      if (values.hasElements() && isHeld()) {
        heldElements(() -> {
          values.elementsOfHeld(held.values()).forEach(this::line);
          outcomes(false, "active");
        });
      } else if (values.hasElements()) {
        elements(stage.isShared() ? "lane" : "0", "g[3]", () -> {
          values.elements().forEach(this::line);
          outcomes(false, stage.isShared() ? "active" : "");
        });
      }
    });
  }

  private void dividing(Runnable body) {
    if (values.mayDivide()) {
      line("int by_zero = 0;");
    }
    body.run();
    if (values.mayDivide()) {
      line("if (by_zero) fault(faults, g[0], 0);");
    }
  }

  private void outcomes(boolean once, String condition) {
    List<String> lines = values.outcomes(once);
    if (!lines.isEmpty() && !condition.isEmpty()) {
      open("if (" + condition + ")");
      lines.forEach(this::line);
      close();
    } else {
      lines.forEach(this::line);
    }
  }

  // --- folds -----------------------------------------------------------------------------------------------------------------------------

  private void folds(List<Integer> folds, int depth) {
    if (folds.isEmpty()) {
      return;
    }
    folds.forEach(fold -> line(values.accumulator(fold, "a")));
    switch (stage.form()) {
      case SERIAL_ROWS -> combine(folds, "a", "0", "g[3]");
      case SHARED_ROWS -> {
        if (isHeld()) {
          heldFolds(folds, depth == 0);
          return;
        }
        open("for (i64 chunk = 0; chunk < g[3]; chunk += %d)".formatted(GeneratedSource.CHUNK));
        chunk(folds, fold -> line(
            "a%1$d = chunk == 0 ? %2$s : %3$s;".formatted(fold, sum(fold), values.combined(fold, "a" + fold, sum(fold)))));
        close();
      }
      case ELEMENTS, CHUNKS, JOINED_CHUNKS, ELEMENTS_OF_CHUNKS -> throw new IllegalStateException(stage + " has no folds of whole rows");
    }
  }

  /** The same tree for a row of one chunk. Who goes through the row first keeps what is needed again. */
  private void heldFolds(List<Integer> folds, boolean first) {
    folds.forEach(fold -> line(values.accumulator(fold, "c")));
    heldElements(() -> {
      (first ? values.combined(folds, held.values()) : values.combinedOfHeld(folds, held.values())).forEach(this::line);
      if (first) {
        held.inOrder().forEach(value -> line("h%1$d[k] = v%1$d;".formatted(value)));
      }
      withElement(folds, "c");
    });
    join(folds, fold -> line("a%d = %s;".formatted(fold, sum(fold))));
  }

  private boolean isHeld() {
    return held.perLane() > 0;
  }

  /** Unrolled, for arrays to be registers. */
  private void heldElements(Runnable body) {
    line("UNROLL");
    open("for (int k = 0; k < %d; k++)".formatted(held.perLane()));
    line("const i64 element = lane + %d * k;".formatted(GeneratedSource.LANES));
    open("if (element < g[3])");
    split("element", outer, outer + inner);
    body.run();
    close();
    close();
  }

  // --- folds in stages -------------------------------------------------------------------------------------------------------------------

  /** A chunk of a row: its numbers go to the partial ones. */
  private void oneChunk() {
    dividing(() -> {
      known(stage.depth());
      List<Integer> folds = values.folds(stage.depth());
      line("const i64 chunk = item %% chunks * %d;".formatted(GeneratedSource.CHUNK));
      chunk(folds, fold -> line("if (active && lane == 0) %s = %s;".formatted(partial(folds, folds.indexOf(fold), "item"), sum(fold))));
    });
  }

  /** What chunks have left is combined in order; what others are still to read is a number of the row. */
  private void joinedChunks() {
    boolean last = stage.depth() == values.depth() - 1 && !values.hasElements();
    dividing(() -> {
      if (last) {
        known(stage.depth());
      }
      List<Integer> folds = values.folds(stage.depth());
      folds.forEach(fold -> line(values.accumulator(fold, "a")));
      open("for (i64 chunk = 0; chunk < chunks; chunk++)");
      for (int i = 0; i < folds.size(); i++) {
        int fold = folds.get(i);
        String partial = partial(folds, i, "row * chunks + chunk");
        line("a%1$d = chunk == 0 ? %2$s : %3$s;".formatted(fold, partial, values.combined(fold, "a" + fold, partial)));
      }
      close();
      if (last) {
        values.uniform(values.depth()).forEach(this::line);
        outcomes(true, "");
      } else {
        folds.forEach(fold -> line("%s = a%d;".formatted(ofRow(fold), fold)));
      }
    });
  }

  private void elementsOfChunk() {
    dividing(() -> {
      known(stage.depth());
      line("const i64 chunk = item %% chunks * %d;".formatted(GeneratedSource.CHUNK));
      outcomes(true, "active && lane == 0 && chunk == 0");
      chunkEnd();
      elements("chunk + lane", "end", () -> {
        values.elements().forEach(this::line);
        outcomes(false, "active");
      });
    });
  }

  /** What is the same along a row and needs only folds that have been joined, so many one after the other. */
  private void known(int depth) {
    values.uniform(0).forEach(this::line);
    for (int below = 0; below < depth; below++) {
      values.folds(below).forEach(fold -> line("const %s a%d = %s;".formatted(values.type(fold), fold, ofRow(fold))));
      values.uniform(below + 1).forEach(this::line);
    }
  }

  /** Of a chunk; lies in eight bytes, whatever its type. */
  private String partial(List<Integer> folds, int number, String item) {
    return "((GLOBAL acc_%s *)(partials + 8 * (%d * rows * chunks + %s)))[0]".formatted(values.dtype(folds.get(number)), number, item);
  }

  /** Of a row; lies behind those of chunks. */
  private String ofRow(int fold) {
    return "((GLOBAL acc_%s *)(partials + 8 * ((%d * chunks + %d) * rows + row)))[0]"
        .formatted(values.dtype(fold), values.mostFolds(), values.folds().indexOf(fold));
  }

  private interface Taking {
    void take(int fold);
  }

  /** The lanes go through a chunk and combine what they have; {@code taking} is given each fold whose number lies in shared memory. */
  private void chunk(List<Integer> folds, Taking taking) {
    chunkEnd();
    folds.forEach(fold -> line(values.accumulator(fold, "c")));
    combine(folds, "c", "chunk + lane", "end");
    join(folds, taking);
  }

  private void chunkEnd() {
    line("const i64 end = chunk + %1$d < g[3] ? chunk + %1$d : g[3];".formatted(GeneratedSource.CHUNK));
  }

  /** Lanes combine what they have, the upper half with the lower until one is left. */
  private void join(List<Integer> folds, Taking taking) {
    for (int fold : folds) {
      String own = shared(fold, "lane");
      line("%s = c%d;".formatted(own, fold));
      line("BARRIER();");
      open("for (int lanes = %1$d; lanes > 0; lanes /= 2)".formatted(GeneratedSource.LANES / 2));
      open("if (lane < lanes)");
      line(own + " = " + values.combined(fold, own, shared(fold, "lane + lanes")) + ";");
      close();
      line("BARRIER();");
      close();
      taking.take(fold);
      line("BARRIER();");
    }
  }

  private String sum(int fold) {
    return shared(fold, "0");
  }

  private String shared(int fold, String lane) {
    return "shared_%s[place * %d + %s]".formatted(values.dtype(fold), GeneratedSource.LANES, lane);
  }

  private void combine(List<Integer> folds, String accumulators, String from, String to) {
    elements(from, to, () -> {
      values.combined(folds).forEach(this::line);
      withElement(folds, accumulators);
    });
  }

  private void withElement(List<Integer> folds, String accumulators) {
    folds.forEach(fold -> line("%1$s%2$d = %3$s;".formatted(accumulators, fold, values.withElement(fold, accumulators + fold))));
  }

  // --- lines -----------------------------------------------------------------------------------------------------------------------------

  /** A loop over elements of the row. */
  private void elements(String from, String to, Runnable body) {
    String step = stage.isShared() ? Integer.toString(GeneratedSource.LANES) : "1";
    open("for (i64 element = %s; element < %s; element += %s)".formatted(from, to, step));
    split("element", outer, outer + inner);
    body.run();
    close();
  }

  /** Indices along some axes from their number in row-major order. */
  private void split(String number, int from, int to) {
    if (to - from == 1) {
      line("const i64 i%d = %s;".formatted(from, number));
      return;
    }
    line("%1$s rest%2$d = (%1$s)%3$s;".formatted(index, from, number));
    for (int axis = to - 1; axis > from; axis--) {
      line("const i64 i%1$d = (i64)(rest%2$d %% (%3$s)g[%4$d]);".formatted(axis, from, index, KernelValues.HEADER + axis));
      line("rest%2$d /= (%3$s)g[%4$d];".formatted(axis, from, index, KernelValues.HEADER + axis));
    }
    line("const i64 i%1$d = (i64)rest%1$d;".formatted(from));
  }

  private void open(String head) {
    line(head + " {");
    indent++;
  }

  private void close() {
    indent--;
    line("}");
  }

  private void line(String line) {
    text.append("  ".repeat(indent)).append(line).append('\n');
  }
}
