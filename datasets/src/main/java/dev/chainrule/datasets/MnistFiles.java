package dev.chainrule.datasets;

import dev.chainrule.DataFormatException;
import dev.chainrule.data.Dataset;
import dev.chainrule.data.Idx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * MNIST, Fashion-MNIST, or anything else in the same four files: {@code train-images-idx3-ubyte}, {@code train-labels-idx1-ubyte},
 * {@code t10k-images-idx3-ubyte}, {@code t10k-labels-idx1-ubyte}; each may end in {@code .gz}, and have a dot before {@code idx}.
 */
public final class MnistFiles {

  private static final List<String> TRAIN = List.of("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
  private static final List<String> TEST = List.of("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");

  private MnistFiles() {}

  /**
   * Reads the four files of a directory. Images may have any size, the same in both parts.
   *
   * @throws DataFormatException if files are missing (all are named), are not IDX, disagree, or hold a label above 9
   * @throws java.io.UncheckedIOException if a file cannot be read
   */
  public static ImageClassification load(Path directory) {
    List<String> missing = new ArrayList<>(TRAIN);
    missing.addAll(TEST);
    missing.removeIf(name -> find(directory, name).isPresent());
    if (!missing.isEmpty()) {
      throw new DataFormatException(directory.toString(), "lacks " + String.join(", ", missing), "each may also end in .gz");
    }
    ImagesAndLabels train = read(directory, TRAIN);
    ImagesAndLabels test = read(directory, TEST);
    Dataset trainSet = train.dataset();
    Dataset testSet = test.dataset();
    if (!trainSet.fields().equals(testSet.fields())) {
      throw new DataFormatException(test.images().file(), "images of " + testSet.fields().getFirst().shape() + ", but "
          + trainSet.fields().getFirst().shape() + " in " + train.images().file(), "");
    }
    return new ImageClassification(trainSet, testSet, ImagesAndLabels.CLASSES);
  }

  private static ImagesAndLabels read(Path directory, List<String> names) {
    return new ImagesAndLabels(read(directory, names.getFirst()), read(directory, names.getLast()));
  }

  private static ImagesAndLabels.Named read(Path directory, String name) {
    Path file = find(directory, name).orElseThrow();
    return new ImagesAndLabels.Named(file.toString(), Idx.read(file));
  }

  /** Plain files come before packed ones. */
  private static Optional<Path> find(Path directory, String name) {
    String dotted = name.replace("-idx", ".idx");
    return List.of(name, dotted, name + ".gz", dotted + ".gz").stream().map(directory::resolve).filter(Files::isRegularFile).findFirst();
  }
}
