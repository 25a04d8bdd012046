package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.TuningFile;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * Which of cuBLASLt's algorithms a product takes: the first, which the library estimates to be the fastest, unless the tuning file says that
 * another is. That names it by its number in the library's order, which is the same for one version of it on one card.
 */
final class ProductAlgorithms {

  private static final String KIND = "algorithm";

  /** How many of the library's are measured. */
  private static final int MEASURED = 8;

  private static final System.Logger LOG = System.getLogger(ProductAlgorithms.class.getName());

  private final TuningFile file;
  private final String library;
  private final boolean measures;

  /** Of all versions of the library, as they are in the file. */
  private final Map<String, String> choices;

  private ProductAlgorithms(TuningFile file, String library, boolean measures, Map<String, String> choices) {
    this.file = file;
    this.library = library;
    this.measures = measures;
    this.choices = choices;
  }

  /**
   * As the file has them.
   *
   * @param library its version
   * @param measures whether products that are not in the file are to be measured
   */
  static ProductAlgorithms of(TuningFile file, String library, boolean measures) {
    return new ProductAlgorithms(file, library, measures, file.choices(KIND));
  }

  private String key(String product) {
    return library + " " + product;
  }

  synchronized boolean isToBeMeasured(String product) {
    return measures && !choices.containsKey(key(product));
  }

  /** How many algorithms to ask the library for. */
  synchronized int candidates(String product) {
    return isToBeMeasured(product) ? MEASURED : number(product) + 1;
  }

  /** The number of the one to be taken, of so many that the library has named. */
  synchronized int chosen(String product, int candidates) {
    int number = number(product);
    return number < candidates ? number : 0;
  }

  /** 0 where nothing was measured, or a line says something else than one of the measured. */
  private int number(String product) {
    String choice = choices.getOrDefault(key(product), "0");
    return choice.matches("[0-9]") && choice.charAt(0) - '0' < MEASURED ? choice.charAt(0) - '0' : 0;
  }

  /** The product takes that one from now on, in later processes too. */
  synchronized void keep(String product, int number) {
    choices.put(key(product), Integer.toString(number));
    try {
      file.write(KIND, choices);
    } catch (UncheckedIOException e) {
      LOG.log(System.Logger.Level.WARNING, "What was measured is not kept: {0}", e.getMessage());
    }
  }
}
