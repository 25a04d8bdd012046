package dev.chainrule.interop.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.backend.cpu.CpuDevice;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Shared memory: writes show on the other side, what is over is an error, and nobody frees what is not theirs. */
class Nd4jShareTest {

  private static INDArray counting(long... shape) {
    long length = 1;
    for (long size : shape) {
      length *= size;
    }
    return Nd4j.arange(length).castTo(DataType.FLOAT).reshape('c', shape);
  }

  // --- a tensor in an array's memory ---------------------------------------------------------------------------------------------------

  @Test
  void whatNd4jWritesShowsInTheTensor() {
    INDArray array = counting(3, 4);
    try (var share = Nd4jShare.of(array)) {
      assertEquals(TensorType.of(DType.F32, 3, 4), share.tensor().type());
      assertEquals(66, share.tensor().sum().item());
      array.addi(1);
      array.putScalar(0, 0, 100);
      assertEquals(177, share.tensor().sum().item());
      assertEquals(100, share.tensor().toFloatArray()[0]);
    }
    assertEquals(177, array.sumNumber().doubleValue(), "the array stays its owner's");
  }

  @Test
  void nothingIsCopied() {
    INDArray large = Nd4j.ones(DataType.FLOAT, 1 << 20);
    Engine engine = Engine.of(Devices.current());
    try (var share = Nd4jShare.of(large)) {
      long before = engine.liveBytes();
      share.tensor().eval();
      assertEquals(before, engine.liveBytes());
      assertEquals(1 << 20, share.tensor().sum().item());
    }
  }

  @Test
  void whatWasComputedBeforeKeepsItsValues() {
    INDArray array = counting(4);
    try (var share = Nd4jShare.of(array)) {
      Tensor computed = share.tensor().mul(2).eval();
      Tensor copied = share.tensor().copy().eval();
      Tensor pending = share.tensor().mul(2);
      array.addi(1);
      assertArrayEquals(new float[] {0, 2, 4, 6}, computed.toFloatArray());
      assertArrayEquals(new float[] {0, 1, 2, 3}, copied.toFloatArray());
      assertArrayEquals(new float[] {2, 4, 6, 8}, pending.toFloatArray());
    }
  }

  @Test
  void aStepReadsTheArrayAnewAtEachRun() {
    INDArray array = counting(4);
    try (var share = Nd4jShare.of(array)) {
      Step step = Step.evaluation(in -> List.of(in.get(0).mul(in.get(0)).sum()));
      assertEquals(14, step.run(share.tensor()).getFirst().item());
      array.muli(2);
      assertEquals(56, step.run(share.tensor()).getFirst().item());
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeAndDenseViewIsShared(DType dtype) {
    int[] next = {0};
    HostArray values = HostArray.generated(TensorType.of(dtype, 4, 5), () -> dtype == DType.BOOL ? next[0]++ % 2 : next[0]++);
    INDArray array = Nd4jArrays.toArray(values);
    INDArray rows = array.get(NDArrayIndex.interval(1, 3), NDArrayIndex.all());
    try (var share = Nd4jShare.of(array); var part = Nd4jShare.of(rows)) {
      assertEquals(values, share.tensor().toHostArray());
      assertEquals(Nd4jArrays.toHostArray(rows), part.tensor().toHostArray());
      array.putScalar(new int[] {1, 0}, dtype == DType.BOOL ? 0 : 99);
      assertEquals(dtype == DType.BOOL ? 0 : 99, part.tensor().toHostArray().doubleAt(0));
    }
  }

  @Test
  void useAfterTheShareIsClosedIsAnError() {
    INDArray array = counting(1000, 3);
    var share = Nd4jShare.of(array);
    Tensor tensor = share.tensor();
    Tensor pending = tensor.mul(2);
    Tensor computed = tensor.sum().eval();
    share.close();
    share.close();
    var e = assertThrows(InvalidArgumentException.class, tensor::toFloatArray);
    assertTrue(e.getMessage().contains("f32[1000,3] lies in memory that has been given back"), e.getMessage());
    assertThrows(InvalidArgumentException.class, pending::eval);
    assertThrows(InvalidArgumentException.class, () -> Step.evaluation(in -> List.of(in.get(0).sum())).run(tensor));
    assertThrows(InvalidArgumentException.class, () -> Nd4jShare.of(tensor));
    var weight = Variable.of("weight", HostArray.ofFloats(TensorType.of(DType.F32), 1), true);
    Step train = Step.training(in -> {
      weight.assign(weight.value().add(in.get(0).sum()));
      return List.of();
    });
    assertThrows(InvalidArgumentException.class, () -> train.run(tensor));
    assertEquals(1, weight.value().item(), "nothing has begun, so nothing is broken");
    assertEquals(4498500, computed.item());
    assertEquals(4498500, array.castTo(DataType.DOUBLE).sumNumber().doubleValue());
  }

  @Test
  void useAfterTheArrayIsClosedIsAnError() {
    INDArray array = Nd4j.ones(DataType.FLOAT, 8, 4);
    INDArray rows = array.get(NDArrayIndex.interval(2, 4), NDArrayIndex.all());
    try (var share = Nd4jShare.of(array); var part = Nd4jShare.of(rows)) {
      assertEquals(8, part.tensor().sum().item());
      array.close();
      for (Tensor gone : List.of(share.tensor(), part.tensor())) {
        var e = assertThrows(InvalidArgumentException.class, gone::toFloatArray);
        assertTrue(e.getMessage().contains("the INDArray has been closed"), e.getMessage());
      }
    }
    assertThrows(InvalidArgumentException.class, () -> Nd4jShare.of(array));
    assertThrows(InvalidArgumentException.class, () -> Nd4jShare.of(rows));
  }

  @Test
  void theTensorKeepsTheArray() throws InterruptedException {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      tensors.add(Nd4jShare.of(Nd4j.valueArrayOf(new long[] {100_000}, i, DataType.FLOAT)).tensor());
    }
    churn();
    for (int i = 0; i < 50; i++) {
      assertEquals(i * 100_000.0, tensors.get(i).cast(DType.F64).sum().item());
    }
  }

  /** Collections, and allocations that would take over what has been freed. */
  private static void churn() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(50);
      for (int k = 0; k < 20; k++) {
        Nd4j.valueArrayOf(new long[] {100_000}, -1, DataType.FLOAT);
        Tensor.full(TensorType.of(DType.F32, 100_000), -2.0).add(k).eval();
      }
    }
  }

  @Test
  void whatDoesNotFitIsAnErrorThatSaysWhy() {
    INDArray c = counting(3, 4);
    assertRefused(c.dup('f'), "strides [1, 3] in 'f' order, expected [4, 1]");
    assertRefused(c.transpose(), "strides [1, 4]");
    assertRefused(c.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 3)), "strides [4, 1]");
    assertRefused(Nd4j.create(c.data(), new long[] {4, 3}, new long[] {0, 1}, 0, 'c', DataType.FLOAT), "strides [0, 1]");
    assertRefused(Nd4j.create(DataType.FLOAT, 0, 3), "is empty");
    assertRefused(Nd4j.create(DataType.SHORT, 3), "no element type for ND4J's SHORT");
    try (MemoryWorkspace _ = Nd4j.getWorkspaceManager().getAndActivateWorkspace("share")) {
      assertRefused(Nd4j.create(DataType.FLOAT, 3), "belongs to a workspace");
    }
  }

  private static void assertRefused(INDArray array, String message) {
    var e = assertThrows(ChainruleException.class, () -> Nd4jShare.of(array));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void orderIsAMatterOfStridesNotOfLetters() {
    INDArray vector = counting(6).dup('f');
    try (var share = Nd4jShare.of(vector)) {
      assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5}, share.tensor().toFloatArray());
    }
  }

  // --- an array in a tensor's memory ---------------------------------------------------------------------------------------------------

  @Test
  void writesShowBothWays() {
    Tensor tensor = Tensor.arange(DType.F32, 2000).reshape(40, 50).eval(); // lies on the device: more than 4 KB
    try (var share = Nd4jShare.of(tensor)) {
      INDArray array = share.array();
      assertArrayEquals(new long[] {40, 50}, array.shape());
      assertEquals(1999, array.getFloat(39, 49));
      array.muli(2);
      assertEquals(3998, tensor.toFloatArray()[1999], "the tensor itself, not a copy");
      assertEquals(3998, share.tensor().toFloatArray()[1999]);
      array.putScalar(0, 1, 7);
      assertEquals(7, tensor.slice(0, 0, 1).toFloatArray()[1]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyTypeIsShared(DType dtype) {
    int[] next = {0};
    HostArray values = HostArray.generated(TensorType.of(dtype, 3, 4), () -> dtype == DType.BOOL ? next[0]++ % 2 : next[0]++);
    try (var share = Nd4jShare.of(Tensor.of(values))) {
      assertEquals(values, Nd4jArrays.toHostArray(share.array()));
      share.array().putScalar(new int[] {0, 0}, 1);
      assertEquals(1, share.tensor().toHostArray().doubleAt(0));
      assertEquals(0, values.doubleAt(0), "what lay in Java's heap was copied");
    }
    try (var scalar = Nd4jShare.of(Tensor.of(HostArray.zeros(TensorType.scalar(dtype))))) {
      assertEquals(0, scalar.array().getDouble(0));
    }
  }

  @Test
  void theArrayIsClosedWithTheShare() {
    Tensor tensor = Tensor.arange(DType.F32, 5000).eval();
    var share = Nd4jShare.of(tensor);
    INDArray array = share.array();
    share.close();
    share.close();
    assertTrue(array.wasClosed());
    assertThrows(RuntimeException.class, array::sumNumber);
    assertEquals(4999, tensor.toFloatArray()[4999], "the tensor is the framework's, and stays");
  }

  @Test
  void theArrayIsClosedWithTheDevice() {
    INDArray array;
    try (var device = new CpuDevice(1)) {
      array = Devices.with(device, () -> Nd4jShare.of(Tensor.arange(DType.F32, 5000)).array());
      assertEquals(4999, array.getFloat(4999));
    }
    assertTrue(array.wasClosed());
  }

  @Test
  void theArrayAndItsViewsKeepTheTensorsMemory() throws InterruptedException {
    List<INDArray> arrays = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      arrays.add(Nd4jShare.of(Tensor.full(TensorType.of(DType.F32, 100, 1000), i + 0.0).add(0.5)).array());
      arrays.add(Nd4jShare.of(Tensor.full(TensorType.of(DType.F32, 100, 1000), i + 0.0).add(0.5)).array()
          .get(NDArrayIndex.interval(10, 20), NDArrayIndex.all()));
    }
    churn();
    for (int i = 0; i < arrays.size(); i++) {
      assertEquals(i / 2 + 0.5, arrays.get(i).meanNumber().doubleValue());
    }
  }

  @Test
  void nobodyFreesTheSameMemoryTwice() throws InterruptedException {
    for (int round = 0; round < 200; round++) {
      Tensor tensor = Tensor.arange(DType.F32, 3000).add(round).eval();
      try (var out = Nd4jShare.of(tensor); var back = Nd4jShare.of(out.array())) {
        back.array().addi(1);
        assertEquals(round + 1, back.tensor().toFloatArray()[0]);
      }
      assertEquals(round + 1, tensor.toFloatArray()[0]);
      if (round % 50 == 0) {
        churn();
      }
    }
  }

  @Test
  void whatHasNoMemoryYetIsAnError() {
    Step step = Step.evaluation(in -> {
      Nd4jShare.of(in.get(0).mul(2));
      return List.of(in.get(0));
    });
    assertThrows(InvalidArgumentException.class, () -> step.run(Tensor.of(new float[] {1, 2})));
    assertThrows(InvalidArgumentException.class, () -> Nd4jShare.of(Tensor.zeros(TensorType.of(DType.F32, 0))));
  }
}
