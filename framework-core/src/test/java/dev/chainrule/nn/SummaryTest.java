package dev.chainrule.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SummaryTest {

  private static final TensorType IMAGES = TensorType.of(DType.F32, 64, 28, 28);

  private static Sequential mlp() {
    return new Sequential(new Flatten(), new Linear(784, 512), new Relu(), new Dropout(0.5), new Linear(512, 10));
  }

  @Test
  void listsEveryModuleWithItsOutputAndItsParameters() {
    assertEquals("""
        module  kind                output       parameters
                Sequential          f32[64,10]            0
        0       Flatten             f32[64,784]           0
        1       Linear(784 -> 512)  f32[64,512]     401,920
        2       Relu                f32[64,512]           0
        3       Dropout(0.5)        f32[64,512]           0
        4       Linear(512 -> 10)   f32[64,10]        5,130
        407,050 parameters, 1,628,200 bytes
        """, mlp().summary(IMAGES));
  }

  @Test
  void computesNothingAndKeepsNothing() {
    Sequential model = mlp();
    model.summary(IMAGES);
    assertFalse(model.parameters().stream().anyMatch(Variable::isInitialised));
  }

  @Test
  void doesNotDependOnWhatSurroundsIt() {
    Sequential model = mlp();
    String expected = model.summary(IMAGES);
    assertEquals(expected, Mode.TRAINING.call(() -> model.summary(IMAGES)));
    Reading.step(Mode.TRAINING, 0, 0, () -> {
      assertEquals(expected, model.summary(IMAGES));
      return Tensor.scalar(0);
    });
    assertFalse(model.parameters().stream().anyMatch(Variable::isInitialised));
  }

  @Test
  void modulesInsideACompositeAreListed() {
    Module relu = new Relu();
    var twice = new CompositeFunction("twice", (in, _) -> List.of(relu.apply(in.getFirst()).mul(2)), Optional.empty());
    var model = new Sequential(relu, Module.of("Twice", twice::apply));
    assertTrue(model.summary(IMAGES).contains("\n1       Twice       f32[64,28,28]"), model.summary(IMAGES));
  }

  /** Applies its shared part twice, another never, and has a buffer. */
  private static final class Odd extends Module {
    private final Linear shared = child("shared", new Linear(4, 4));
    private final Module again = child("again", shared);

    private Odd() {
      child("unused", new Linear(1, 1));
      buffer("mean", TensorType.of(DType.F64, 4), Initializer.zeros());
      parameter("scale", Shape.of(4), Initializer.ones());
    }

    @Override
    protected Tensor forward(Tensor x) {
      return again.apply(shared.apply(x).sum(0));
    }
  }

  @Test
  void sharedUnusedAndBufferedPartsAreCountedOnce() {
    assertEquals("""
        module  kind            output    parameters
                Odd             f32[4]             4
        shared  Linear(4 -> 4)  f32[2,4]          20
        unused  Linear(1 -> 1)  -                  2
        26 parameters, 104 bytes
        4 other values, 32 bytes
        """, new Odd().summary(TensorType.of(DType.F32, 2, 4)));
  }

  /** Layers of 64 MiB, outputs of 128 MiB: together far more than what evaluates itself outside Steps. */
  @Test
  void aModelTooLargeToComputeIsNoTrouble() {
    var model = new Sequential();
    for (int i = 0; i < 32; i++) {
      model.add("layer" + i, new Linear(4096, 4096)).add("relu" + i, new Relu());
    }
    assertTrue(model.summary(TensorType.of(DType.F32, 8192, 4096)).contains("\n537,001,984 parameters, 2,148,007,936 bytes\n"));
  }

  @Test
  void anInputThatDoesNotFitIsTheLayersError() {
    assertThrows(ShapeMismatchException.class, () -> mlp().summary(TensorType.of(DType.F32, 64, 27, 28)));
  }
}
