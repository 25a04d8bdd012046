package dev.chainrule.device;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Measures which variants of its kernels a device runs fastest, and keeps the choices in a file, which the device reads when it is opened.
 * Nothing else measures: without that file the usual variants are taken. All variants have the same bits.
 */
public interface Tuner {

  /** Where the choices are kept: one file for each device and driver. */
  Path file();

  /**
   * Measures, and replaces what the file says of the same shapes. Devices that are opened from then on use it.
   *
   * @param sizes each of rows, columns and depth of the matrix products to measure
   * @param done told of each shape once it has been measured
   */
  void tune(List<Long> sizes, Consumer<Outcome> done);

  /**
   * What has been chosen for a shape.
   *
   * @param usual billions of floating point operations a second of the usual variant
   * @param chosen of the chosen one
   */
  record Outcome(String shape, String choice, double usual, double chosen) {

    /** {@code 64x1024x256  128x64x16/8x4  1234.5 GFLOP/s, usual 1000.0}. */
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%-16s %-18s %9.1f GFLOP/s, usual %.1f", shape, choice, chosen, usual);
    }
  }
}
