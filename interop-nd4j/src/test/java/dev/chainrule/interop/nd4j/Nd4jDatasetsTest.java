package dev.chainrule.interop.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.data.Batch;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Metrics;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.Tanh;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.train.Metric;
import dev.chainrule.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.ViewIterator;
import org.nd4j.linalg.dataset.adapter.SingletonDataSetIterator;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J's data sets as Chainrule's, up to a training. */
class Nd4jDatasetsTest {

  /** Two features and one of two classes: on which side of a circle the point lies. */
  private static DataSet circle(int examples) {
    INDArray points = Nd4j.rand(DataType.FLOAT, examples, 2).muli(2).subi(1);
    INDArray labels = Nd4j.zeros(DataType.FLOAT, examples, 2);
    for (int i = 0; i < examples; i++) {
      boolean inside = points.getRow(i).norm2Number().doubleValue() < 0.75;
      labels.putScalar(i, inside ? 1 : 0, 1);
    }
    return new DataSet(points, labels);
  }

  @Test
  void anIteratorFeedsATrainer() {
    Nd4j.getRandom().setSeed(7);
    Dataset data = Nd4jDatasets.classification(new ViewIterator(circle(600), 50));
    assertEquals(600, data.size());
    assertEquals(List.of(TensorType.of(DType.F32, 2), TensorType.scalar(DType.I32)), data.fields());
    var model = new Sequential(new Linear(2, 16), new Tanh(), new Linear(16, 2));
    model.initialise(1);
    var trainer = Trainer.of(model, Losses::crossEntropy, new Adam(model.parameters(), Schedule.constant(0.02)));
    trainer.fit(DataLoader.of(data, 32).withShuffle(true), 30);
    double accuracy = trainer.evaluate(DataLoader.of(data, 100), new Metric("accuracy", Metrics::accuracy)).get("accuracy");
    assertTrue(accuracy > 0.93, "accuracy " + accuracy);
  }

  @Test
  void examplesAreThoseOfTheIteratorInItsOrder() {
    INDArray features = Nd4j.arange(60).castTo(DataType.FLOAT).reshape('c', 10, 2, 3);
    INDArray labels = Nd4j.arange(10).castTo(DataType.DOUBLE).reshape('c', 10, 1);
    List<DataSet> uneven = List.of(slice(features, labels, 0, 4), slice(features, labels, 4, 5), slice(features, labels, 5, 10));
    Dataset data = Nd4jDatasets.of(uneven);
    assertEquals(List.of(TensorType.of(DType.F32, 2, 3), TensorType.of(DType.F64, 1)), data.fields());
    List<Double> seen = new ArrayList<>();
    try (var epoch = DataLoader.of(data, 3).epoch(0)) {
      for (Batch batch : epoch) {
        for (int i = 0; i < batch.size(); i++) {
          double label = batch.fields().get(1).doubleAt(i);
          assertEquals(label * 6, batch.fields().get(0).doubleAt(i * 6L));
          seen.add(label);
        }
      }
    }
    assertEquals(List.of(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0), seen);
  }

  private static DataSet slice(INDArray features, INDArray labels, int from, int to) {
    var rows = org.nd4j.linalg.indexing.NDArrayIndex.interval(from, to);
    var all = org.nd4j.linalg.indexing.NDArrayIndex.all();
    return new DataSet(features.get(rows, all, all), labels.get(rows, all));
  }

  @Test
  void anIteratorIsReadFromItsStart() {
    var iterator = new SingletonDataSetIterator(circle(5));
    iterator.next();
    assertEquals(5, Nd4jDatasets.of(iterator).size());
  }

  @Test
  void classNumbersAreWhereTheOnesAre() {
    INDArray labels = Nd4j.createFromArray(new float[][] {{0, 1, 0}, {1, 0, 0}, {0, 0, 1}});
    Dataset data = Nd4jDatasets.classification(new DataSet(Nd4j.zeros(3, 2), labels));
    try (var epoch = DataLoader.of(data, 3).epoch(0)) {
      assertArrayEquals(new long[] {1, 0, 2}, epoch.iterator().next().fields().get(1).toLongArray());
    }
  }

  private static void assertRefused(Class<? extends ChainruleException> kind, DataSet set, String message) {
    var e = assertThrows(kind, () -> Nd4jDatasets.classification(set));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void whatWouldBeMisreadIsAnError() {
    INDArray features = Nd4j.zeros(2, 4);
    assertRefused(InvalidArgumentException.class, new DataSet(features, Nd4j.createFromArray(new float[][] {{1, 0}, {1, 1}})),
        "labels of example 1 have 1.0 at class 1, expected one 1 among zeros");
    assertRefused(InvalidArgumentException.class, new DataSet(features, Nd4j.createFromArray(new float[][] {{1, 0}, {0.5f, 0.5f}})),
        "labels of example 1 have 0.5 at class 0");
    assertRefused(InvalidArgumentException.class, new DataSet(features, Nd4j.zeros(2, 2)), "labels of example 0 are all 0");
    assertRefused(ShapeMismatchException.class, new DataSet(features, Nd4j.zeros(2, 2, 2)), "expected labels [examples, classes]");
    assertRefused(InvalidArgumentException.class, new DataSet(features, null), "a data set without labels");
    INDArray one = Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}});
    assertRefused(InvalidArgumentException.class, new DataSet(features, one, null, Nd4j.ones(2, 1)), "mask arrays");
    assertRefused(ShapeMismatchException.class, new DataSet(Nd4j.zeros(3, 4), one), "of different numbers of examples");
    var other = new DataSet(Nd4j.zeros(2, 5), one);
    var e = assertThrows(ShapeMismatchException.class, () -> Nd4jDatasets.of(List.of(new DataSet(features, one), other)));
    assertTrue(e.getMessage().contains("from example 2 on an example is [f32[5], f32[2]], before that [f32[4], f32[2]]"), e.getMessage());
    assertThrows(InvalidArgumentException.class, () -> Nd4jDatasets.of(List.of()));
  }
}
