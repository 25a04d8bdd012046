package dev.chainrule.datasets;

import dev.chainrule.DataFormatException;
import dev.chainrule.data.Dataset;
import dev.chainrule.data.Idx;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The 10,000 handwritten digits that ship with Chainrule: the first 10,000 training examples of MNIST (LeCun, Cortes, Burges), in an
 * order that is already mixed, 28 x 28 pixels each.
 */
public final class Digits {

  private static final String IMAGES = "mnist10k-images-idx3-ubyte.gz";
  private static final String LABELS = "mnist10k-labels-idx1-ubyte.gz";
  private static final int TRAIN = 8_000;

  private Digits() {}

  /**
   * The first 8,000 digits to train and the last 2,000 held out. The split is fixed; each class has 165 to 219 of the held-out digits.
   *
   * @throws DataFormatException if the jar lacks the digits
   */
  public static ImageClassification load() {
    Dataset.Split split = new ImagesAndLabels(resource(IMAGES), resource(LABELS)).dataset().split(TRAIN);
    return new ImageClassification(split.head(), split.tail(), ImagesAndLabels.CLASSES);
  }

  private static ImagesAndLabels.Named resource(String name) {
    try (var in = Digits.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new DataFormatException(name, "not in the datasets jar", "");
      }
      return new ImagesAndLabels.Named(name, Idx.read(name, in));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }
}
