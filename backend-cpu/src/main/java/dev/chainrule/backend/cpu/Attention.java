package dev.chainrule.backend.cpu;

import dev.chainrule.backend.cpu.AttentionSizes.Heads;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Operand;
import java.util.List;
import java.util.Optional;

/**
 * {@code attention} of f32 without a mask, with the bits that its body has here: of {@value AttentionSizes#BLOCK} queries of a head at a
 * time the products with the keys, their softmax, and its product with the values, while scores are in the second-level cache. Threads
 * share these blocks. Traffic: operands and result once, where the body writes all scores and reads them twice.
 *
 * <p>In causal order keys behind a block's last query are left out. Their weights are 0, so they count only where a value of the head is
 * not finite: there all are multiplied.
 */
final class Attention implements RangeKernel {

  private final AttentionSizes sizes;
  private final Gemm gemm;
  private final AttentionLines lines;
  private final Heads q;
  private final Heads k;
  private final Heads v;
  private final Place workspace;
  private final Place result;

  private Attention(AttentionSizes sizes, Gemm gemm, AttentionLines lines, List<Heads> in, Place workspace, Place result) {
    this.sizes = sizes;
    this.gemm = gemm;
    this.lines = lines;
    this.q = in.get(0);
    this.k = in.get(1);
    this.v = in.get(2);
    this.workspace = workspace;
    this.result = result;
  }

  /** Whether this is what {@link #of} has a kernel for. */
  static boolean isNamed(Op.Composite op) {
    return op.name().equals("attention") || op.name().equals("attentionGradient");
  }

  /** Empty: the composite's body is to be used, for other types, with masks, and where heads share an operand. */
  static Optional<NativeKernel> support(Op.Composite op, List<TensorType> in, Parts parts) {
    boolean forward = op.name().equals("attention");
    if (in.size() != (forward ? 3 : 4) || !AttentionSizes.fit(op, in)) {
      return Optional.empty();
    }
    AttentionSizes sizes = AttentionSizes.of(op, in);
    return Optional.of(new NativeKernel(true, false, parts.most() * (forward ? tileBytes(sizes) : AttentionGradient.tileBytes(sizes))));
  }

  static RangeKernel of(Op.Composite op, List<Operand> in, List<Operand> out, Place workspace, Bases bases, CpuDevice.Machine machine,
      VectorSwitch vectors) {
    AttentionSizes sizes = AttentionSizes.of(op, in.stream().map(Operand::type).toList());
    var lines = new AttentionLines(sizes, machine, vectors);
    List<Heads> heads = in.stream().map(operand -> Heads.of(operand, bases)).toList();
    List<Place> results = out.stream()
        .map(operand -> bases.place(operand.buffer()).plus(operand.layout().offset() * Float.BYTES)).toList();
    return op.name().equals("attention")
        ? new Attention(sizes, machine.gemm(), lines, heads, workspace, results.getFirst())
        : new AttentionGradient(sizes, machine.gemm(), lines, heads, workspace, results, machine.parts());
  }

  /** What a part of the loop writes scores to. */
  private static long tileBytes(AttentionSizes sizes) {
    return AttentionLines.NUMBERS + (long) AttentionSizes.BLOCK * sizes.keys() * Float.BYTES;
  }

  @Override
  public long items() {
    return sizes.heads() * sizes.blocks();
  }

  @Override
  public long itemWork() {
    return (long) AttentionSizes.BLOCK * sizes.keys() * (sizes.keyWidth() + sizes.valueWidth() + 16) / 16;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    long scratch = workspace.address(frame) + registers.part * tileBytes(sizes);
    lines.begin(registers, scratch);
    boolean skips = false;
    for (long item = first; item < end; item++) {
      long head = item / sizes.blocks();
      int block = (int) (item % sizes.blocks());
      if (item == first || block == 0) {
        skips = sizes.causal() && lines.areFinite(v, frame, head);
      }
      block(frame, registers, head, block * AttentionSizes.BLOCK, skips, scratch + AttentionLines.NUMBERS);
    }
  }

  private void block(Frame frame, Registers registers, long head, int from, boolean skips, long scores) {
    int rows = Math.min(AttentionSizes.BLOCK, sizes.queries() - from);
    int keys = skips ? sizes.allowed(from + rows - 1) : sizes.keys();
    int line = lines.line(keys, sizes.keys());
    gemm.sgemm(rows, keys, sizes.keyWidth(),
        OffHeap.MEMORY, q.at(frame, head, from), q.row(), q.column(),
        OffHeap.MEMORY, k.at(frame, head, 0), k.column(), k.row(),
        OffHeap.MEMORY, scores / Float.BYTES, line);
    lines.softmax(registers, scores, line, from, rows, keys);
    gemm.sgemm(rows, sizes.valueWidth(), keys,
        OffHeap.MEMORY, scores / Float.BYTES, line, 1,
        OffHeap.MEMORY, v.at(frame, head, 0), v.row(), v.column(),
        OffHeap.MEMORY, result.address(frame) / Float.BYTES + (head * sizes.queries() + from) * sizes.valueWidth(), sizes.valueWidth());
  }
}
