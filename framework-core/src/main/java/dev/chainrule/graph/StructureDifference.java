package dev.chainrule.graph;

import java.util.Arrays;
import java.util.Optional;

/**
 * The first thing in which a structure differs from an earlier one, in words. Operations are named by their place in the walk and by the
 * module path where they were made.
 *
 * @param paths whether places are told; a composite's body may have been traced for another use
 */
record StructureDifference(Structure before, Structure now, boolean paths) {

  /** Empty if they are equal. */
  Optional<String> text() {
    int common = Math.min(before.symbols.length, now.symbols.length);
    for (int i = 0; i < common; i++) {
      if (!before.symbols[i].equals(now.symbols[i])) {
        return Optional.of(ofSymbols(i, before.symbols[i], now.symbols[i]));
      }
      int[] was = inputs(before, i);
      int[] is = inputs(now, i);
      if (!Arrays.equals(was, is)) {
        return Optional.of(
            name(i) + ", " + now.symbols[i] + ", read the results of " + Arrays.toString(was) + ", now of " + Arrays.toString(is));
      }
    }
    if (before.symbols.length != now.symbols.length) {
      return Optional.of(before.symbols.length + " operations before, " + now.symbols.length + " now"
          + (common < now.symbols.length ? ": new is " + name(common) + ", " + now.symbols[common] : ""));
    }
    return before.equals(now) ? Optional.empty() : Optional.of("other results are asked for");
  }

  /** The places of what the node in one reads. */
  private static int[] inputs(Structure structure, int place) {
    return Arrays.copyOfRange(structure.edges, structure.starts[place], structure.starts[place + 1]);
  }

  private String ofSymbols(int i, Object was, Object is) {
    if (was instanceof Structure.Leaf a && is instanceof Structure.Leaf b && a.kind().equals(b.kind()) && a.slot() == b.slot()) {
      return a.kind() + " " + a.slot() + " was " + a.type() + ", now " + b.type();
    }
    if (was instanceof Structure.Holder a && is instanceof Structure.Holder b && a.toString().equals(b.toString())) {
      return ofBodies(a, b).map(inside -> name(i) + ", " + is + ", has another body: " + inside).orElse(name(i) + " was another " + is);
    }
    return name(i) + " was " + was + ", now " + is;
  }

  private static Optional<String> ofBodies(Structure.Holder a, Structure.Holder b) {
    boolean traced = b.kind() != Op.Composite.class;
    for (int i = 0; i < Math.min(a.bodies().size(), b.bodies().size()); i++) {
      Optional<String> inside = new StructureDifference(a.bodies().get(i), b.bodies().get(i), traced).text();
      if (inside.isPresent()) {
        return inside;
      }
    }
    return Optional.empty();
  }

  private String name(int i) {
    return "operation " + i + (paths ? now.origins[i].describe() : "");
  }
}
