package dev.chainrule.interop.nd4j;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.data.Dataset;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/**
 * ND4J's data sets as Chainrule's, copied: field 0 holds the features, field 1 the labels, so that a {@code Trainer} takes the batches of
 * a {@code DataLoader} over them. Order and size of batches are the loader's from then on.
 *
 * <p>Mask arrays are an error, since nothing would heed them.
 */
public final class Nd4jDatasets {

  private Nd4jDatasets() {}

  /**
   * All examples of an iterator, from its start if it can go back there. Its preprocessor is applied, as {@code next()} does.
   *
   * @param iterator one that ends; its batches agree in element types and in shapes, sizes of the first axis aside
   * @throws InvalidArgumentException when it has no example, or examples with masks or without labels
   * @throws ShapeMismatchException when batches differ
   */
  public static Dataset of(DataSetIterator iterator) {
    return of(all(iterator));
  }

  /**
   * The examples of several data sets, one after the other.
   *
   * @param sets features [examples, ...] and labels [examples, ...] each
   */
  public static Dataset of(Collection<DataSet> sets) {
    return joined(sets, labels -> labels);
  }

  /** The examples of one data set. */
  public static Dataset of(DataSet set) {
    return of(List.of(set));
  }

  /**
   * As {@link #of(DataSetIterator)}, of labels that name one class of each example by a 1 among zeros: they become class numbers i32[],
   * as {@code Losses.crossEntropy} and {@code Metrics.accuracy} take them.
   *
   * @throws InvalidArgumentException when a row of labels has not exactly one 1 among zeros
   */
  public static Dataset classification(DataSetIterator iterator) {
    return classification(all(iterator));
  }

  /** As {@link #of(Collection)}, of labels that name classes, as of {@link #classification(DataSetIterator)}. */
  public static Dataset classification(Collection<DataSet> sets) {
    return joined(sets, Nd4jDatasets::classNumbers);
  }

  /** As {@link #of(DataSet)}, of labels that name classes, as of {@link #classification(DataSetIterator)}. */
  public static Dataset classification(DataSet set) {
    return classification(List.of(set));
  }

  private static List<DataSet> all(DataSetIterator iterator) {
    if (iterator.resetSupported()) {
      iterator.reset();
    }
    List<DataSet> sets = new ArrayList<>();
    iterator.forEachRemaining(sets::add);
    return sets;
  }

  private static Dataset joined(Collection<DataSet> sets, UnaryOperator<HostArray> labels) {
    List<JoinedParts.Part> parts = new ArrayList<>();
    int first = 0;
    for (DataSet set : sets) {
      if (set.hasMaskArrays()) {
        throw new InvalidArgumentException("nd4j", "a data set with mask arrays", "Give masks to your own training step as further fields.");
      }
      HostArray features = array("features", set.getFeatures());
      HostArray targets = labels.apply(array("labels", set.getLabels()));
      if (features.type().shape().dim(0) != targets.type().shape().dim(0)) {
        throw new ShapeMismatchException("nd4j", "features " + features.type() + " and labels " + targets.type()
            + " of different numbers of examples", "");
      }
      int examples = Math.toIntExact(features.type().shape().dim(0));
      if (examples > 0) {
        parts.add(new JoinedParts.Part(first, List.of(features, targets)));
        first = Math.addExact(first, examples);
      }
    }
    if (first == 0) {
      throw new InvalidArgumentException("nd4j", "no examples", "");
    }
    return JoinedParts.of(parts, first);
  }

  @SuppressWarnings("NullAway") // ND4J is not annotated: a data set may lack either array
  private static HostArray array(String what, INDArray array) {
    if (array == null || array.rank() == 0) {
      throw new InvalidArgumentException("nd4j", "a data set without " + what, "");
    }
    return Nd4jArrays.toHostArray(array);
  }

  private static HostArray classNumbers(HostArray labels) {
    if (labels.type().rank() != 2) {
      throw new ShapeMismatchException("nd4j", "expected labels [examples, classes], found " + labels.type(), "");
    }
    int rows = Math.toIntExact(labels.type().shape().dim(0));
    long classes = labels.type().shape().dim(1);
    long[] numbers = new long[rows];
    for (int row = 0; row < rows; row++) {
      numbers[row] = classNumber(labels, row, classes);
    }
    return HostArray.ofLongs(TensorType.of(DType.I32, rows), numbers);
  }

  private static long classNumber(HostArray labels, int row, long classes) {
    long number = -1;
    for (long c = 0; c < classes; c++) {
      double value = labels.doubleAt(row * classes + c);
      if (value == 1 && number < 0) {
        number = c;
      } else if (value != 0) {
        throw new InvalidArgumentException("nd4j", "labels of example " + row + " have " + value + " at class " + c
            + ", expected one 1 among zeros", "Nd4jDatasets.of keeps labels as they are.");
      }
    }
    if (number < 0) {
      throw new InvalidArgumentException("nd4j", "labels of example " + row + " are all 0, expected one 1 among them", "");
    }
    return number;
  }
}
