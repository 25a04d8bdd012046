package dev.chainrule.backend.cpu;

import java.util.List;

/** A phase of a generated kernel: its code and the folds whose arguments the code computes. */
record Phase(PhaseCode code, List<Folding> folds) {

  Phase {
    folds = List.copyOf(folds);
  }

  /** Runs the tiles of the group's rows {@code first} to {@code end}, excluded; leaves these rows combined in the accumulators. */
  void rows(Tiling tiling, Frame frame, Registers registers, long first, long end) {
    if (!code.hasTiles()) {
      return;
    }
    Tile tile = registers.tile;
    if (tiling.isSingle()) {
      code.tile(frame, registers, tile);
      return;
    }
    long blocks = 0;
    long row = first;
    while (row < end) {
      tiling.move(tile, row, end);
      code.tile(frame, registers, tile);
      row += tile.rows;
      if (row % tiling.blockRows() == 0 || row == end) {
        for (int i = 0; i < folds.size(); i++) {
          folds.get(i).tree().push(registers, blocks, folds.get(i).accumulated(registers), 0, tile.columns);
        }
        blocks++;
      }
    }
    for (int i = 0; i < folds.size(); i++) {
      folds.get(i).tree().finish(registers, blocks, folds.get(i).accumulated(registers), tile.columns);
    }
  }

  void conclude(Registers registers) {
    for (int i = 0; i < folds.size(); i++) {
      folds.get(i).conclude(registers, registers.tile.places());
    }
  }
}
