package dev.chainrule.backend.cpu;

import java.util.List;
import java.util.Map;

/**
 * What block code has made of a phase.
 *
 * @param elements values of elements that the phase computes, in order
 * @param kept those of them that later phases read
 * @param registers of all values that are anywhere, of one for all or one for each place too
 * @param spread registers in which values for each place are repeated for each element
 * @param folds by the number of their value, in order
 */
record CompiledPhase(BlockCode block, int phase, List<Integer> elements, List<Integer> kept, Map<Integer, Integer> registers,
    Map<Integer, Integer> spread, Map<Integer, Folding> folds) {

  CompiledPhase {
    registers = Map.copyOf(registers);
    spread = Map.copyOf(spread);
  }

  List<Folding> foldings() {
    return List.copyOf(folds.values());
  }
}
