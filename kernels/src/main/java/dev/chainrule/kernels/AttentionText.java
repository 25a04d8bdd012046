package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.Operand;
import java.util.List;

/**
 * The text of one of attention's kernels.
 *
 * @param rows queries, or keys, of a group
 */
record AttentionText(Source source, long rows) {

  /** Components that the threads' sums are for; one of these. */
  private static final List<Long> WIDTHS = List.of(64L, 128L);

  /** The most components that there is a text for. */
  static final long MOST_COMPONENTS = WIDTHS.getLast();

  /** Queries or keys of a tile of the kernels for any device. */
  static final long TILE = 64;

  /** What a part of 16 rows of 64 needs in shared memory. */
  private static final long PART = 16 * 68;

  /** Rows of the warps of a group on tensor cores. */
  private static final long WARPS_ROWS = 128;

  /** With fewer most of what tensor cores do would be zeros. */
  private static final long LEAST_ROWS = 32;

  private static final long LEAST_COMPONENTS = 16;

  /** What attention is made of. */
  enum Part {
    FORWARD(""), QUERIES("_queries"), KEYS("_keys");

    private final String suffix;

    Part(String suffix) {
      this.suffix = suffix;
    }
  }

  /** Whether the kernels for tensor cores take these, of bf16: shapes alone decide, not how they lie in memory. */
  static boolean suitsTensorCores(Operand q, Operand v) {
    return q.dtype() == DType.BF16 && Math.min(q.shape().dim(-2), v.shape().dim(-2)) >= LEAST_ROWS
        && Math.min(q.shape().dim(-1), v.shape().dim(-1)) >= LEAST_COMPONENTS;
  }

  static AttentionText of(Part part, Operand q, Operand v, boolean tensorCores) {
    long components = Math.max(q.shape().dim(-1), v.shape().dim(-1));
    long width = WIDTHS.stream().filter(w -> components <= w).findFirst().orElseThrow();
    return tensorCores && suitsTensorCores(q, v) ? onTensorCores(part, width) : inTiles(part, q.dtype(), width);
  }

  private static AttentionText inTiles(Part part, DType dtype, long width) {
    String name = "attention" + part.suffix;
    return new AttentionText(Template.of("attention_heads.cl", "attention_tile.cl", name + ".cl").called(name).on(dtype)
        .with("width", Long.toString(width)).with("own", Long.toString(width / 16))
        .with("part", Long.toString(Math.max(PART, 16 * width))).source(), TILE);
  }

  /** As many rows at a time as shared memory and registers are for; of wide keys and values two warps share the sums. */
  private static AttentionText onTensorCores(Part part, long width) {
    String name = "attention_mma" + part.suffix;
    long halves = part == Part.KEYS && width > WIDTHS.getFirst() ? 2 : 1;
    return new AttentionText(Template.of("attention_heads.cl", "attention_mma_tile.cl", name + ".cl").called(name)
        .with("width", Long.toString(width)).with("keys", part == Part.FORWARD ? "64" : "32").with("halves", Long.toString(halves))
        .tensorCoreSource(), WARPS_ROWS / halves);
  }
}
